"""The house has floors: a module imports only from lower floors or its own folder."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
FLOORS = {
    **dict.fromkeys(("wire", "settings", "launch"), 1),
    **dict.fromkeys(("rooms", "journal", "calls"), 2),
    **dict.fromkeys(("utils", "lines", "terminal"), 3),
    **dict.fromkeys(("chat", "karaoke", "client"), 4),
    **dict.fromkeys(("doors", "bots"), 5),
    **dict.fromkeys(("server",), 6),
}
CLIENTS = {"calls", "terminal", "client", "bots", "client_echo_example"}
BOTH = {"wire"}
OUTSIDE = {"tests", "benchmarks", "docs", "torture"}  # they look at all of it


def folder(module: str) -> str:
    """Return the folder, or root module, to which a module belongs."""
    return module.partition(".")[0]


def modules(house: Path) -> Iterator[tuple[str, Path]]:
    """Yield every module of the house with its file, but for what stands outside."""
    for path in sorted(house.rglob("*.py")):
        parts = path.relative_to(house).with_suffix("").parts
        if parts[0] not in OUTSIDE and not any(part.startswith(".") for part in parts):
            yield ".".join(parts), path


def imports(module: str, source: str) -> Iterator[str]:
    """Yield what a module imports, also within functions and for type checkers only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            yield ".".join([*above, node.module or ""])


def violations(house: Path) -> list[str]:
    """Return each import that does not go down, and each module that has no floor."""
    found = []
    ours = {folder(module) for module, _path in modules(house)}
    for module, path in modules(house):
        here = folder(module)
        for imported in imports(module, path.read_text()):
            there = folder(imported)
            if there not in ours | OUTSIDE or there == here:
                continue
            sides = {side in CLIENTS for side in (here, there) if side not in BOTH}
            floors = FLOORS.get(here, 99), FLOORS.get(there, 99)
            if floors[1] >= floors[0] or len(sides) > 1:
                found.append(f"{module} imports {imported}")
        if here not in FLOORS and here not in CLIENTS:
            found.append(f"{here} has no floor")
    return found


def test_imports_only_go_down() -> None:
    """No module of the house imports from its own floor or above, but from its own folder."""
    assert violations(HOUSE) == []


def test_every_folder_of_the_house_was_read() -> None:
    """The test looks at what is there, so that it cannot pass by looking at nothing."""
    read = {folder(module) for module, _path in modules(HOUSE)}
    assert {"wire", "rooms", "journal", "lines", "chat", "utils", "server", "settings"} <= read
    assert dict(modules(HOUSE))["wire.frames"] == HOUSE / "wire" / "frames.py"
    assert "wire.errors" in set(imports("wire.frames", (HOUSE / "wire/frames.py").read_text()))


@pytest.mark.parametrize(
    ("path", "line", "violation"),
    [
        ("wire/frames.py", "from rooms.room import Room", "wire.frames imports rooms.room"),
        ("rooms/room.py", "import journal.spine", "rooms.room imports journal.spine"),
        ("rooms/room.py", "import os, utils", "rooms.room imports utils"),
        ("lines/line.py", "import utils", "lines.line imports utils"),
        ("journal/spine.py", "def f():\n    import server", "journal.spine imports server"),
        (
            "chat/session.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from doors import gate",
            "chat.session imports doors",
        ),
        ("chat/session.py", "from tests.rooms import peers", "chat.session imports tests.rooms"),
        ("server.py", "import client", "server imports client"),
        ("bots/math_bot.py", "from utils import enter", "bots.math_bot imports utils"),
        ("client.py", "import settings", "client imports settings"),
        ("settings.py", "from wire.names import fold", "settings imports wire.names"),
        ("attic/ghost.py", "", "attic has no floor"),
    ],
)
def test_a_planted_violation_is_found(path: str, line: str, violation: str, tmp_path: Path) -> None:
    """An import upwards, sideways or to the other side is named, wherever it stands."""
    for module, _path in modules(HOUSE):
        copy = tmp_path / (module.replace(".", "/") + ".py")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    planted = tmp_path / path
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(line)
    assert violations(tmp_path) == [violation]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("rooms/room.py", "from wire.names import fold\nimport json, rooms.peer"),
        ("rooms/room.py", "from . import peer\nfrom .batch import Batch"),
        ("doors/telnet.py", "from chat.session import Session\nfrom rooms.room import Room"),
        ("bots/running.py", "import client\nfrom calls.call import Call\nfrom wire import names"),
        ("chat/actions.py", "import utils\nfrom chat import limits"),
        ("tests/test_x.py", "import server, client"),
    ],
)
def test_what_goes_down_is_no_violation(path: str, line: str, tmp_path: Path) -> None:
    """Lower floors, one's own folder, and what others wrote are free to be imported."""
    for module, _path in modules(HOUSE):
        copy = tmp_path / (module.replace(".", "/") + ".py")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    planted = tmp_path / path
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(line)
    assert violations(tmp_path) == []
