"""Socket.IO packets, JSON only and strict: what is none becomes an event that there is not.

So a peer's nonsense is answered like any other mistake, and never reaches a handler of ours.
"""

from typing import Any, Final

from socketio.packet import ACK, CONNECT, DISCONNECT, EVENT, Packet  # type: ignore[import-untyped]

from wire.errors import Refused
from wire.frames import decode_json, encode_json

NONSENSE: Final = ""  # the name of the event that stands for it

_TYPES = frozenset({CONNECT, DISCONNECT, EVENT, ACK})
_RESERVED = frozenset({"connect", "disconnect", "*"})


class StrictJson:
    """Reads and writes JSON by the rules of the house."""

    @staticmethod
    def loads(text: str) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value of a JSON text, or raise ValueError."""
        try:
            return decode_json(text)
        except Refused as refused:
            raise ValueError(refused.text) from None

    @staticmethod
    def dumps(value: object, **_options: object) -> str:
        """Return a JSON value as compact text."""
        return encode_json(value)


class JsonPacket(Packet):  # type: ignore[misc] # the library has no types
    """A packet without attachments."""

    uses_binary_events = False
    json = StrictJson
    packet_type: int
    data: Any

    def __init__(self, *what: Any, encoded_packet: object = None, **more: Any) -> None:  # noqa: ANN401
        if encoded_packet is not None:
            encoded_packet = encoded_packet or "?"  # what is empty is nonsense too
        super().__init__(*what, encoded_packet=encoded_packet, **more)

    def decode(self, encoded_packet: object) -> int:
        """Read what came in; it has no attachments."""
        try:
            sound = isinstance(encoded_packet, str) and encoded_packet[:1] in "01234"
            attachments = super().decode(encoded_packet) if sound else 1
        except ValueError:
            attachments = 1
        if attachments or self.packet_type not in _TYPES or not self._is_event_or_none():
            self.packet_type, self.namespace, self.id = EVENT, None, None
            self.data = [NONSENSE]
        return 0

    def _is_event_or_none(self) -> bool:
        if self.packet_type != EVENT:
            return True
        data = self.data
        return (
            isinstance(data, list)
            and bool(data)
            and isinstance(data[0], str)
            and data[0] not in _RESERVED
        )
