import asyncio

import pytest

from karaoke.entries import Song
from karaoke.song_index import BLOCK, MOST_RESULTS, MOST_SONGS, SongIndex, song_at

PATHS = [
    "a/ABBA - Waterloo - Gold.mp3",
    "a/Abba - Super Trouper - Gold.mp3",
    "waterloo/Die Ärzte - Westerland - Best.cdg",
    "Straße.webm",
    "x/Ann - Don't stop.mp4",
    "кошка - Вальс - Мяу.mp3",
]


def index_of(*paths: str) -> SongIndex:
    """Return an index of these paths."""
    index = SongIndex("files", asyncio.Lock())
    index.extend(paths)
    return index


async def found(query: str, *paths: str) -> list[str]:
    """Return the paths that a search finds."""
    return [song.ident for song in await index_of(*(paths or PATHS)).search(query)]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("abba", [0, 1]),
        ("GOLD abba", [0, 1]),
        ("abba super", [1]),
        ("waterloo", [0]),
        ("ärzte", [2]),
        ("a\u0308RZTE", [2]),
        ("STRASSE", [3]),
        ("ВАЛЬС", [5]),
        ("'super trouper'", [1]),
        ('"trouper super"', []),
        ("don't", [4]),
        ('stop"', []),
        ("nowhere", []),
        ("mp3 gold", [0, 1]),
        ("\n", [0, 1, 2, 3, 4, 5]),
    ],
)
async def test_every_word_is_in_the_file_name(query: str, places: list[int]) -> None:
    """Words are those of a shell line, without case; folders are not searched."""
    assert await found(query) == [PATHS[place] for place in places]


async def test_songs_beyond_one_block_are_found() -> None:
    """Where a song lies in the index does not matter, nor how it came there."""
    paths = [f"{number} of many.mp3" for number in range(3 * BLOCK + 7)]
    index = SongIndex("s3", asyncio.Lock())
    for start in range(0, len(paths), 100):
        index.extend(paths[start : start + 100])
    assert [song.ident for song in await index.search("many")] == paths
    for number in (0, BLOCK - 1, BLOCK, 3 * BLOCK, 3 * BLOCK + 6):
        assert paths[number] in [song.ident for song in await index.search(f"{number} of")]


async def test_a_name_with_a_line_break_displaces_nothing() -> None:
    """What follows a strange name is found as what it is."""
    assert await found("b", "x/a\nb.mp3", "c.mp3", "b.mp3") == ["x/a\nb.mp3", "b.mp3"]


async def test_a_song_is_listed_once() -> None:
    """The same path twice is one song."""
    assert await found("", "a.mp3", "a.mp3", "b.mp3") == ["a.mp3", "b.mp3"]


async def test_results_and_songs_have_an_end() -> None:
    """A search tells at most so many songs; an index holds at most so many."""
    index = index_of(*(f"{number}.mp3" for number in range(MOST_SONGS + 5)))
    assert len(index) == MOST_SONGS
    assert len(await index.search("")) == MOST_RESULTS
    assert await index.entry(f"{MOST_SONGS}.mp3", "ann") is None


@pytest.mark.parametrize(
    ("path", "title", "artist", "album"),
    [
        ("a/b/ABBA - Waterloo - Gold.mp3", "Waterloo", "ABBA", "Gold"),
        (" A -  B  - C - D.mp3", "B", "A", "C"),
        ("ABBA - Waterloo.mp3", "ABBA - Waterloo", "Unknown", "Unknown"),
        ("x/Waterloo.webm", "Waterloo", "Unknown", "Unknown"),
        ("Waterloo", "Waterloo", "Unknown", "Unknown"),
        (".hidden", ".hidden", "Unknown", "Unknown"),
        ("a-b-c.mp3", "a-b-c", "Unknown", "Unknown"),
    ],
)
def test_a_file_name_tells_of_its_song(path: str, title: str, artist: str, album: str) -> None:
    """Three parts are artist, title and album; of fewer the name is the title."""
    assert song_at("files", path) == Song(path, "files", title, artist, album)


async def test_an_entry_is_of_a_song_in_the_index() -> None:
    """What is not in the index cannot be sung; a length is not known yet."""
    index = index_of(*PATHS)
    entry = await index.entry(PATHS[0], "ann")
    assert entry is not None
    assert (entry.title, entry.performer, entry.duration) == ("Waterloo", "ann", 180)
    assert await index.entry("a/other.mp3", "ann") is None


async def test_a_search_lets_others_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the index, the loop goes on while it is searched."""
    monkeypatch.setattr("karaoke.song_index.SLICE", 0.0)
    index = index_of(*(f"{number}.mp3" for number in range(20 * BLOCK)))
    turns = 0
    search = asyncio.create_task(index.search("9"))
    while not search.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 20
