from hypothesis import given, strategies

from karaoke.notices import now_playing, skipped
from tests.karaoke.songs import entry
from wire.messages import message_text


def test_chat_hears_what_is_played_and_who_is_next() -> None:
    """What is not known is not said."""
    one, two = entry("ann", "Waterloo", artist="ABBA"), entry("bob", "T", artist="Unknown")
    assert now_playing(one, None) == 'Now: ann with "Waterloo" by ABBA.'
    assert now_playing(one, two) == 'Now: ann with "Waterloo" by ABBA. Up next: bob with "T".'
    assert skipped(two) == 'Skipped: bob with "T".'
    assert skipped(entry("", "T", artist="")) == 'Skipped: someone with "T".'


@given(strategies.text(max_size=50), strategies.text(max_size=5000))
def test_whatever_a_song_is_called_it_can_be_said(performer: str, title: str) -> None:
    """A notice is a valid message."""
    text = now_playing(entry(performer, title), entry(performer, title))
    assert message_text({"message": text}) == text
