import asyncio
import sys
import threading
from types import ModuleType
from typing import Any, Self

import pytest

from karaoke.lookups import Lookups
from karaoke.youtube import Video, YouTube, YtDlp


def url(name: str) -> str:
    """Return the address of a video."""
    return f"https://www.youtube.com/watch?v={name}"


class Shelf:
    """Stands in for YouTube."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def search(self, query: str, channel: str | None) -> list[Video]:
        """Return what is on the shelf."""
        self.asked.append((query, channel))
        if channel == "/c/broken":
            raise OSError("no network")
        if channel is not None:
            return [Video(url("c"), "Waterloo", "Channel", 60), Video(url("a"), "x", "y")]
        return [
            Video(url("a"), "x", "y"),
            Video(url("b"), "Abba", "Waterloo fans", 3725),
            Video(url("d"), "waterloo", "z", 5),
        ]

    def look_up(self, address: str) -> Video | None:
        """Return one video."""
        if address.endswith("broken"):
            raise OSError("no network")
        return None if address.endswith("list") else Video(url("a"), "T", "A", 61)


async def test_channels_and_all_of_youtube_are_asked() -> None:
    """Every place is asked for karaoke; what has more of the words comes first, channels first."""
    shelf = Shelf()
    found = await YouTube(["/c/one"], shelf, Lookups()).search("Abba waterloo")
    assert sorted(shelf.asked, key=str) == [
        ("Abba waterloo karaoke", "/c/one"),
        ("Abba waterloo karaoke", None),
    ]
    assert [(song.ident, song.duration) for song in found] == [
        (url("b"), "62:05"),
        (url("c"), "1:00"),
        (url("d"), "0:05"),
        (url("a"), None),
    ]
    assert found[1].body() == {
        "ident": url("c"),
        "source": "youtube",
        "title": "Waterloo",
        "artist": "Channel",
        "album": "YouTube",
        "duration": "1:00",
    }


async def test_a_place_that_fails_contributes_nothing() -> None:
    """One channel's fault is no other's."""
    found = await YouTube(["/c/broken"], Shelf(), Lookups()).search("waterloo")
    assert [song.ident for song in found] == [url("b"), url("d"), url("a")]


async def test_an_entry_is_looked_up() -> None:
    """A pasted address will do; without a video there, or without an answer, there is none."""
    youtube = YouTube([], Shelf(), Lookups())
    entry = await youtube.entry("https://youtu.be/a", "ann")
    assert entry is not None
    assert (entry.ident, entry.duration, entry.artist) == (url("a"), 61, "A")
    for address in ("https://youtu.be/broken", "https://youtu.be/list", "ytsearch:x", ""):
        assert await youtube.entry(address, "ann") is None


async def test_without_yt_dlp_there_are_no_songs(caplog: pytest.LogCaptureFixture) -> None:
    """The source is there, finds nothing, and the log says why."""
    youtube = YouTube(["/c/one"], None, Lookups())
    assert "yt-dlp is not installed" in caplog.text
    assert await youtube.search("waterloo") == []
    assert await youtube.entry(url("a"), "ann") is None


async def test_what_hangs_is_given_up() -> None:
    """Work that does not end is not waited for, and keeps its place until it does."""
    lookups = Lookups(at_once=1, time_limit=0.05)
    go_on = threading.Event()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await lookups.run(go_on.wait)
    go_on.set()
    patient = Lookups(at_once=1)
    assert await asyncio.gather(*(patient.run(lambda: 7) for _ in range(3))) == [7, 7, 7]


async def test_what_fails_gives_its_place_back() -> None:
    """An error reaches who asked, and the next may ask."""
    lookups = Lookups(at_once=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await lookups.run(lambda: 1 // 0)


class Downloader:
    """Stands in for yt-dlp's class of this kind."""

    answers: dict[str, Any]
    asked: list[tuple[str, dict[str, Any]]]

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def extract_info(self, address: str, *, download: bool) -> Any:  # noqa: ANN401
        """Return what was put there."""
        assert download is False
        self.asked.append((address, self.options))
        return self.answers.get(address)


@pytest.fixture
def downloader(monkeypatch: pytest.MonkeyPatch) -> type[Downloader]:
    """Put the stand-in where yt-dlp is looked for."""
    module = ModuleType("yt_dlp")
    module.YoutubeDL = Downloader  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "yt_dlp", module)
    Downloader.answers, Downloader.asked = {}, []
    return Downloader


def test_yt_dlp_is_asked_for_a_search(downloader: type[Downloader]) -> None:
    """A channel has a page that searches; what is no video is left out."""
    page = "https://www.youtube.com/c/one/search?query=a+%26+b"
    downloader.answers[page] = {
        "entries": [
            {"id": "a", "title": "A", "channel": "C", "duration": 61.0},
            {"id": "b", "title": "B", "uploader": "U"},
            {"id": "c", "title": None},
            {"id": "d", "title": "D", "entries": []},
            None,
        ]
    }
    expected = [Video(url("a"), "A", "C", 61), Video(url("b"), "B", "U")]
    assert YtDlp().search("a & b", "/c/one") == expected
    assert YtDlp().search("nothing", None) == []
    assert downloader.asked[1][0].startswith("ytsearch")


def test_yt_dlp_is_sent_to_youtube_alone(downloader: type[Downloader]) -> None:
    """An address that a guest gives leads nowhere else, and never waits long."""
    downloader.answers["https://youtu.be/a"] = {"id": "a", "title": "A"}
    assert YtDlp().look_up("https://youtu.be/a") == Video(url("a"), "A", "Unknown")
    assert YtDlp().look_up("http://127.0.0.1/") is None
    for _address, options in downloader.asked:
        assert options["allowed_extractors"] == ["youtube.*"]
        assert options["socket_timeout"] == 5
