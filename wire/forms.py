"""The forms in which a room's people are told things; each is rendered once for everybody."""

from collections.abc import Callable
from dataclasses import dataclass

from wire import version2
from wire.frames import json_frame
from wire.messages import Notice, notice_v1
from wire.version2 import Gap


def _nothing(_room: str, _what: object) -> bytes:
    return b""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Renders, as complete frames or lines, what happens in a room.

    `lagging` tells someone who falls behind the first message that was not told, `gap` what
    cannot be told any more. `snapshot`: after that, who is there is told as a whole, and not
    as changes.
    """

    notice: Callable[[str, Notice], bytes]
    lagging: Callable[[str, int], bytes] = _nothing
    gap: Callable[[str, Gap], bytes] = _nothing
    snapshot: bool = False


JSON_1 = Form(notice=lambda room, told: json_frame(notice_v1(room, told)))
JSON_2 = Form(
    notice=lambda room, told: json_frame(version2.notice(room, told)),
    lagging=lambda room, first: json_frame(version2.lagging(room, first)),
    gap=lambda room, gap: json_frame(version2.missing(room, gap)),
    snapshot=True,
)
