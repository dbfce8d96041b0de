import pytest

import chat.person
import chat.seats
from tests.version2.guests import LONG


@pytest.fixture(autouse=True)
def no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing happen by itself that a test does not ask for."""
    monkeypatch.setattr(chat.seats, "GRACE", LONG)
    monkeypatch.setattr(chat.person, "ANNOUNCED_AFTER", LONG)
