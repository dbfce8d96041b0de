"""The two complete lists of what can go wrong for a person: refusals and disconnects."""

from enum import Enum, StrEnum


class Code(StrEnum):
    """Why a request was refused; version 2 of the wire shows it as `code`."""

    INVALID_JSON = "invalid_json"
    INVALID_REQUEST = "invalid_request"
    UNKNOWN_ACTION = "unknown_action"
    INVALID_NICK = "invalid_nick"
    NICK_TAKEN = "nick_taken"
    INVALID_ROOM = "invalid_room"
    INVALID_MESSAGE = "invalid_message"
    RATE_LIMITED = "rate_limited"
    NOT_STORED = "not_stored"
    NO_HISTORY = "no_history"
    UNKNOWN_SESSION = "unknown_session"


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """The asker gets `success: false` with this text, and the session lives.

    `code` says the kind of refusal; the text says what to do. `retry_after`, in seconds, is
    given where waiting helps.
    """

    def __init__(self, code: Code, text: str, *, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.retry_after = retry_after


class Disconnect(Enum):
    """Why we end a connection: the WebSocket close code (RFC 6455, section 7.4) and a reason."""

    POLITE = (1000, "")
    INTERNAL = (1011, "")
    RESTART = (1012, "the server is stopping or restarting")
    TOO_FAST = (1008, "too many requests were refused in a row")
    INVALID_CLOSE = (1002, "this close code is reserved")
    TOO_SLOW = (1013, "too much is unread")
    TAKEN_OVER = (4001, "this session goes on in another connection")

    @property
    def code(self) -> int:
        """The close code."""
        return self.value[0]

    @property
    def reason(self) -> str:
        """The reason, at most 123 bytes (RFC 6455, section 5.5)."""
        return self.value[1]
