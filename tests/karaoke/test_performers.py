import pytest

from karaoke.performers import share_performer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "ann"),
        ("Ann, Bob", "bob.cid"),
        ("A-nn", "ann"),
        ("ann7", "ANN7!"),
        ("Zoë", "ZOË"),
        ("Zoe\u0308", "Zoë"),
        ("Анна и Иван", "иван"),
        ("佐藤", "佐藤 さん"),
        ("किरण", "किरण"),
        ("\uff21\uff2e\uff2e", "ann"),
        ("Die Ärzte", "ärzte"),
    ],
)
def test_a_word_in_common_is_the_same_performer(one: str, other: str) -> None:
    """Case, punctuation and spelling do not distinguish, in any script."""
    assert share_performer(one, other)
    assert share_performer(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "Anna"),
        ("der Hans", "der Peter"),
        ("Alle", "alle"),
        ("Ann und Bob", "Cid und Dan"),
        ("", ""),
        ("!!!", "!!!"),
        ("कि", "का"),
        ("Анна", "Anna"),
    ],
)
def test_without_a_word_in_common_they_are_others(one: str, other: str) -> None:
    """Articles are no names, and a name without a word matches nobody."""
    assert not share_performer(one, other)
