import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse
from pytest_aiohttp.plugin import AiohttpClient

from chat.actions import ACTIONS
from server import init_app
from tests.docs.pages import PROTOCOL, blocks, rows, section
from wire.errors import Code, Disconnect
from wire.frames import MAX_FRAME, decode_json, encode_json
from wire.messages import MESSAGE_LENGTH
from wire.names import NICK_LENGTH, ROOM_LENGTH

PAGE = PROTOCOL.read_text()
TRANSCRIPTS = blocks(PAGE, "transcript")
_STEP = re.compile(r"(\w+) +(<|>|connects to|is cut off) ?(.*)")


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


@pytest.mark.parametrize("action", ACTIONS)
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


def test_limits() -> None:
    """The limits in the example of `connecting` are the server's."""
    (limits,) = (body["limits"] for body in _bodies() if "limits" in body)
    assert limits == {
        "frame": MAX_FRAME,
        "message": MESSAGE_LENGTH,
        "nick": NICK_LENGTH,
        "room": ROOM_LENGTH,
    }


@pytest.mark.parametrize("transcript", TRANSCRIPTS)
async def test_transcript(transcript: str, aiohttp_client: AiohttpClient) -> None:
    """Every conversation on the page takes place as it is written there."""
    client = await aiohttp_client(await init_app())
    people: dict[str, ClientWebSocketResponse] = {}
    for line in transcript.splitlines():
        step = _STEP.fullmatch(line)
        assert step is not None, line
        name, what, rest = step.groups()
        match what:
            case "connects to":
                people[name] = await client.ws_connect(rest)
            case ">":
                await people[name].send_str(rest)
            case "<":
                assert _alike(await people[name].receive_str(timeout=5), rest), line
            case "is cut off":
                _cut_off(people[name])


def _alike(received: str, expected: str) -> bool:
    """Tell whether this was received, but for a random nick and texts that are left open."""
    received = re.sub(r'"User\d+"', '"User1234"', received)
    wanted = json.loads(expected)
    if wanted.get("message") == "...":
        return bool(json.loads(received) | {"message": "..."} == wanted)
    return received == expected


def _cut_off(ws: ClientWebSocketResponse) -> None:
    connection = ws._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
