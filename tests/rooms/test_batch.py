import json
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from rooms.batch import CUT, Answer, Batch, Event, Single
from tests.rooms.peers import Recorder
from wire.forms import Form
from wire.messages import Draft, Joined, Left, Notice, Reason, Said, notice_v1

ANN, BOB = Recorder(), Recorder()


def lines(room: str, notice: Notice) -> bytes:
    """Render a notice as a line of JSON."""
    return json.dumps(to_builtins(notice_v1(room, notice))).encode() + b"\n"


LINES = Form(notice=lines)
ANN.form = LINES


def said(number: int, size: int = 1) -> Said:
    """Return a message."""
    return Said(number, 0, "ann", "x" * size)


def answered(event: Event, last_id: int) -> bytes:
    """Answer an author."""
    return f"answer {last_id} {event.error or ''}\n".encode()


def piece_of(piece: bytes, _event: Event, _last_id: int) -> bytes:
    """Answer with a piece."""
    return piece


def test_what_is_told_is_rendered_once() -> None:
    """Two peers of one form are told the very same bytes object, rendered a single time."""
    rendered: list[Notice] = []

    def counted(room: str, notice: Notice) -> bytes:
        rendered.append(notice)
        return lines(room, notice)

    batch = Batch("tea", 0, [Event("tea", said(1)), Event("tea", Joined("bob"))])
    form = Form(notice=counted)
    first, second = batch.cuts(form), batch.cuts(form)
    assert len(first) == 1
    assert first[0][0] is second[0][0]
    assert rendered == [said(1), Joined("bob")]


def test_every_form_has_its_own_bytes() -> None:
    """Peers of another wire are told the same in their own form."""
    batch = Batch("tea", 0, [Event("tea", Joined("bob"))])
    other = batch.cuts(Form(notice=lambda room, notice: f"{room} {notice}".encode()))
    assert other[0][0] == b"tea Joined(user='bob')"
    assert batch.cuts(LINES)[0][0] == lines("tea", Joined("bob"))


def test_an_author_gets_answers_in_place() -> None:
    """Own notices are replaced by answers at their place; those of others stand as they are."""
    events = [
        Event("tea", said(8), author=BOB, answer=answered),
        Event("tea", said(9), author=ANN, answer=answered),
        Event("tea", None, author=ANN, answer=answered),
        Event("tea", Left("eve", Reason.LOST)),
        Event("tea", Draft("ann", "lost"), author=ANN, answer=answered, error=OSError("full")),
        Event("tea", None, author=BOB, answer=answered),
        Event("tea", Joined("ann"), author=ANN),
    ]
    batch = Batch("tea", 7, events)
    told = b"".join(frames for frames, _end in batch.own_cuts(LINES, batch.authors[ANN], 0))
    assert told == (
        lines("tea", said(8))
        + b"answer 9 \nanswer 9 \n"
        + lines("tea", Left("eve", Reason.LOST))
        + b"answer 9 full\n"
    )
    others = b"".join(frames for frames, _end in batch.cuts(LINES))
    assert others == b"".join(
        lines("tea", notice)
        for notice in (said(8), said(9), Left("eve", Reason.LOST), Joined("ann"))
    )


def test_a_message_that_was_not_stored_is_told_to_nobody() -> None:
    """A draft that failed is nothing to the others, and takes no number."""
    failed = Event("tea", Draft("ann", "hi"), error=OSError())
    batch = Batch("tea", 3, [failed, Event("tea", said(4))])
    assert batch.cuts(LINES)[0][0] == lines("tea", said(4))
    assert (batch.before, batch.ids) == (3, [3, 4])


def test_places_are_numbers_of_messages() -> None:
    """Each event knows the last number at its place, and the one before it."""
    events = [Event("tea", notice) for notice in (None, said(6), Joined("bob"), said(7), None)]
    batch = Batch("tea", 5, events)
    assert batch.ids == [5, 6, 6, 7, 7]
    assert [batch.id_before(index) for index in range(5)] == [5, 5, 6, 6, 7]
    assert batch.last == 7


def test_an_empty_batch_tells_nothing() -> None:
    """Without events there is no cut to write."""
    batch = Batch("tea", 5, [])
    assert batch.cuts(LINES) == ()
    assert (batch.ids, batch.last) == ([], 5)


@pytest.mark.parametrize(
    "notice", [None, said(4), said(4, size=CUT + 1), Joined("bob"), Draft("ann", "lost")]
)
@pytest.mark.parametrize("author", [None, ANN])
@pytest.mark.parametrize("answer", [None, answered])
def test_one_event_is_told_as_one_of_many_would_be(
    notice: Notice | Draft | None, author: Recorder | None, answer: Answer | None
) -> None:
    """A batch of one event differs from any other in nothing that can be seen."""
    events = [Event("tea", notice, author=author, answer=answer)]
    batch, single = Batch("Tea", 3, events), Single("Tea", 3, events)
    for name in ("room", "before", "events", "last", "private"):
        assert getattr(single, name) == getattr(batch, name)
    assert list(single.ids) == list(batch.ids)
    assert dict(single.authors) == {peer: tuple(own) for peer, own in batch.authors.items()}
    assert single.id_before(0) == batch.id_before(0) == 3
    assert single.answer(0) == batch.answer(0)
    assert single.cuts(LINES) == batch.cuts(LINES)
    assert single.whole(LINES) is single.whole(LINES)
    assert single.whole(LINES) == batch.whole(LINES)
    for own in batch.authors.values():
        assert single.own(ANN) == batch.own(ANN)
        for start in (0, 1):
            assert single.own_cuts(LINES, own, start) == batch.own_cuts(LINES, own, start)


@pytest.mark.parametrize("own", [False, True])
@given(
    sizes=st.lists(
        st.integers(0, 300) | st.sampled_from([CUT // 2, CUT - 1, CUT, CUT + 1, 3 * CUT]),
        max_size=40,
    ),
    start=st.integers(0, 40),
)
def test_cuts_are_no_larger_than_they_need_be(own: bool, sizes: list[int], start: int) -> None:  # noqa: FBT001 - a parameter
    """Every cut is at most 64 KiB unless one piece alone is larger, whole, in order, not split."""
    start = min(start, len(sizes)) if own else 0
    pieces = [bytes([index % 256]) * size for index, size in enumerate(sizes)]
    events = [
        Event("tea", Joined(str(index)), author=ANN, answer=partial(piece_of, piece))
        if own
        else Event("tea", Joined(str(index)))
        for index, piece in enumerate(pieces)
    ]
    batch = Batch("tea", 0, events)

    def shown(_room: str, notice: Notice) -> bytes:
        assert isinstance(notice, Joined)
        return pieces[int(notice.user)]

    own = own and bool(events)
    form = Form(notice=shown)
    cuts = list(batch.own_cuts(form, batch.authors[ANN], start)) if own else batch.cuts(form)
    assert b"".join(frames for frames, _end in cuts) == b"".join(pieces[start:])
    ends = [start, *(end for _frames, end in cuts)]
    assert ends == sorted(set(ends))
    assert ends[-1] == len(pieces)
    for begin, (frames, end) in zip(ends, cuts, strict=False):
        inside = pieces[begin:end]
        assert frames == b"".join(inside)
        assert len(frames) <= CUT or sum(map(bool, inside)) == 1
    for (frames, end), _following in pairwise(cuts):
        assert len(frames) + len(pieces[end]) > CUT, "the next would have fitted"
