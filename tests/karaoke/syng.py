"""The public client of the protocol that karaoke speaks: a peer, installed apart from us.

It is under another licence than we are. Nothing of it is imported here; it runs as a program.
"""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.karaoke.machines import Machine, started
from tests.karaoke.people import SECRET
from tests.program import ROOT

LOCK = ROOT / "requirements" / "syng.txt"
HOME = ROOT / ".venv" / "peers" / "syng"

PLAYER = """#!/bin/sh
echo "$*" >> "$PLAYED"
case "$*" in *Long*) exec sleep 600 ;; esac
"""
CONFIG = """
sources:
  files:
    enabled: true
    dir: {folder}/
    extensions: [wav]
config:
  server: {server}
  room: Tea
  secret: {secret}
  preview_duration: 0
  waiting_room_policy: optional
"""


async def installed() -> Path:
    """Return the folder of its programs; it is installed as the lock says, once."""
    stamp = HOME / hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists():
        await _run(sys.executable, "-m", "venv", "--clear", str(HOME))
        pip = str(HOME / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"
        await _run(*pip, "install", "--quiet", "--require-hashes", "-r", str(LOCK))
        stamp.touch()
    return HOME / "bin"


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()


@asynccontextmanager
async def at_work(server: str, folder: Path, scratch: Path) -> AsyncIterator[Machine]:
    """Run the client on a folder of songs; its player writes into `scratch/played`."""
    programs = await installed()
    players = scratch / "bin"
    players.mkdir()
    (players / "mpv").write_text(PLAYER)
    (players / "mpv").chmod(0o755)
    config = scratch / "config.yaml"
    config.write_text(CONFIG.format(folder=folder, server=server, secret=SECRET))
    environment = {
        "HOME": str(scratch),
        "XDG_RUNTIME_DIR": str(scratch),
        "PATH": f"{players}{os.pathsep}{os.environ['PATH']}",
        "PLAYED": str(scratch / "played"),
        "PYTHONUNBUFFERED": "1",
    }
    command = (str(programs / "syng"), "client", "--config-file", str(config))
    async with started(*command, environment=environment) as client:
        yield client
