"""The request that comes most, read and checked in one step.

What is not read so is read the long way, which says what is wrong with it, if anything is.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from wire.messages import MAX_INTEGER, MESSAGE_LENGTH, REF_LENGTH, holds_controls
from wire.version2 import KEY_LENGTH

Ref: TypeAlias = (
    Annotated[str, Meta(max_length=REF_LENGTH)]
    | Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
    | UnsetType
)


class Saying(Struct, gc=False):
    """A `chat_message` that keeps the rules; whatever else is in the request is ignored."""

    action: Literal["chat_message"]
    message: Annotated[str, Meta(min_length=1, max_length=MESSAGE_LENGTH)]
    ref: Ref = UNSET
    key: Annotated[str, Meta(min_length=1, max_length=KEY_LENGTH)] | None = None


_decode = msgspec.json.Decoder(Saying).decode


def read_saying(frame: str) -> Saying | None:
    """Return what a request says, or None if it has to be read the long way."""
    try:
        saying = _decode(frame)
    except (msgspec.DecodeError, RecursionError):
        return None
    return None if holds_controls(saying.message) else saying
