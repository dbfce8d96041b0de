from pathlib import Path

import pytest

from karaoke.__main__ import main
from karaoke.keys import is_registered
from tests.karaoke.machines import compose, karaoke, started
from tests.karaoke.people import SECRET, performers, visitor
from tests.transcript import House, opened


def test_a_key_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is written with the line that lets it in."""
    assert main(["key", "--note", "for\nbob"]) == 0
    key, *_, line = capsys.readouterr().out.splitlines()
    assert line.endswith("  for bob")
    file = tmp_path / "keys"
    file.write_text(line + "\n")
    assert is_registered(key, file)


def test_a_key_is_added_to_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keys that are there stay."""
    file = tmp_path / "keys"
    keys = []
    for _ in range(2):
        assert main(["key", "--file", str(file)]) == 0
        keys.append(capsys.readouterr().out.strip())
    assert all(is_registered(key, file) for key in keys)
    assert main(["key", "--file", str(tmp_path)]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_folder_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is none, nothing is played."""
    assert main(["play", "--folder", str(tmp_path / "none")]) == 2
    assert "no folder" in capsys.readouterr().err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of songs: one is short, one has no sound, one is hidden."""
    folder = tmp_path / "songs"
    folder.mkdir()
    compose(folder / "a" / "Ann - Short - Songs.wav", 0.3)
    (folder / "Bob - Long - Songs.mp3").touch()
    (folder / ".hidden.mp3").touch()
    return folder


async def test_a_machine_plays_by_waiting(house: House, folder: Path) -> None:
    """It serves its folder, tells lengths, plays one song after the other, and is skipped."""
    command = karaoke(
        *("play", "--folder", str(folder), "--server", house.url("")),
        *("--room", "Tea", "--secret", SECRET, "--seconds", "900"),
    )
    async with started(*command) as machine, visitor(house) as guest:
        assert "2 songs" in await machine.writes("^Room Tea, secret pssst")
        await guest.enters(admin=True)
        while True:
            await guest.says("search", {"query": ""})
            songs = (await guest.hears("search-results"))["results"]
            if songs:
                break
        idents = [song["ident"] for song in songs]
        assert idents == ["Bob - Long - Songs.mp3", "a/Ann - Short - Songs.wav"]
        short = {"performer": "ann\x1b", "source": "files", "ident": idents[1]}
        await guest.says("append", short)
        await machine.writes(r"^Playing for ann\?: Short, 0\.3 s\.")
        long = {"performer": "bob", "source": "files", "ident": idents[0]}
        await guest.says("append", long)
        await machine.writes(r"^Playing for bob: Long, 900 s\.")
        await guest.says("skip-current")
        await machine.writes(r"^Skipped: Long\.")
        await guest.says("get-state")
        while True:
            state = await guest.hears("state")
            if len(state["recent"]) == 2:
                break
        assert performers(state, "recent") == ["ann\x1b", "bob"]
        assert state["recent"][1]["duration"] == 900
        assert await machine.is_stopped() == 0


async def test_a_machine_that_is_refused_ends(house: House, folder: Path) -> None:
    """It says why, and the status tells of it."""
    async with visitor(house) as other:
        await other.registers()
        command = karaoke("play", "--folder", str(folder), "--server", house.url(""))
        async with started(*command, "--room", "Tea") as machine:
            await machine.writes("refuses")
            assert await machine.ends() == 1


async def test_a_machine_with_a_key_is_let_in(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that was made for a private server opens it."""
    file = tmp_path / "keys"
    assert main(["key", "--file", str(file)]) == 0
    key = capsys.readouterr().out.strip()
    async with opened(registration_keyfile=str(file)) as house:
        command = karaoke("play", "--folder", str(folder), "--server", house.url(""))
        async with started(*command, "--key", key) as machine:
            await machine.writes(r"^Room \w{4}, secret")
