"""The telnet door: what one types and what one sees."""

import asyncio
import socket

import pytest

import utils
from doors import telnet
from doors.telnet_codec import LINE_BYTES
from server import TELNET
from tests.doors.visitors import WELCOME, Visitor, visitor
from tests.transcript import Body, House, opened
from wire.errors import Disconnect

TOO_LONG = "A message has at most 4096 characters; this one has 4097."
BAD_NICK = "A nick has 1 to 32 visible characters, no white space and no colon."


async def gone(house: House) -> None:
    """Wait until nobody is at the telnet door any more."""
    while house.app[TELNET].lines:  # noqa: ASYNC110 - the door tells nobody
        await asyncio.sleep(0)


async def test_whoever_connects_is_welcomed(port: int) -> None:
    """The first line says where one is, and no other comes by itself."""
    async with visitor(port) as ann:
        await ann.sees(WELCOME)
        await ann.types("logout")
        await ann.sees_end()


async def test_the_welcome_has_the_name_of_the_service(quiet_log: None) -> None:
    """The name is that of the settings."""
    assert quiet_log is None
    async with opened(name="Our house") as house:
        port = await house.app[TELNET].open("127.0.0.1", 0)
        async with visitor(port) as ann:
            await ann.sees("Welcome to Our house")
            ann.ends_its_half()
            await ann.sees_end()


@pytest.mark.parametrize(
    "typed", ["say hi", "look", "who", "help", "x", "/say hi", "Login", "l ann"]
)
async def test_all_else_waits_for_the_login(port: int, house: House, typed: str) -> None:
    """Who has not logged in is told how to; an empty nick is none."""
    async with visitor(port) as ann:
        await ann.sees(WELCOME)
        await ann.types(typed)
        if typed == "Login":
            await ann.sees("Please enter a name")
        else:
            await ann.sees("Please log in", 'Use "login <nick>"')
        assert not house.rooms


@pytest.mark.parametrize("typed", ["login", "login ", "login    ", "/login"])
async def test_an_empty_nick_is_none(port: int, typed: str) -> None:
    """Whoever logs in under no name is asked for one."""
    async with visitor(port) as ann:
        await ann.sees(WELCOME)
        await ann.types(typed)
        await ann.sees("Please enter a name")


@pytest.mark.parametrize("nick", ["a b", "a:b", "n" * 33, "Karaoke", "a\u200bb", "é" * 33])
async def test_an_invalid_nick_is_told_the_rule(port: int, house: House, nick: str) -> None:
    """What is no nick is answered with the rule, and one may try again."""
    async with visitor(port) as ann:
        await ann.sees(WELCOME)
        await ann.types(f"login {nick}")
        why = "The nick Karaoke is reserved." if nick == "Karaoke" else BAD_NICK
        await ann.sees(why, "Please try again.")
        assert not house.rooms
        await ann.types("login ann")
        await ann.sees("You are ann in the room default.")


@pytest.mark.parametrize("nick", ["ann", "ANN", " ann "])
async def test_a_nick_that_is_taken_is_refused(port: int, house: House, nick: str) -> None:
    """Bob cannot be Ann; when he gives up, Ann is still there and hears of nothing."""
    ann = await house.lets_in("ann")
    async with visitor(port) as bob:
        await bob.sees(WELCOME)
        await bob.types(f"login {nick}")
        await bob.sees(f'The name "{nick.strip()}" is taken.', "Please try again.")
        bob.ends_its_half()
        await bob.sees_end()
    await gone(house)
    assert list(house.rooms["default"]) == ["ann"]
    await ann.has_heard_all()


async def test_everyone_in_the_room_sees_what_is_said(port: int) -> None:
    """Ann and Bob talk: each sees NICK: TEXT for everybody's words, one's own included."""
    async with visitor(port, "ann") as ann, visitor(port, "bob") as bob:
        await ann.sees("bob has entered the room.")
        await ann.types("say Hello!")
        for person in (ann, bob):
            await person.sees("ann: Hello!")
        await bob.types("/say  é 😀 ")
        for person in (ann, bob):
            await person.sees("bob:  é 😀 ")
        await bob.types("logout")
        await bob.sees_end()
        await ann.sees("bob has left the room.")
        await ann.has_seen_all()


async def test_telnet_people_stand_in_the_same_rooms_as_all(port: int, house: House) -> None:
    """A browser sees them in `user_list`, hears what they say, and is heard."""
    ann = await house.lets_in("ann")
    async with visitor(port, "bob") as bob:
        assert await ann.hears() == {"action": "joined", "room": "default", "user": "bob"}
        await bob.types("say hi")
        assert await ann.hears() == {"action": "chat_message", "message": "hi", "user": "bob"}
        await bob.sees("bob: hi")
        assert (await ann.asks("user_list"))["users"] == ["ann", "bob"]
        await ann.does("chat_message", message="one\nbob: two\u2028three\tfour")
        await bob.sees("ann: one", "    bob: two", "    three four")
        await bob.types("look")
        await bob.sees("The following are in this room:", "ann", "bob")
        await ann.does("set_nick", nick="zoe")
        await bob.sees("ann is now called zoe.")
        await bob.has_seen_all()


async def test_look_and_who_and_rooms_tell_who_is_there(port: int, house: House) -> None:
    """`look` is of the room, `who` of all rooms and doors, `rooms` counts."""
    await house.lets_in("cem", "tea")
    await house.lets_in("dan", "tea")
    async with visitor(port, "ann") as ann:
        await ann.types("look", "who", "rooms")
        await ann.sees("The following are in this room:", "ann")
        await ann.sees("The following are logged in:", "cem", "dan", "ann")
        await ann.sees("There are people in these rooms:", "    tea (2)", "    default (1)")
        await ann.has_seen_all()


async def test_one_may_move_and_take_another_nick(port: int, house: House) -> None:
    """`join` and `nick` do what the JSON actions do, and are refused as those are."""
    cem = await house.lets_in("cem", "Tea")
    async with visitor(port, "ann") as ann:
        await ann.types("join TEA", "nick zoe", "nick CEM", "nick zoe", "join tea", "join ", "nick")
        await ann.sees("You are ann in the room Tea.", "You are zoe in the room Tea.")
        await ann.sees("Nickname is already in use", "You are zoe in the room Tea.")
        await ann.sees("You are zoe in the room Tea.")
        await ann.sees("A room's name has 1 to 64 visible characters.", BAD_NICK)
        await ann.types("join default", "nick cem", "join tea")
        await ann.sees("You are zoe in the room default.", "You are cem in the room default.")
        await ann.sees("Name already in use in this room.")
        await ann.has_seen_all()
    actions = [(body["action"], body.get("user")) for body in [await cem.hears() for _ in range(3)]]
    assert actions == [("joined", "ann"), ("nick_changed", None), ("left", "zoe")]


async def test_the_last_ten_messages_are_shown_on_entering(port: int, house: House) -> None:
    """Who comes in sees what was said last, marked; what is said from then on is not."""
    ann = await house.lets_in("ann")
    for number in range(12):
        await ann.does("chat_message", message=f"{number}\nand more")
    async with visitor(port) as bob:
        await bob.sees(WELCOME)
        await bob.types("login bob", "say hi")
        await bob.sees("You are bob in the room default.")
        for number in range(2, 12):
            await bob.sees(f"[earlier] ann: {number}", "    and more")
        await bob.sees("bob: hi")
        await ann.hears()
        await ann.hears()
        await ann.does("chat_message", message="hello")
        await bob.sees("ann: hello")
        await bob.types("join tea", "join default")
        await bob.sees("You are bob in the room tea.", "You are bob in the room default.")
        for number in range(4, 12):
            await bob.sees(f"[earlier] ann: {number}", "    and more")
        await bob.sees("[earlier] bob: hi", "[earlier] ann: hello")
        await bob.has_seen_all()


async def test_history_shows_as_many_messages_as_one_asks_for(port: int) -> None:
    """`history` shows ten, or N, or says what N may be."""
    use = 'Use "history [N]" with an N from 1 to 200.'
    async with visitor(port, "ann") as ann:
        await ann.types("history")
        await ann.sees("Nothing has been said in this room yet.")
        for number in range(11):
            await ann.types(f"say {number}")
            await ann.sees(f"ann: {number}")
        await ann.types("history 2", "history", "/history 200")
        await ann.sees("[earlier] ann: 9", "[earlier] ann: 10")
        await ann.sees(*(f"[earlier] ann: {number}" for number in range(1, 11)))
        await ann.sees(*(f"[earlier] ann: {number}" for number in range(11)))
        for wrong in ("0", "201", "-1", "x", "1.5", "٣", "9" * 5000, "1 2"):
            await ann.types(f"history {wrong}")
            await ann.sees(use)


async def test_help_has_a_line_for_each_command(port: int) -> None:
    """`help` names every command, each on one line with what it does."""
    async with visitor(port, "ann") as ann:
        await ann.types("help")
        rows = [await ann.reads_line() for _ in range(10)]
        names = [row.split()[0] for row in rows]
        assert " ".join(names) == "login say look who join nick rooms history help logout"
        assert all(row[13:].strip() for row in rows)
        await ann.has_seen_all()


async def test_what_is_no_command_is_said_so(port: int) -> None:
    """An unknown word is named, a blank line is nothing, and a second login is needless."""
    async with visitor(port, "ann") as ann:
        await ann.types("Dance with me", "/dance", "", "   ", "\t", "login zoe", "say", "say ")
        await ann.sees("Unknown command: dance", "Unknown command: dance")
        await ann.sees('You are logged in already; use "nick <name>" for another name.')
        await ann.sees("A message must not be empty.", "A message must not be empty.")
        await ann.has_seen_all()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (b"say \xff\xf4\xff\xfd\x06hi\r\n", "hi"),
        (b"say h\x08i\x07\x1b[2J\r\0", "hi[2J"),
        (b"say \xff\xff\xe9\n", "\ufffd\ufffd"),
        (b"\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0say hi\n", "hi"),
        ("say " + "😀" * 4096 + "\r\n", "😀" * 4096),
    ],
)
async def test_what_a_client_sends_is_said_as_text(
    port: int, house: House, typed: bytes | str, said: str
) -> None:
    """Negotiation, control characters and bad bytes reach nobody."""
    ann = await house.lets_in("ann")
    async with visitor(port, "bob") as bob:
        await ann.hears()
        await bob.sends(typed.encode() if isinstance(typed, str) else typed)
        assert (await ann.hears())["message"] == said


async def test_a_line_may_come_byte_by_byte(port: int) -> None:
    """Somebody types slowly, and everyone sees whole lines."""
    async with visitor(port, "ann") as ann:
        for byte in "say é\r\nlook\r\n".encode():
            await ann.sends(bytes((byte,)))
        await ann.sees("ann: é", "The following are in this room:", "ann")


async def test_a_timing_mark_is_answered(port: int) -> None:
    """Ctrl-C in telnet asks for a TIMING-MARK, and shows nothing more until it is refused."""
    async with visitor(port, "ann") as ann:
        await ann.sends(b"\xff\xf4\xff\xfd\x06")
        assert await ann.reads(3) == b"\xff\xfc\x06"
        await ann.has_seen_all()


async def test_an_urgent_data_mark_takes_nothing_with_it(port: int) -> None:
    """A Synch (IAC DM, marked urgent) is dropped whole, and what follows it is read."""
    async with visitor(port, "ann") as ann:
        ann._sock.send(b"say \xff\xf2", socket.MSG_OOB)
        await ann.types("hi")
        await ann.sees("ann: hi")


async def test_a_line_over_the_limit_is_refused(port: int) -> None:
    """Whoever types too much is told so, and may go on."""
    async with visitor(port, "ann") as ann:
        await ann.types("say " + "x" * 4097, "say " + "x" * LINE_BYTES)
        await ann.sees(TOO_LONG, f"A line has at most {LINE_BYTES} bytes.")
        await ann.has_seen_all()


async def test_a_line_that_never_ends_costs_little(port: int, house: House) -> None:
    """Twenty megabytes without a line break are one line too long, and nobody waits for it."""
    ann = await house.lets_in("ann")
    async with visitor(port, "bob") as bob:
        await ann.hears()
        for _ in range(20):
            await bob.sends(b"x" * 1_000_000)
            await ann.has_heard_all()
        (line,) = house.app[TELNET].lines
        assert len(line._decoder._line) <= LINE_BYTES + 1
        await bob.types("")
        await bob.sees(f"A line has at most {LINE_BYTES} bytes.")


@pytest.mark.parametrize("how", ["hangs up", "resets", "ends its half"])
async def test_an_end_without_logout_is_shame(port: int, house: House, how: str) -> None:
    """What Bob typed before still counts; then the others hear of his shame."""
    ann = await house.lets_in("ann")
    async with visitor(port, "bob") as bob:
        await ann.hears()
        await bob.types("say one", "nick rob", "join tea", "join default", "say two", "look")
        await bob.sends(b"say three, unfinished")
        if how == "ends its half":
            bob.ends_its_half()
            rest = await bob.reads_to_end()
            assert rest.endswith(b"rob: two\r\nThe following are in this room:\r\nann\r\nrob\r\n")
        elif how == "hangs up":
            bob.hangs_up()
        else:
            bob._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            bob.hangs_up()
        heard: list[Body] = []
        while not heard or heard[-1].get("shame") is not True:
            heard.append(await ann.hears())
        assert heard[-1] == {"action": "left", "room": "default", "user": "rob", "shame": True}
        said = [body["message"] for body in heard if body["action"] == "chat_message"]
        assert said == ["one", "two"]
    await gone(house)
    await ann.has_heard_all()


async def test_a_logout_is_polite_and_the_last_word(port: int, house: House) -> None:
    """Bob logs out: no shame, what he typed before counts, what he typed behind it does not."""
    ann = await house.lets_in("ann")
    async with visitor(port, "bob") as bob:
        await ann.hears()
        await bob.types("say one", "/logout now", "say two")
        await bob.sees_end("bob: one")
    assert (await ann.hears())["message"] == "one"
    left = {"action": "left", "room": "default", "user": "bob", "shame": False}
    assert await ann.hears() == left
    await gone(house)
    await ann.has_heard_all()


async def test_who_says_nothing_is_heard_by_nobody(port: int, house: House) -> None:
    """Whoever connects and hangs up again was never there."""
    ann = await house.lets_in("ann")
    for end in (b"", b"log", b"\xff\xfb", b"\xff\xfa"):
        async with visitor(port) as bob:
            await bob.sends(end)
            bob.hangs_up()
    await gone(house)
    await ann.has_heard_all()


async def test_five_hundred_silent_connections_are_closed_after_a_minute(
    port: int, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who do not log in are told and closed; whoever has may be silent."""
    crowd = [Visitor(port) for _ in range(500)]
    async with visitor(port, "ann") as ann:
        try:
            for person in crowd:
                await person.__aenter__()
            for person in crowd:
                await person.sees(WELCOME)
            assert len(house.app[TELNET].lines) == 501
            loop = asyncio.get_running_loop()
            now = loop.time
            monkeypatch.setattr(loop, "time", lambda: now() + telnet.LOGIN_TIME)
            for person in crowd:
                await person.sees_end("Goodbye: nobody logged in for 60 seconds.")
        finally:
            for person in crowd:
                person.hangs_up()
        await ann.has_seen_all()
        assert len(house.app[TELNET].lines) == 1


async def test_requests_are_limited_before_and_after_the_login(quiet_log: None) -> None:
    """Who is too fast is told so, and after a hundred refusals in a row put out without shame."""
    assert quiet_log is None
    async with opened(messages_per_second=0.001) as house:
        port = await house.app[TELNET].open("127.0.0.1", 0)
        async with visitor(port) as bob:
            await bob.types(*["x"] * 102)
            await bob.sees(WELCOME, "Please log in", 'Use "login <nick>"')
            for _ in range(100):
                assert "You are too fast" in await bob.reads_line()
                await bob.sees("Please try again.")
            await bob.sees_end("Goodbye: too many requests were refused in a row.")
    async with opened(messages_per_second=1) as house:
        port = await house.app[TELNET].open("127.0.0.1", 0)
        cem = await house.lets_in("cem")
        async with visitor(port, "bob") as bob:
            await bob.types(*["look"] * 1000)
            rest = await bob.reads_to_end()
            assert rest.endswith(b"Goodbye: too many requests were refused in a row.\r\n")
        await cem.hears()
        left = {"action": "left", "room": "default", "user": "bob", "shame": False}
        assert await cem.hears() == left


async def test_an_address_has_only_so_many_connections(quiet_log: None) -> None:
    """Connections of all doors count together; once another has left there is a place again."""
    assert quiet_log is None
    async with opened(connections_per_address=2) as house:
        port = await house.app[TELNET].open("127.0.0.1", 0)
        await house.lets_in("ann")
        async with visitor(port, "bob") as bob:
            async with visitor(port) as cem:
                await cem.sees_end(
                    "There are too many connections from your address; close one first."
                )
            await bob.types("logout")
            await bob.sees_end()
        await gone(house)
        async with visitor(port, "bob"):
            pass


async def test_a_stop_closes_everybody_without_shame(quiet_log: None) -> None:
    """Who is logged in, who is not and who does not read: all are told, and nobody is shamed."""
    assert quiet_log is None
    async with opened() as house:
        port = await house.app[TELNET].open("127.0.0.1", 0)
        ann = await house.lets_in("ann")
        async with visitor(port, "bob") as bob, visitor(port) as cem:
            await cem.sees(WELCOME)
            await ann.hears()
            stopping = asyncio.create_task(house.app.shutdown())
            goodbye = f"Goodbye: {Disconnect.RESTART.reason}."
            await bob.sees_end(goodbye)
            await cem.sees_end(goodbye)
            assert await ann.hears_end() == 1012
            await stopping
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_bug_costs_one_session(
    port: int, house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Bob's fault is told in the log and ends his line, without shame; Ann goes on."""

    def fails(_app: object, _room: str) -> list[str]:
        raise RuntimeError("a bug")

    async with visitor(port, "ann") as ann:
        async with visitor(port, "bob") as bob:
            await ann.sees("bob has entered the room.")
            with monkeypatch.context() as patch:
                patch.setattr(utils, "retrieve_users", fails)
                await bob.types("look")
                await bob.sees_end()
        await ann.sees("bob has left the room.")
        await ann.has_seen_all()
    await gone(house)
    assert "A telnet session failed" in caplog.text
    caplog.clear()


async def test_a_dead_line_is_noticed_by_the_system(port: int, house: House) -> None:
    """The kernel probes silent lines, and gives up a peer that acknowledges nothing."""
    async with visitor(port, "ann"):
        (line,) = house.app[TELNET].lines
        sock = line.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 120_000


async def test_a_port_that_is_taken_cannot_be_opened(port: int, house: House) -> None:
    """A second door at the same port is refused by the system."""
    with pytest.raises(OSError, match="in use"):
        await house.app[TELNET].open("127.0.0.1", port)
