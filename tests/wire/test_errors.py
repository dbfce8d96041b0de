import pytest

from wire.errors import Code, Disconnect, Refused


@pytest.mark.parametrize("disconnect", Disconnect)
def test_a_disconnect_fits_a_close_frame(disconnect: Disconnect) -> None:
    """Every close code is one a server may send, and every reason fits (RFC 6455, 5.5 and 7.4)."""
    assert 1000 <= disconnect.code <= 1014 or 4000 <= disconnect.code <= 4999
    assert disconnect.code not in (1004, 1005, 1006)
    assert len(disconnect.reason.encode()) <= 123


def test_a_fault_of_ours_is_closed_without_text() -> None:
    """A bug tells the peer nothing but 1011."""
    assert Disconnect.INTERNAL.value == (1011, "")


@pytest.mark.parametrize("code", Code)
def test_a_code_is_a_word_of_the_wire(code: Code) -> None:
    """Codes are lower case words, as version 2 shows them."""
    assert code == code.name.lower()


def test_a_refusal_carries_what_the_reply_says() -> None:
    """The text, the kind and the time to wait are all at hand; the text is the exception's too."""
    refused = Refused(Code.RATE_LIMITED, "Wait.", retry_after=0.5)
    assert (refused.code, refused.text, refused.retry_after) == ("rate_limited", "Wait.", 0.5)
    assert str(refused) == "Wait."
