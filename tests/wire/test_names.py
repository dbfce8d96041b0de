# ruff: noqa: RUF001 - letters that look alike are the point
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import names
from wire.errors import Code, Refused

Check = Callable[[object], str]
BOTH = pytest.mark.parametrize(
    ("check", "code", "longest"),
    [(names.nick, Code.INVALID_NICK, 32), (names.room, Code.INVALID_ROOM, 64)],
    ids=["nick", "room"],
)
LETTERS = st.text(st.characters(codec="utf-8"), max_size=40) | st.text(
    st.sampled_from("aAäÄßẞſİıﬀΣςσ１Ａａ：K\u212b \u00a0\u3000\u0301\u0307¨´½㎏﷐ｶﾞ\u200d\u2800"),
    max_size=12,
)


@pytest.mark.parametrize(
    ("given", "folded"),
    [
        ("Foo", "foo"),
        ("foo", "foo"),
        ("Foo Bar", "foo bar"),
        ("foo bar", "foo bar"),
        ("\u03a3", "\u03c3"),
        ("\u03c3", "\u03c3"),
        ("\u03c2", "\u03c2"),
        ("\u265a", "\u265a"),
        ("Richard \u2163", "richard iv"),
    ],
)
def test_names_are_compared_as_the_rfc_shows(given: str, folded: str) -> None:
    """The examples of RFC 8266, section 3, are compared as the RFC says."""
    assert names.fold(given) == folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("ann", "ANN"), ("ann", "Ａｎｎ"), ("ann", " ann "), ("ann", "\u3000ann\u00a0")),
        *(("a b", "a  b"), ("a b", "a\u3000b"), ("é", "e\u0301"), ("ｶﾞ", "ガ"), ("ﬁ", "fi")),
        *(("Å", "\u212b"), ("ДА", "да"), ("x²", "X2"), ("½", "1⁄2")),
    ],
)
def test_case_width_and_spaces_do_not_distinguish(one: str, other: str) -> None:
    """Spellings that differ in case, width, composition or spaces are one name."""
    assert names.fold(one) == names.fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ann", "anna"), ("é", "e"), ("ß", "ss"), ("а", "a"), ("σ", "ς")]
)
def test_other_differences_do_distinguish(one: str, other: str) -> None:
    """Names that differ in more than case and width are two."""
    assert names.fold(one) != names.fold(other)


@given(LETTERS)
def test_folding_settles(text: str) -> None:
    """A folded name folds to itself, and nothing but ValueError is raised for what is no name."""
    try:
        folded = names.fold(text)
    except ValueError:
        return
    assert names.fold(folded) == folded


@BOTH
@given(text=LETTERS)
def test_a_valid_name_stays_valid(check: Check, code: Code, longest: int, text: str) -> None:
    """Any text is refused or shown within the bounds; what is shown is valid and shown the same."""
    try:
        shown = check(text)
    except Refused:
        with pytest.raises(Refused) as caught:
            check(text)
        assert caught.value.code is code
        return
    assert 1 <= len(shown) <= longest
    assert shown in text
    assert check(shown) == shown
    assert names.fold(shown) == names.fold(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") for letter in shown)
    if check is names.nick:
        assert shown.split() == [shown]
        assert ":" not in shown
        assert names.fold(shown) != "karaoke"
    shown.encode()


@BOTH
@pytest.mark.parametrize("letter", ["a", "Ä", "\N{GRINNING FACE}", "文"])
def test_length_is_counted_in_code_points(
    check: Check, code: Code, longest: int, letter: str
) -> None:
    """The longest name is as many code points, whatever they weigh, outer spaces not counted."""
    assert check(f"  {letter * longest}\u3000") == letter * longest
    with pytest.raises(Refused) as caught:
        check(letter * (longest + 1))
    assert caught.value.code is code
    assert str(longest) in caught.value.text


@BOTH
@pytest.mark.parametrize("text", [None, 1, 1.5, True, [], ["ann"], {}, b"ann", "", " ", "\u3000 "])
def test_what_is_no_text_is_no_name(check: Check, code: Code, longest: int, text: object) -> None:
    """Only a text with something to see in it is a name; the refusal says the rule."""
    with pytest.raises(Refused, match=f"1 to {longest}") as caught:
        check(text)
    assert caught.value.code is code


@BOTH
@pytest.mark.parametrize(
    "hidden",
    [
        *map(chr, (0x00, 0x07, 0x09, 0x0A, 0x0D, 0x1B, 0x7F, 0x85, 0x9F)),  # controls
        *map(chr, (0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069)),  # bidi
        *map(chr, (0x200E, 0x200F, 0x061C)),  # bidi marks
        *map(chr, (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x034F, 0x180E)),  # zero width
        *map(chr, (0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0xFE0F, 0x1D159)),  # seen as nothing
        *map(chr, (0x2028, 0x2029, 0xE0001, 0xE0041, 0xE000, 0xFFFE, 0xFFF9, 0x10FFFF, 0xD800)),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("around", ["{}", "a{}b", "{}a", "a{}", "क्{}", "क्{}ष", " {} "])
def test_what_one_does_not_see_is_refused(
    check: Check, code: Code, longest: int, hidden: str, around: str
) -> None:
    """Controls, overrides, invisible and unassigned characters are refused wherever they stand."""
    with pytest.raises(Refused) as caught:
        check(around.format(hidden))
    assert caught.value.code is code
    assert str(longest) in caught.value.text


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u1680", "\u2003", "\u202f", "\u3000"])
def test_a_nick_has_no_white_space_but_a_room_may(space: str) -> None:
    """A space is cut off around both; within, a room may have it and a nick may not."""
    assert names.nick(f"{space}ann{space}{space}") == "ann"
    assert names.room(f"{space}{space}the{space}room{space}") == f"the{space}room"
    with pytest.raises(Refused):
        names.nick(f"a{space}b")


def test_a_nick_has_no_colon_but_a_room_may() -> None:
    """A colon ends the nick in a line of text, so no nick has one."""
    assert names.room("a:b") == "a:b"
    for nick in ("a:b", ":", "ann:", ":ann"):
        with pytest.raises(Refused):
            names.nick(nick)


@pytest.mark.parametrize(
    "nick", ["Karaoke", "karaoke", "KARAOKE", "Ｋａｒａｏｋｅ", " \u212aaraoke\u3000"]
)
def test_karaoke_is_reserved(nick: str) -> None:
    """Nobody takes the nick Karaoke, however it is spelled; a room may bear it."""
    with pytest.raises(Refused, match="reserved") as caught:
        names.nick(nick)
    assert caught.value.code is Code.INVALID_NICK
    assert names.room(nick)


@pytest.mark.parametrize("nick", ["Karaoke2", "karaokebar", "Кaraoke"])
def test_names_near_karaoke_are_free(nick: str) -> None:
    """Only the name itself is reserved."""
    assert names.nick(nick) == nick


@pytest.mark.parametrize(
    "nick", ["ann", "Zoë", "文字", "مرحبا", "User1234", "a-b_c.d", "♥", "😀", "<b>"]
)
def test_ordinary_nicks_are_shown_as_given(nick: str) -> None:
    """Letters of any script, digits, marks and symbols are fine."""
    assert names.nick(nick) == nick
