import pytest

from karaoke.entries import Entry, Song
from karaoke.sources import Library, Sources


@pytest.fixture
def sources() -> Sources:
    """Return the sources of a new room."""
    return Sources(Library())


async def test_a_source_is_made_once_it_is_told_of(sources: Sources) -> None:
    """Named sources are asked for; what is not made finds nothing."""
    assert sources.name(["s3", "files", "s3", "unheard of"]) == ["s3", "files"]
    assert await sources.search("") == []
    sources.make("files", ["a.mp3"], [])
    assert sources.name(["files", "s3"]) == ["s3"]
    assert [song.ident for song in await sources.search("")] == ["a.mp3"]


async def test_results_are_in_the_order_of_the_sources(sources: Sources) -> None:
    """Whichever source is made or answers first, the order is the one that was named."""
    sources.name(["s3", "files"])
    sources.make("files", ["a.mp3"], [])
    sources.extend("s3", ["b.mp3"], [])
    sources.extend("s3", ["c.mp3"], [])
    assert [song.ident for song in await sources.search("")] == ["b.mp3", "c.mp3", "a.mp3"]
    sources.make("s3", ["d.mp3"], [])
    assert [song.ident for song in await sources.search("")] == ["d.mp3", "a.mp3"]


async def test_a_source_that_is_not_named_is_dropped(sources: Sources) -> None:
    """It is searched no more, and asked for anew when it comes back."""
    sources.name(["files"])
    sources.make("files", ["a.mp3"], [])
    assert sources.name(["youtube"]) == ["youtube"]
    assert sources.get("files") is None
    assert sources.name(["files"]) == ["files"]
    sources.extend("youtube", [], ["/c/one"])
    assert sources.get("youtube") is not None


class Broken:
    """A source that cannot be asked."""

    async def search(self, query: str) -> list[Song]:
        """Fail."""
        raise OSError(query)

    async def entry(self, ident: str, performer: str) -> Entry | None:
        """Fail."""
        raise OSError(ident, performer)


async def test_a_source_that_fails_contributes_nothing(
    sources: Sources, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are heard, and the log tells of it."""
    sources.name(["s3", "files"])
    sources._made["s3"] = Broken()
    sources.make("files", ["a.mp3"], [])
    assert [song.ident for song in await sources.search("")] == ["a.mp3"]
    assert "could not be searched" in caplog.text
