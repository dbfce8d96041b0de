"""How things are told on a terminal: each phrase is one or more complete, harmless lines."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

from terminal.visible import visible, visible_lines
from wire.messages import Said

_DIM = "2"
_RED = "31"
_NICKS = ("32", "33", "34", "35", "36", "92", "93", "94", "95", "96")  # SGR, ECMA-48


def _now() -> datetime:
    return datetime.now(UTC)


class Phrases:
    """The phrases, in colours or without. Times are local, and now where none is given."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def said(self, user: str, message: str, ts: int | None = None) -> str:
        """Tell a message; `ts` is in milliseconds UTC. Further lines of it are indented."""
        at = _now() if ts is None else datetime.fromtimestamp(ts / 1000, UTC)
        first, *others = visible_lines(message)
        colour = _NICKS[zlib.crc32(user.encode(errors="replace")) % len(_NICKS)]
        lines = [f"{self._time(at)} {self._paint(colour, visible(user))}: {first}"]
        return "\n".join([*lines, *(f"        {line}" for line in others)])

    def notice(self, text: str) -> str:
        """Tell what happened."""
        return f"{self._time(_now())} {self._paint(_DIM, f'* {visible(text)}')}"

    def trouble(self, text: str) -> str:
        """Tell what did not work."""
        return f"{self._time(_now())} {self._paint(_RED, f'! {visible(text)}')}"

    def here(self, nick: str, room: str) -> str:
        """Tell someone who and where they are."""
        return self.notice(f"You are {nick} in the room {room}.")

    def joined(self, user: str) -> str:
        """Tell of someone who entered."""
        return self.notice(f"{user} came in.")

    def left(self, user: str, *, shame: bool) -> str:
        """Tell of someone who left; who did so by a broken line is smiled at."""
        if shame:
            return self.notice(f"{user} fell through a hole in the floor. :-)")
        return self.notice(f"{user} left.")

    def nick_changed(self, old: str, new: str) -> str:
        """Tell of a new nick."""
        return self.notice(f"{old} is now {new}.")

    def disconnected(self, reason: str, retry_in: float | None) -> str:
        """Tell that there is no connection, and when the next attempt is made, if one is."""
        if retry_in is None:
            return self.trouble(f"Not connected: {reason}. This is final.")
        soon = "at once" if retry_in < 1 else f"in {retry_in:.0f} s"
        return self.trouble(f"Not connected: {reason}. Trying again {soon}.")

    def lost(self, why: str) -> str:
        """Tell why one has to begin anew after a lost connection."""
        return self.trouble(f"Your place could not be taken back: {why}")

    def caught_up(self, count: int, gone: int) -> str:
        """Tell that all that was missed is told now, or all but what is gone."""
        missing = f"{gone} missing" if gone else "nothing missing"
        return self.notice(f"caught up: {_messages(count)}, {missing}")

    def gone(self, first: int, last: int) -> str:
        """Tell which messages cannot be had."""
        if first == last:
            return self.trouble(f"message {first} is gone")
        return self.trouble(f"messages {first}-{last} are gone")

    def log_replaced(self) -> str:
        """Tell that what was missed cannot be told."""
        return self.trouble(
            "The server has another log now: what was said meanwhile is missing."
            " /history shows what there is."
        )

    def people(self, room: str, users: Sequence[str]) -> str:
        """Tell who is in a room."""
        return self.notice(f"In {room}: {', '.join(users)}." if users else f"{room} is empty.")

    def rooms(self, rooms: Sequence[tuple[str, int]]) -> str:
        """Tell which rooms there are."""
        listed = ", ".join(f"{room} ({count})" for room, count in rooms)
        return self.notice(f"Rooms: {listed}." if listed else "There is nobody in any room.")

    def history(self, room: str, messages: Sequence[Said]) -> str:
        """Tell what was said, between two lines that set it off."""
        if not messages:
            return self.notice(f"Nothing was said in {room} yet.")
        told = [self.said(said.user, said.message, said.ts) for said in messages]
        return "\n".join(
            [self.notice(f"The newest of {room}:"), *told, self.notice(f"That was {room}.")]
        )

    def _time(self, at: datetime) -> str:
        local = at.astimezone()
        today = local.date() == _now().astimezone().date()
        return self._paint(_DIM, f"{local:%H:%M}" if today else f"{local:%Y-%m-%d %H:%M}")

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
