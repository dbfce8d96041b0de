"""What the program says when it cannot be started: one line, and status 2; or cannot go on."""

import asyncio
import secrets
import socket
import sqlite3
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.program import LOCAL, ROOT, Program, fails, run, started


@pytest.mark.parametrize(
    "flags",
    [
        ["--port", "x"],
        ["--port", "65536"],
        ["--telnet-port", "99999"],
        ["--messages-per-second", "-1"],
        ["--messages-per-second", "nan"],
        ["--connections-per-address", "many"],
        ["--allow-origin", "example.org"],
        ["--log-level", "loud"],
        ["--nonsense"],
    ],
    ids=" ".join,
)
async def test_a_flag_that_cannot_be_is_named(flags: list[str]) -> None:
    """A wrong flag is named in one line."""
    assert flags[0] in await fails(*flags)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ROOMFUL_PORT", "x"),
        ("ROOMFUL_MESSAGES_PER_SECOND", "fast"),
        ("ROOMFUL_ALLOW_ORIGIN", "https://a.example nonsense"),
    ],
)
async def test_a_variable_that_cannot_be_is_named(variable: str, value: str) -> None:
    """A wrong variable of the environment is named in one line."""
    assert f"{variable}={value}" in await fails(**{variable: value})


async def test_a_taken_port_is_named() -> None:
    """A port that another program has is named in one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        complaint = await fails("--host", "127.0.0.1", "--port", port, "--data", ":memory:")
    assert f"Port {port} on 127.0.0.1 is taken" in complaint


@pytest.mark.parametrize(
    "host", ["nowhere.invalid", "192.0.2.1", "a..b", "x" * 64, "\udcff", "127.0.0.1:80"], ids=ascii
)
async def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    """An address at which nobody can listen is named in one line."""
    complaint = await fails("--host", host, "--port", "0", "--data", ":memory:")
    assert "--host" in complaint or "192.0.2.1" in complaint


@pytest.mark.parametrize("name", ["", "/", ".", "no/such/folder/log.db", "folder"])
async def test_a_log_that_cannot_be_made_is_named(tmp_path: Path, name: str) -> None:
    """A path where no file can be is named in one line."""
    (tmp_path / "folder").mkdir()
    path = str(tmp_path / name) if name in ("folder", "no/such/folder/log.db") else name
    assert "The log" in await fails(*LOCAL, "--data", path)


FOREIGN = [b"nonsense" * 1000, b"SQLite format 3\0" + bytes(4096), b"notes " * 50]


@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
async def test_a_file_that_is_no_log_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """A file of another kind is named in one line, and stays as it is."""
    path = tmp_path / "log.db"
    path.write_bytes(content)
    assert str(path) in await fails(*LOCAL, "--data", str(path))
    assert path.read_bytes() == content


async def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """A database with foreign tables is named in one line, and stays as it is."""
    path = tmp_path / "log.db"
    db = sqlite3.connect(path)
    db.execute("create table message (seq integer primary key)")
    db.commit()
    db.close()
    content = path.read_bytes()
    assert "another program" in await fails(*LOCAL, "--data", str(path))
    assert path.read_bytes() == content


async def full_log(path: Path) -> None:
    """Write a log of some hundred messages, and close it."""
    async with started(path, "--messages-per-second", "0") as program:
        ann = await program.lets_in("ann")
        for number in range(300):
            await ann.does("chat_message", message=f"{number} " + "x" * 200)
        await ann.leaves()
        program.process.terminate()
        assert await program.ends() == (0, "")


async def test_a_log_with_a_hole_in_it_is_named(tmp_path: Path) -> None:
    """A log whose pages were overwritten behind the first is named in one line."""
    path = tmp_path / "log.db"
    await full_log(path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + secrets.token_bytes(len(content) - 4096))
    assert str(path) in await fails(*LOCAL, "--data", str(path))


async def test_a_log_that_lost_its_end_is_named(tmp_path: Path) -> None:
    """A log that was cut off is named in one line."""
    path = tmp_path / "log.db"
    await full_log(path)
    path.write_bytes(path.read_bytes()[: 4096 * 3])
    assert str(path) in await fails(*LOCAL, "--data", str(path))


@pytest.mark.parametrize("table", ["meta", "room", "message"])
async def test_a_log_without_one_of_its_tables_is_named(tmp_path: Path, table: str) -> None:
    """A log that lacks a table is named in one line."""
    path = tmp_path / "log.db"
    await full_log(path)
    db = sqlite3.connect(path)
    db.execute(f"drop table {table}")
    db.close()
    assert str(path) in await fails(*LOCAL, "--data", str(path))


async def test_a_log_in_use_is_named(tmp_path: Path) -> None:
    """A second server on one log is told so in one line, and does not disturb the first."""
    path = tmp_path / "log.db"
    async with started(path) as program:
        ann = await program.lets_in("ann")
        await ann.does("chat_message", message="hello")
        complaint = await fails(*LOCAL, "--data", str(path))
        assert str(path) in complaint
        assert "another server" in complaint
        await ann.does("chat_message", message="still here")
        await ann.leaves()


async def test_help_is_no_failure() -> None:
    """`--help` shows every flag and ends with status 0."""
    process = await run(["--help"], {})
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    for flag in ("--host", "--port", "--data", "--allow-origin", "--messages-per-second"):
        assert flag in out.decode()


async def test_a_name_of_bytes_is_no_failure(tmp_path: Path) -> None:
    """A log whose file name is no UTF-8 is a log like any other."""
    async with started(f"{tmp_path}/caf\udce9.db") as program:
        await (await program.lets_in("ann")).leaves()


BREAKS = """
import sys
import server
from {module} import {owner}
{kind} broken(*_arguments):
    raise RuntimeError("a bug")
{owner}.{method} = broken
sys.exit(server.main())
"""


@pytest.mark.parametrize(
    ("kind", "module", "owner", "method"),
    [
        ("def", "journal.spine", "Journal", "_hand_back"),
        ("async def", "journal.spine", "Journal", "trim"),
        ("async def", "lines.heartbeat", "Lines", "watch"),
    ],
)
async def test_a_service_that_cannot_go_on_ends(
    kind: str, module: str, owner: str, method: str
) -> None:
    """A bug where everybody would wait for ever ends the service, for whoever restarts it."""
    program = BREAKS.format(kind=kind, module=module, owner=owner, method=method)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, *LOCAL, "--data", ":memory:"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with aiohttp.ClientSession() as client:
        service = Program(process, client)
        try:
            await service.opens()
            if method == "_hand_back":
                await client.ws_connect(f"http://127.0.0.1:{service.port}/chat")
            status, complaint = await service.ends()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert status == 1
    assert "The service cannot go on" in complaint
    assert "RuntimeError: a bug" in complaint
