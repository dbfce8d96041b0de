"""YouTube: searched through yt-dlp, which may be there or not."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol
from urllib.parse import quote_plus

from karaoke.entries import UNKNOWN_DURATION, Entry, Song, entry_of
from karaoke.gathering import gathered
from karaoke.lookups import Lookups

NAME = "youtube"
MOST_RESULTS = 20  # of one search
SOCKET_TIMEOUT = 5.0  # seconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Video:
    """A video; `duration` in seconds, if it is known."""

    url: str
    title: str
    author: str
    duration: int | None = None


class Videos(Protocol):
    """Where videos are looked up. Both block, and raise whatever goes wrong."""

    def search(self, query: str, channel: str | None) -> list[Video]:
        """Return what a channel (`/c/..` or `/channel/..`), or else all of YouTube, has."""

    def look_up(self, url: str) -> Video | None:
        """Return the video at an address."""


class YtDlp:
    """Looks videos up through yt-dlp."""

    @staticmethod
    def is_installed() -> bool:
        """Return whether there is a yt-dlp."""
        return find_spec("yt_dlp") is not None

    def search(self, query: str, channel: str | None) -> list[Video]:
        """Ask a channel, or all of YouTube."""
        address = f"ytsearch{MOST_RESULTS}:{query}"
        if channel is not None:
            address = f"https://www.youtube.com{channel}/search?query={quote_plus(query)}"
        found = self._extract(address, extract_flat="in_playlist", playlistend=MOST_RESULTS)
        videos = map(_video, found.get("entries") or ())
        return [video for video in videos if video is not None]

    def look_up(self, url: str) -> Video | None:
        """Ask for one video, of YouTube alone: a guest cannot send us anywhere else."""
        return _video(self._extract(url, noplaylist=True, skip_download=True))

    def _extract(self, address: str, **options: object) -> dict[str, Any]:
        quiet = {"quiet": True, "no_warnings": True, "noprogress": True, "cachedir": False}
        bounds = {"socket_timeout": SOCKET_TIMEOUT, "allowed_extractors": ["youtube.*"]}
        library = import_module("yt_dlp")  # here, in a thread: it is optional, and slow
        with library.YoutubeDL(quiet | bounds | options) as downloader:
            found: dict[str, Any] = downloader.extract_info(address, download=False) or {}
        return found


def _video(found: dict[str, Any] | None) -> Video | None:
    """Return the video that yt-dlp tells of; None for a list or a channel."""
    if not found or not found.get("id") or not found.get("title") or "entries" in found:
        return None
    author = found.get("channel") or found.get("uploader") or "Unknown"
    seconds = found.get("duration")
    return Video(
        f"https://www.youtube.com/watch?v={found['id']}",
        str(found["title"]),
        str(author),
        int(seconds) if isinstance(seconds, (int, float)) else None,
    )


class YouTube:
    """The source `youtube`; without `videos` it has no songs."""

    def __init__(self, channels: Sequence[str], videos: Videos | None, lookups: Lookups) -> None:
        self._channels = channels
        self._videos = videos
        self._lookups = lookups
        if videos is None:
            _log.warning("YouTube cannot be searched: yt-dlp is not installed")

    async def search(self, query: str) -> list[Song]:
        """Return what the channels and all of YouTube have, best first."""
        videos = self._videos
        if videos is None:
            return []
        wanted = f"{query} karaoke"
        searches = [
            self._lookups.run(partial(videos.search, wanted, channel))
            for channel in (*self._channels, None)
        ]
        found = [video for part in await gathered("YouTube", searches) for video in part]
        words = query.casefold().split()
        unique = {video.url: video for video in reversed(found)}  # the first of each remains
        ranked = sorted(
            (video for video in found if unique.pop(video.url, None) is not None),
            key=lambda video: -_common(words, video),
        )
        return [_song(video) for video in ranked]

    async def entry(self, ident: str, performer: str) -> Entry | None:
        """Return a new entry of the video at an address, if there is one."""
        if self._videos is None or not ident.startswith(("https://", "http://")):
            return None
        try:
            video = await self._lookups.run(partial(self._videos.look_up, ident))
        except Exception as error:  # noqa: BLE001 - whatever yt-dlp raises, there is no song
            _log.warning("YouTube cannot be asked for %s: %r", ident, error)
            return None
        if video is None:
            return None
        return entry_of(_song(video), performer, video.duration or UNKNOWN_DURATION)


def _common(words: Sequence[str], video: Video) -> int:
    text = f"{video.title} {video.author}".casefold()
    return sum(word in text for word in words)


def _song(video: Video) -> Song:
    length = None
    if video.duration is not None:
        length = f"{video.duration // 60}:{video.duration % 60:02}"
    return Song(video.url, NAME, video.title, video.author, "YouTube", length)
