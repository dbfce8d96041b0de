"""The public program's own page, served by us from where that program is installed."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import House
from tests.browser.test_karaoke import SECRET, playing
from tests.karaoke.syng import installed

pytestmark = pytest.mark.timeout(300)  # the program is installed first

TITLES = ("Waterloo", "Fernando", "Africa")


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[House]:
    """Serve that page, and let a machine play in the room Tea."""
    with ThreadPoolExecutor(1) as thread:  # the browser has a loop in this one
        programs = thread.submit(lambda: asyncio.run(installed())).result()
    (static,) = programs.parent.glob("lib/python3*/site-packages/syng/static")
    songs = tmp_path / "songs"
    songs.mkdir()
    for title in TITLES:
        (songs / f"Abe - {title} - Gold.mp3").touch()
    house = House(tmp_path)
    house.opens("--messages-per-second", "0", "--root-folder", str(static))
    with playing(house, songs):
        yield house
    house.dies()


@pytest.fixture
def page(browser: Browser, evening: House) -> Iterator[Page]:
    """Open the room's address; see in the end that the page had no fault."""
    faults: list[str] = []
    with browser.new_context() as context:
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{evening.url}/Tea")
        yield page
    assert not faults


def enters(page: Page, name: str, secret: str = "") -> None:
    """Answer what the page asks first."""
    asked = page.get_by_role("dialog")
    expect(asked.get_by_role("textbox", name="Room code")).to_have_value("Tea")
    asked.get_by_role("textbox", name="Name", exact=True).fill(name)
    if secret:
        asked.get_by_role("link", name="Advanced").click()
        asked.get_by_role("textbox", name="Admin password").fill(secret)
    asked.get_by_role("button", name="Connect").click()
    expect(asked).to_be_hidden()


def adds(page: Page, title: str) -> None:
    """Search a song and add it."""
    box = page.get_by_role("searchbox")
    box.fill(title)
    box.press("Enter")
    found = page.locator("#search-results li:visible")
    expect(found.locator(".title")).to_have_text([title])
    found.get_by_role("button").click()


def sees(page: Page, *titles: str) -> None:
    """Wait until the queue shows these songs, in this order."""
    expect(page.locator("#queue li:visible .title")).to_have_text(list(titles))


def test_a_guest_at_the_public_page_adds_a_song(page: Page) -> None:
    """A guest finds a song, adds it, and the queue shows it with the guest's name."""
    enters(page, "Ann")
    adds(page, "Waterloo")
    sees(page, "Waterloo")
    expect(page.locator("#queue li:visible .performer")).to_have_text(["Ann"])


def test_an_admin_at_the_public_page_moves_and_skips(page: Page) -> None:
    """Who gives the secret moves a song up, and takes one out of the queue."""
    enters(page, "Ann", SECRET)
    for number, title in enumerate(TITLES, 1):
        adds(page, title)
        sees(page, *TITLES[:number])
    song = page.locator("#queue li:visible")
    song.filter(has_text="Africa").locator("button.warning").click()
    sees(page, "Waterloo", "Africa", "Fernando")
    song.filter(has_text="Africa").locator("button.alert").click()
    sees(page, "Waterloo", "Fernando")
