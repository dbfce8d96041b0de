import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse
from pytest_aiohttp.plugin import AiohttpClient

from chat.actions import ACTIONS, ACTIONS_2
from chat.limits import UNDER_WAY
from server import init_app
from settings import Settings
from tests.docs.pages import PROTOCOL, blocks, rows, section
from wire import version2
from wire.errors import Code, Disconnect
from wire.frames import decode_json, encode_json

PAGE = PROTOCOL.read_text()
TRANSCRIPTS = blocks(PAGE, "transcript")
_STEP = re.compile(r"(\w+) +(<|>|is cut off|connects (?:with (\S+) )?to) ?(.*)")


def _examples() -> Iterator[str]:
    yield from re.findall(r"`({.*?})`", PAGE)
    for block in blocks(PAGE, "json"):
        yield from block.splitlines()
    for block in TRANSCRIPTS:
        yield from re.findall(r"^\w+ [<>] ({.*)$", block, re.MULTILINE)


EXAMPLES = list(_examples())


def _bodies() -> list[dict[str, Any]]:
    return [decode_json(example) for example in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: str) -> None:
    """Every example is JSON, written as the server writes it."""
    value = decode_json(example)
    assert isinstance(value, dict)
    assert encode_json(value) == example


@pytest.mark.parametrize("action", ACTIONS | ACTIONS_2)
def test_action(action: str) -> None:
    """Every action has an example of its request and of a reply that says it worked."""
    bodies = [body for body in _bodies() if body.get("action") == action]
    assert any("success" not in body and "user" not in body for body in bodies)
    assert any(body.get("success") is True for body in bodies)


@pytest.mark.parametrize("code", Code)
def test_error_code(code: Code) -> None:
    """Every error code is in the table of error codes."""
    assert code.value in rows(section(PAGE, "Error codes"))


def test_no_other_error_code() -> None:
    """No error code is in the table that the server does not know."""
    assert set(rows(section(PAGE, "Error codes"))) - {"code"} <= {code.value for code in Code}


@pytest.mark.parametrize("disconnect", Disconnect)
def test_close_code(disconnect: Disconnect) -> None:
    """Every close code is in the table of close codes."""
    assert str(disconnect.code) in rows(section(PAGE, "Close codes"))


def test_no_other_close_code() -> None:
    """No close code is in the table but the server's, and those of the WebSocket library."""
    library = {1002, 1007, 1009}
    codes = {int(row) for row in rows(section(PAGE, "Close codes")) if row != "code"}
    assert codes == {disconnect.code for disconnect in Disconnect} | library


def test_limits() -> None:
    """The limits in the examples of `connecting` are the server's."""
    expected = version2.limits(Settings().messages_per_second, UNDER_WAY)
    shown = [body["limits"] for body in _bodies() if "limits" in body]
    assert shown
    assert all(limits == expected for limits in shown)


@pytest.mark.parametrize("transcript", TRANSCRIPTS)
async def test_transcript(transcript: str, aiohttp_client: AiohttpClient) -> None:
    """Every conversation on the page takes place as it is written there."""
    client = await aiohttp_client(await init_app())
    people: dict[str, ClientWebSocketResponse] = {}
    known = Known()
    for line in transcript.splitlines():
        step = _STEP.fullmatch(line)
        assert step is not None, line
        name, what, protocol, rest = step.groups()
        match what:
            case ">":
                await people[name].send_str(known.real(rest))
            case "<":
                received = await people[name].receive_str(timeout=5)
                known.learn(rest, received)
                assert received == known.real(rest), line
            case "is cut off":
                _cut_off(people[name])
            case _:
                people[name] = await client.ws_connect(rest, protocols=[protocol] * bool(protocol))


class Known:
    """What stands on the page, and what it really is: what chance and the clock decide."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}

    def learn(self, written: str, received: str) -> None:
        """Learn, at its first mention, what something really is."""
        page, real = json.loads(written), json.loads(received)
        for key in ("epoch", "session", "ts"):
            if key in page and key in real:
                self._real.setdefault(encode_json(page[key]), encode_json(real[key]))
        if page.get("user") == "User1234":
            self._real.setdefault('"User1234"', encode_json(real.get("user")))
        if page.get("message") == "...":
            self._real['"..."'] = encode_json(real.get("message"))

    def real(self, written: str) -> str:
        """Return what stands on the page as it really is."""
        for page, real in self._real.items():
            written = written.replace(page, real)
        return written


def _cut_off(ws: ClientWebSocketResponse) -> None:
    connection = ws._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
