"""The composition root: from settings to a running service, and the views of /chat and /echo."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Sequence
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.http import HttpProcessingError

import launch
import utils
from chat.limits import Places
from chat.seats import SEATS, Seats
from chat.session import Session, WornOut
from doors.banner import banner
from doors.feed import feed_door
from doors.gate import Gate
from doors.page import OURS, Page, PageError
from doors.telnet import TelnetDoor
from journal.memory import MemoryStore
from journal.promise import JournalError, Store
from journal.spine import Journal
from journal.sqlite import SqliteStore
from karaoke.door import Karaoke
from lines.heartbeat import Lines
from lines.websocket import CLOSING_TIME, WebSocketLine
from rooms.room import Rooms
from settings import MEMORY, NO_KEYS, OUR_PAGE, Settings, read_settings
from wire.errors import Code, Disconnect, Refused
from wire.forms import JSON_1, JSON_2
from wire.frames import TEXT, decode_json, frame, json_frame
from wire.messages import Reason
from wire.version2 import SUBPROTOCOL

SETTINGS = web.AppKey("settings", Settings)
GATE = web.AppKey("gate", Gate)
LINES = web.AppKey("lines", Lines)
SESSIONS: web.AppKey[set[Session]] = web.AppKey("sessions", set)
TELNET = web.AppKey("telnet", TelnetDoor)
VITAL = web.AppKey("vital", launch.Vital)

TRIM_EVERY = 60.0  # seconds
SETTLING_TIME = 1.0  # seconds that a stop waits for the journal
HANDLER_TIME = CLOSING_TIME + 0.5  # seconds that it waits for handlers after that

_log = logging.getLogger("roomful")


async def ws_echo(request: web.Request) -> web.WebSocketResponse:
    """Answer every JSON text message X with {"echo": X}."""
    with request.app[GATE].admit(request):
        line = WebSocketLine(request, JSON_1)
        response = await line.open_up()
        request.app[LINES].add(line)

        def echo(received: str | bytes) -> Awaitable[None]:
            line.write(_echo(received))
            return line.drain()

        try:
            await line.listen(echo)
        finally:
            request.app[LINES].discard(line)
        await line.hang_up(Disconnect.POLITE)
        return response


def _echo(received: str | bytes) -> bytes:
    """Return the answer to one message; what is repeated is repeated to the letter."""
    try:
        if isinstance(received, bytes):
            raise Refused(Code.INVALID_JSON, "Only text messages are echoed.")
        decode_json(received)
    except Refused as refused:
        return json_frame({"success": False, "message": refused.text})
    return frame(TEXT, f'{{"echo":{received}}}'.encode())


async def ws_chat(request: web.Request) -> web.WebSocketResponse:
    """Let one person talk, from the handshake to the end of the line."""
    with request.app[GATE].admit(request):
        line = WebSocketLine(request, JSON_1, protocols=(SUBPROTOCOL,))
        response = await line.open_up()
        version = 1
        if line.subprotocol == SUBPROTOCOL:
            version, line.form = 2, JSON_2
        session = Session(request.app, line, version, request.app[SETTINGS].messages_per_second)
        session.arrive(request.query.get("room"), request.query.get("nick"))
        request.app[LINES].add(line)
        request.app[SESSIONS].add(session)
        disconnect = Disconnect.POLITE
        try:
            await line.listen(session.perform)
        except WornOut:
            disconnect = Disconnect.TOO_FAST
            line.ended(Reason.KICKED)
        except Exception:  # noqa: BLE001 - a bug costs one session, and is told in the log
            _log.exception("A session failed")
            disconnect = Disconnect.INTERNAL
            line.ended(Reason.KICKED)
        finally:
            session.leave(line.reason)
            request.app[SESSIONS].discard(session)
            request.app[LINES].discard(line)
        await line.hang_up(disconnect)
        return response


async def healthz(request: web.Request) -> web.Response:
    """Say whether the service works."""
    if request.app[VITAL].failed:
        raise web.HTTPServiceUnavailable(text="A part has failed; see the log.\n")
    return web.Response(text="ok\n")


async def init_app(settings: Settings | None = None) -> web.Application:
    """Return the application; without settings it keeps its log in memory.

    Raises PageError if there is no page to serve. Starting it raises JournalError if the log
    cannot be opened.
    """
    settings = settings or Settings(data=MEMORY)
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    places = Places(settings.connections_per_address)
    gate = Gate(places, settings.allow_origin)
    page = Page(Path(settings.root_folder) if settings.root_folder != OUR_PAGE else OURS)
    app = web.Application()
    app["websockets"] = Rooms()
    app[SETTINGS] = settings
    app[GATE] = gate
    app[LINES] = Lines()
    app[SESSIONS] = set()
    app[VITAL] = launch.Vital()
    app[TELNET] = TelnetDoor(
        app, app[SESSIONS], places, settings.name, settings.messages_per_second
    )
    key_file = settings.registration_keyfile
    karaoke = Karaoke(
        app,
        gate,
        None if key_file == NO_KEYS else Path(key_file),
        settings.connections_per_address,
    )
    ws_feed = feed_door(gate, app[LINES], settings.feed_message_bytes)
    app.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/chat", ws_chat),
            web.get("/echo", ws_echo),
            web.get("/feed", ws_feed),
            web.get("/feed/{name}", ws_feed),
            *karaoke.routes(),
            *page.routes(),  # they come last: what is no other route is a room
        ]
    )
    app.cleanup_ctx.append(_journal)
    app.cleanup_ctx.append(_heartbeat)
    app.cleanup_ctx.append(karaoke.live)
    app.cleanup_ctx.append(_telnet)
    app.on_shutdown.append(karaoke.close)
    app.on_shutdown.append(_close_people)
    return app


def _is_ours(record: logging.LogRecord) -> bool:
    """Return whether a record tells of more than somebody's broken HTTP."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


async def _journal(app: web.Application) -> AsyncIterator[None]:
    """Open the log and write to it for as long as the service runs."""
    data = app[SETTINGS].data
    store: Store = MemoryStore() if data == MEMORY else SqliteStore(Path(data))
    journal: Journal[utils.Happening] = Journal(store, partial(utils.deliver, utils.rooms_of(app)))
    app[utils.JOURNAL] = journal
    app[SEATS] = Seats(app)
    app[SEATS].restore(store.seats())
    async with app[VITAL].running(journal.write(), _trim(app)):
        yield
    await journal.finish()


async def _trim(app: web.Application) -> None:
    """Forget what need not be kept, now and every minute."""
    settings = app[SETTINGS]
    while True:
        await app[utils.JOURNAL].trim(settings.keep, settings.keep_days)
        await asyncio.sleep(TRIM_EVERY)


async def _heartbeat(app: web.Application) -> AsyncIterator[None]:
    """Look for dead lines for as long as the service runs."""
    async with app[VITAL].running(app[LINES].watch()):
        yield


async def _telnet(app: web.Application) -> AsyncIterator[None]:
    """Let telnet people finish before what they talk to ends."""
    yield
    await app[TELNET].finished()


async def _close_people(app: web.Application) -> None:
    """Let the journal finish, then tell everyone that the service stops; shame nobody."""
    app[TELNET].close()
    _let_all_go(app)
    app[SEATS].close()
    try:
        await asyncio.wait_for(app[utils.JOURNAL].settled(), SETTLING_TIME)
    except TimeoutError:
        _log.error("The log is too slow to be waited for")
    _let_all_go(app)  # those too whose handshake ended meanwhile
    utils.rooms_of(app).clear()
    for line in (*app[LINES], *app[TELNET].lines):
        line.end(Disconnect.RESTART, Reason.RESTART)


def _let_all_go(app: web.Application) -> None:
    """Let nobody ask for anything more, or be told to leave."""
    for session in app[SESSIONS]:
        session.person.gone = True


async def serve(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM, and return the exit status.

    Raises CannotOpen or JournalError if it cannot be done.
    """
    stop = launch.stop_signal()
    runner = web.AppRunner(
        await init_app(settings),
        access_log=None,
        keepalive_timeout=15,
        shutdown_timeout=HANDLER_TIME,
    )
    try:
        await runner.setup()
        with launch.opening(settings.host, settings.port, "--port"):
            await web.TCPSite(runner, settings.host, settings.port, backlog=4096).start()
        if settings.telnet_port:
            with launch.opening(settings.host, settings.telnet_port, "--telnet-port"):
                await runner.app[TELNET].open(settings.host, settings.telnet_port)
        log = "in memory, nothing is kept" if settings.data == MEMORY else settings.data
        port = runner.addresses[0][1]
        launch.say(banner(settings.name, settings.host, port, settings.telnet_port, log))
        status = await runner.app[VITAL].until(stop)
        launch.say("Stopping.\n")
    finally:
        await runner.cleanup()
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve as the command line says; return the exit status."""
    settings = read_settings(arguments)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        return launch.run(serve(settings))
    except (launch.CannotOpen, JournalError, PageError) as error:
        return _give_up(str(error))


def _give_up(why: str) -> int:
    sys.stderr.write(f"server.py: {why}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
