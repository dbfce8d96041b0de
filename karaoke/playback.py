"""A playback machine without screen or speakers: it plays a song by waiting until it is over.

For demos and tests. The songs are the files of a folder; a WAV file tells its own length.
"""

import asyncio
import secrets
import sys
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import socketio  # type: ignore[import-untyped]

from karaoke.entries import Body

CHUNK = 1000  # paths that are told at once


@dataclass(frozen=True, slots=True)
class Options:
    """What to play where; `seconds` is the length of a song that does not tell its own."""

    folder: Path
    server: str
    room: str = ""
    secret: str = ""
    key: str = ""
    seconds: float = 180.0


class Machine:
    """One machine, which comes back by itself when the line ends."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._config: Body = {
            "server": options.server,
            "room": options.room,
            "secret": options.secret or secrets.token_urlsafe(6),
            "key": options.key,
        }
        self._lists: Body = {"queue": [], "waiting_room": [], "recent": []}
        self._paths: list[str] = []
        self._playing: asyncio.Task[None] | None = None
        self._refused = asyncio.Event()
        self._client = socketio.AsyncClient(handle_sigint=False)
        self._client.on("connect", self._register)
        self._client.on("client-registered", self._registered)
        self._client.on("state", self._keep)
        self._client.on("update_config", self._configure)
        self._client.on("request-config", self._tell_songs)
        self._client.on("get-meta-info", self._tell_length)
        self._client.on("play", self._play)
        self._client.on("skip-current", self._skip)

    async def run(self) -> None:
        """Play until cancelled, or until the server refuses us."""
        self._paths = await asyncio.to_thread(_files, self._options.folder)
        try:
            await self._client.connect(self._options.server, retry=True)
            await self._refused.wait()
        finally:
            if self._playing is not None:
                self._playing.cancel()
            await self._client.disconnect()

    async def _register(self) -> None:
        await self._client.emit("register-client", {"config": self._config} | self._lists)

    async def _registered(self, answer: Body) -> None:
        if not answer["success"]:
            tell("The server refuses us: the room is another's, or the secret or key is wrong.")
            self._refused.set()
            return
        self._config["room"] = answer["room"]
        tell(f"Room {answer['room']}, secret {self._config['secret']}, {len(self._paths)} songs.")
        await self._client.emit("sources", {"sources": ["files"]})
        if self._playing is None:
            await self._client.emit("get-first")

    async def _keep(self, state: Body) -> None:
        """Keep a copy, with which a server that lost the room can make it anew."""
        self._lists = {key: state[key] for key in self._lists}

    async def _configure(self, config: Body) -> None:
        self._config |= config

    async def _tell_songs(self, request: Body) -> None:
        chunks = [self._paths[start : start + CHUNK] for start in range(0, len(self._paths), CHUNK)]
        for number, paths in enumerate(chunks, 1):
            await self._client.emit(
                "config-chunk",
                {
                    "source": request["source"],
                    "config": {"index": paths},
                    "number": number,
                    "total": len(chunks),
                },
            )

    async def _tell_length(self, entry: Body) -> None:
        seconds = await asyncio.to_thread(self._seconds, entry["ident"])
        meta = {"duration": round(seconds)}
        await self._client.emit("meta-info", {"uuid": entry["uuid"], "meta": meta})

    async def _play(self, entry: Body) -> None:
        await self._stop()
        seconds = await asyncio.to_thread(self._seconds, entry["ident"])
        tell(f"Playing for {entry['performer']}: {entry['title']}, {seconds:g} s.")
        self._playing = asyncio.create_task(self._play_out(seconds))

    async def _play_out(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._playing = None
        await self._client.emit("pop-then-get-next")

    async def _skip(self, entry: Body) -> None:
        tell(f"Skipped: {entry['title']}.")
        await self._stop()
        await self._client.emit("get-first")

    async def _stop(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.wait((self._playing,))
            self._playing = None

    def _seconds(self, ident: str) -> float:
        """Return the length of a song; only files of the folder are looked at. Blocks."""
        if ident in self._paths and ident.lower().endswith(".wav"):
            try:
                with wave.open(str(self._options.folder / ident), "rb") as song:
                    return song.getnframes() / song.getframerate()
            except (OSError, EOFError, wave.Error):
                pass  # then it is as long as the others
        return self._options.seconds


def _files(folder: Path) -> list[str]:
    """Return the files below a folder, without the hidden ones. Blocks."""
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts)
    ]


def tell(text: Any) -> None:  # noqa: ANN401 - whatever a guest called a song
    """Write a line, without what a terminal would obey."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in str(text))
    sys.stdout.write(shown.encode(errors="replace").decode() + "\n")
    sys.stdout.flush()
