"""What crosses the wire: strict JSON text in, complete WebSocket frames out.

Frames to clients are unmasked (RFC 6455, section 5.1), so the same bytes serve everyone.
"""

import json
import struct
from typing import Any, NoReturn

import msgspec

from wire.errors import Code, Refused

MAX_FRAME = 64 * 1024  # bytes of one message from a client

PING = b"\x89\x00"

TEXT, BINARY = 0x1, 0x2  # opcodes
_SHORT, _MEDIUM, _LONG = (struct.Struct(header).pack for header in ("!BB", "!BBH", "!BBQ"))
_SHORT_TEXT = [_SHORT(0x80 | TEXT, length) for length in range(126)]

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def decode_json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of one JSON text (RFC 8259); of duplicate keys the last holds.

    Raises Refused for what is not JSON, NaN and Infinity, nesting without end, and a surrogate
    without its partner (which could not be sent on as UTF-8).
    """
    try:
        return _decode(text)
    except (msgspec.DecodeError, RecursionError):
        return _decode_slowly(text)


def _decode_slowly(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of what the fast decoder refuses, or say what is wrong with it."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_int=_parse_int)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise Refused(Code.INVALID_JSON, "This JSON is nested too deeply.") from None
    except UnicodeEncodeError:
        raise Refused(Code.INVALID_JSON, "This JSON holds an unpaired surrogate.") from None
    except ValueError as error:
        raise Refused(Code.INVALID_JSON, f"This is not JSON: {error}.") from None
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _parse_int(digits: str) -> int | float:
    """Read integers of any length in linear time: those beyond 2^63 lose digits, as in browsers."""
    return int(digits) if len(digits) < 20 else float(digits)  # noqa: PLR2004


def encode_json(value: object) -> str:
    """Return a JSON value as compact text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_frame(value: object) -> bytes:
    """Return one complete text frame that carries a JSON value; the value holds no NaN."""
    payload = _encode(value)
    length = len(payload)
    if length < 126:  # noqa: PLR2004 - the length at which the header grows
        return _SHORT_TEXT[length] + payload
    return frame(TEXT, payload)


def json_size(text: str) -> int:
    """Return how many bytes a text takes as JSON."""
    return len(_encode(text))


def utf8_size(text: str) -> int:
    """Return how many bytes a text takes as UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def frame(opcode: int, payload: bytes) -> bytes:
    """Return one complete, final, unmasked frame (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:  # noqa: PLR2004 - the lengths at which the header grows
        return _SHORT(0x80 | opcode, length) + payload
    if length < 1 << 16:
        return _MEDIUM(0x80 | opcode, 126, length) + payload
    return _LONG(0x80 | opcode, 127, length) + payload


def close_frame(code: int, reason: str) -> bytes:
    """Return a close frame (RFC 6455, section 5.5.1)."""
    return frame(0x8, code.to_bytes(2) + reason.encode())


def pong(payload: bytes) -> bytes:
    """Return the answer to a ping that carried this payload."""
    return frame(0xA, payload)
