from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.telnet_codec import LINE_BYTES, Decoder, Typed

DO, DONT, WILL, WONT = b"\xff\xfd", b"\xff\xfe", b"\xff\xfb", b"\xff\xfc"
# What a telnet client may send, in pieces that mean something and pieces that do not.
ENDS = [b"\r\n", b"\n", b"\r\0", b"\r", b"\0"]
TEXT = [b"say hi", b"\xc3", b"\xa9", b"\x06"]
COMMANDS = [b"\xff", b"\xff\xff", b"\xff\xfa", b"\xff\xf0", b"\xff\xf4", b"\xff\xf6", b"\xff\xf2"]
PIECES = st.sampled_from([*ENDS, *TEXT, *COMMANDS, DO, DONT, WILL, WONT])
RECEIVED = st.lists(PIECES | st.binary(max_size=9)).map(b"".join)


def fed(*pieces: bytes) -> tuple[list[str], bytes]:
    """Return the lines that come of some bytes, and the answers to negotiation."""
    decoder = Decoder()
    found: list[str] = []
    answered = b""
    for piece in pieces:
        typed, answers = decoder.feed(piece)
        found += [line.text for line in typed]
        answered += answers
        assert not any(line.cut for line in typed)
    return found, answered


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r\0"])
def test_a_line_ends_in_each_way_that_means_enter(end: bytes) -> None:
    """CR LF, a lone LF and CR NUL end a line."""
    assert fed(b"one" + end + b"two" + end) == (["one", "two"], b"")


def test_a_line_that_has_not_ended_is_no_line() -> None:
    """What was typed so far is nothing yet."""
    assert fed(b"say hi") == ([], b"")
    assert fed(b"say hi\r") == ([], b"")


def test_a_line_may_come_byte_by_byte() -> None:
    """How a line is cut into packets does not matter."""
    text = "say é😀\r\n".encode()
    assert fed(*(bytes((byte,)) for byte in text)) == (["say é😀"], b"")


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (b"a\x08b\x7fc", "abc"),
        (b"\x1b[31mred\x07", "[31mred"),
        (b"a\tb\0c\rd", "abcd"),
        ("a\x85b\x9bc".encode(), "abc"),
        (b"a\xc3b\x80", "a\ufffdb\ufffd"),
        (b"\xff\xff", "\ufffd"),
    ],
)
def test_control_characters_are_dropped_and_bad_bytes_replaced(typed: bytes, line: str) -> None:
    """A line holds no control character, and U+FFFD for what is no UTF-8."""
    assert fed(typed + b"\n") == ([line], b"")


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        (DO + b"\x06", WONT + b"\x06"),  # TIMING-MARK, without which telnet shows nothing more
        (DO + b"\x01" + WILL + b"\x18", WONT + b"\x01" + DONT + b"\x18"),
        (WONT + b"\x01" + DONT + b"\x03", b""),
        (DO + b"\xff", WONT + b"\xff"),
        (b"\xff\xf4", b""),  # IP
        (b"\xff\xf2", b""),  # DM
        (b"\xff\xf1", b""),  # NOP
        (b"\xff\xf6", b"[Yes]\r\n"),  # AYT
        (b"\xff\xfa\x18\x00xterm\xff\xf0", b""),
        (b"\xff\xfa\x18\xff\xff\xff\xf0", b""),
        (b"\xff\xfa\x1fab\n" + DO + b"\x06", WONT + b"\x06"),  # a subnegotiation that never ended
    ],
)
def test_negotiation_never_shows_up_as_text(received: bytes, answer: bytes) -> None:
    """Every option is refused, a refusal is not answered, and the line is what was typed."""
    assert fed(b"say " + received + b"hi\r\n") == (["say hi"], answer)
    assert fed(b"say hi\r" + received + b"\n") == (["say hi"], answer)


def test_a_subnegotiation_without_end_costs_nothing() -> None:
    """What comes in a subnegotiation is not kept."""
    decoder = Decoder()
    decoder.feed(b"\xff\xfa")
    for _ in range(100):
        assert decoder.feed(bytes(10_000)) == ([], b"")
    assert len(decoder._line) == 0


def test_the_longest_line_is_kept_whole() -> None:
    """A line of exactly the limit is not cut, however it ends and is chunked."""
    for end in (b"\r\n", b"\n", b"\r\0"):
        decoder = Decoder()
        typed, _ = decoder.feed(b"x" * LINE_BYTES + end[:1])
        typed += decoder.feed(end[1:])[0]
        assert typed == [Typed("x" * LINE_BYTES)]


def test_a_longer_line_is_cut_and_says_so() -> None:
    """Of a line over the limit the beginning is kept; the next line is whole again."""
    assert Decoder().feed(b"x" * (LINE_BYTES + 1) + b"\nhi\n")[0] == [
        Typed("x" * LINE_BYTES, cut=True),
        Typed("hi"),
    ]


def test_a_line_that_never_ends_is_not_kept() -> None:
    """However much of a line comes, memory stays at the limit of one."""
    decoder = Decoder()
    for _ in range(300):
        assert decoder.feed(b"x" * 10_000) == ([], b"")
        assert len(decoder._line) <= LINE_BYTES + 1
    assert decoder.feed(b"\r\n")[0] == [Typed("x" * LINE_BYTES, cut=True)]


@given(RECEIVED, st.lists(st.integers(0, 200)))
def test_the_chunks_do_not_matter(received: bytes, cuts: list[int]) -> None:
    """Any bytes give the same lines and answers however they are cut, and never an exception."""
    places = [0, *sorted(cut for cut in cuts if cut < len(received)), len(received)]
    chunks = [received[start:end] for start, end in pairwise(places)]
    assert fed(*chunks) == fed(received)
    assert fed(*(bytes((byte,)) for byte in received)) == fed(received)


@given(RECEIVED)
def test_no_line_holds_a_control_character(received: bytes) -> None:
    """Whatever comes, a line is one line of text that can be sent on as UTF-8."""
    for line in fed(received)[0]:
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in line)
        line.encode()


@given(RECEIVED)
def test_answers_are_refusals(received: bytes) -> None:
    """There are no more answers than questions, and none that begins a loop."""
    answers = fed(received)[1].replace(b"[Yes]\r\n", b"")
    assert len(answers) % 3 == 0
    for at in range(0, len(answers), 3):
        assert answers[at : at + 2] in (WONT, DONT)
    assert len(answers) <= len(received)
