"""Tools for karaoke: `python -m karaoke key` makes a key, `python -m karaoke play` plays."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from karaoke.keys import line_of, new_key
from karaoke.playback import Machine, Options


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "key":
        return _make_key(options.file, options.note)
    if not options.folder.is_dir():
        sys.stderr.write(
            f"karaoke: there is no folder {options.folder}; choose another --folder.\n"
        )
        return 2
    return asyncio.run(_play(Options(**{name: getattr(options, name) for name in _PLAY})))


_PLAY = ("folder", "server", "room", "secret", "key", "seconds")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m karaoke", description="Tools for karaoke.")
    commands = parser.add_subparsers(dest="command", required=True)
    key = commands.add_parser("key", help="make a key for a private server")
    key.add_argument("--file", type=Path, help="the server's key file, to which a line is added")
    key.add_argument("--note", default="", help="whom the key is for")
    play = commands.add_parser("play", help="serve a folder of songs, and play by waiting")
    play.add_argument("--folder", type=Path, required=True, help="where the songs are")
    play.add_argument("--server", default="http://localhost:8080", help="default: %(default)s")
    play.add_argument("--room", default="", help="default: the server makes one up")
    play.add_argument("--secret", default="", help="of the admins; default: a new one")
    play.add_argument("--key", default="", help="for a private server")
    play.add_argument(
        "--seconds", type=float, default=180.0, help="a song's length (default: %(default)g)"
    )
    return parser


def _make_key(file: Path | None, note: str) -> int:
    """Write a new key, and its line to the key file or below it."""
    key = new_key()
    line = line_of(key, " ".join(note.split()))
    if file is None:
        sys.stdout.write(f"{key}\n\nIts line in the server's key file:\n{line}\n")
        return 0
    try:
        with file.open("a", encoding="utf-8") as keys:
            keys.write(line + "\n")
    except OSError as error:
        sys.stderr.write(f"karaoke: {file} cannot be written: {error.strerror}.\n")
        return 2
    sys.stdout.write(key + "\n")
    return 0


async def _play(options: Options) -> int:
    """Play until a signal comes, or the server refuses."""
    machine = asyncio.create_task(Machine(options).run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, machine.cancel)
    try:
        await machine
    except asyncio.CancelledError:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
