"""A real browser, a real server process, and somebody at a page."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

HOME = Path(__file__).parents[2]
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]
# What a browser says by itself when a server is away; our page says it in its own way.
NETWORK = re.compile("WebSocket connection to|Failed to load resource")


class House:
    """The server as a process of its own, with a log that outlives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.options: list[str] = ["--messages-per-second", "0"]
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Return where the page is."""
        return f"http://127.0.0.1:{self.port}"

    def opens(self, *options: str) -> None:
        """Start, on the port of the first time."""
        self.options = [*options] or self.options
        command = [sys.executable, str(HOME / "server.py"), "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--telnet-port", "0", "--log-level", "warning"]
        command += ["--data", str(self.folder / "log.db"), "--connections-per-address", "0"]
        environment = {name: value for name, value in os.environ.items() if "ROOMFUL" not in name}
        self.process = subprocess.Popen(  # noqa: S603 - it is our own server
            [*command, *self.options],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
            if "Ctrl-C" in line:
                return
        raise AssertionError("the server did not start")

    def dies(self) -> None:
        """Kill it without a warning."""
        self._ends(signal.SIGKILL)

    def closes(self) -> None:
        """Stop it as one should."""
        self._ends(signal.SIGTERM)

    def _ends(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.communicate()
            self.process = None


class Somebody:
    """A person with a browser of their own, at the page."""

    def __init__(self, context: BrowserContext, url: str, page: Page | None = None) -> None:
        self.context = context
        self.url = url
        self.page = page or context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda line: self._hear(line.type, line.text))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not NETWORK.search(text):
            self.faults.append(text)

    @property
    def log(self) -> Locator:
        """Return where messages are."""
        return self.page.get_by_role("log", name="Messages")

    @property
    def box(self) -> Locator:
        """Return where one writes."""
        return self.page.get_by_role("textbox", name="Message")

    @property
    def people(self) -> Locator:
        """Return the list of people."""
        return self.page.get_by_role("list", name="People", include_hidden=True)

    @property
    def rooms(self) -> Locator:
        """Return the list of rooms."""
        return self.page.get_by_role("list", name="Rooms")

    @property
    def texts(self) -> list[str]:
        """Return what was said, in order."""
        return self.log.locator(".text").all_inner_texts()

    def goes(self, path: str = "/") -> None:
        """Open the page and wait until one is in the room."""
        self.page.goto(self.url + path)
        self.is_in()

    def is_in(self) -> None:
        """Wait until one is in the room."""
        expect(self.page.locator(".self")).to_be_attached()
        expect(self.log.locator(".top")).not_to_contain_text("Connecting")

    def is_called(self, nick: str) -> None:
        """Take a nick, where it stands."""
        self.page.get_by_role("button", name="Change name").click()
        self.page.get_by_role("textbox", name="Your name").fill(nick)
        self.page.keyboard.press("Enter")

    def joins(self, room: str) -> None:
        """Enter a room by its name."""
        self.page.get_by_role("textbox", name="Room").fill(room)
        self.page.get_by_role("button", name="Join").click()

    def says(self, text: str) -> None:
        """Say something, and do not wait until it is stored."""
        self.box.fill(text)
        self.page.get_by_role("button", name="Send").click()

    def hears(self, text: str) -> None:
        """Wait until something was said, once, and is stored."""
        said = self.log.locator(".row:not([data-state=pending], [data-state=failed]) .text")
        expect(said.get_by_text(text, exact=True).or_(said.filter(has_text=text))).to_have_count(1)

    def sees(self, *nicks: str) -> None:
        """Wait until these people are listed."""
        expect(self.people.locator("bdi")).to_have_text(list(nicks))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium, or else the one that playwright brought."""
    with sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome")
        path = next(filter(None, map(shutil.which, names)), playwright.chromium.executable_path)
        if not Path(path).exists():
            pytest.fail(
                "There is no Chromium for the tests of the page. Install one with\n"
                "    apt-get install chromium\nor\n"
                "    .venv/bin/python -m playwright install --with-deps chromium",
                pytrace=False,
            )
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=path, args=QUIET + sandbox) as browser:
            yield browser


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Open a house without a limit on requests."""
    house = House(tmp_path)
    house.opens()
    yield house
    house.dies()


@pytest.fixture
def comes(browser: Browser, house: House) -> Iterator[Callable[..., Somebody]]:
    """Let somebody come to a page under a name; see in the end that no page had a fault."""
    everybody: list[Somebody] = []

    def come(nick: str = "", path: str = "/", **options: Any) -> Somebody:  # noqa: ANN401
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        somebody = Somebody(context, house.url)
        everybody.append(somebody)
        somebody.goes(path)
        if nick:
            somebody.is_called(nick)
            expect(somebody.page.locator(".self bdi")).to_have_text(nick)
        return somebody

    expect.set_options(timeout=10_000)
    yield come
    for somebody in everybody:
        somebody.context.close()
    assert not [fault for somebody in everybody for fault in somebody.faults]
