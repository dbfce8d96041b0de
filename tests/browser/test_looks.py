from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.browser.conftest import House, Somebody
from tests.browser.crowd import talk

Comes = Callable[..., Somebody]


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(comes: Comes, house: House, width: int) -> None:
    """Axe finds nothing, in light and dark, whatever there is to see."""
    talk(house.port, "bob", "hello @ann", "https://example.org/")
    viewport = {"width": width, "height": 700}
    ann = comes("ann", viewport=viewport)
    talk(house.port, "carl", "hi ann", "x" * 500)
    ann.hears("hi ann")
    ann.box.fill("@")
    states: list[Callable[[], Any]] = [
        lambda: None,
        lambda: ann.page.get_by_role("button", name="Change name").click(),
        house.dies,
    ]
    if width < 700:
        states.insert(1, lambda: ann.page.get_by_role("button", name="People").click())
        states.insert(2, lambda: ann.page.keyboard.press("Escape"))
    for reach in states:
        reach()
        for scheme in ("light", "dark"):
            ann.page.emulate_media(color_scheme=scheme)
            found = Axe().run(ann.page).response["violations"]
            assert not [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def test_everything_fits(comes: Comes, house: House) -> None:
    """Nothing sticks out to the side, whatever is said, from a phone to a wide screen."""
    talk(house.port, "W" * 32, "W" * 400, "https://example.org/" + "x" * 300, room="W" * 64)
    ann = comes("M" * 32, "/" + "W" * 64)
    ann.hears("https")
    for width in (320, 768, 1440):
        ann.page.set_viewport_size({"width": width, "height": 600})
        for selector in ("body", ".log", ".bar", ".foot"):
            box = ann.page.locator(selector)
            assert box.evaluate("node => node.scrollWidth - node.clientWidth") <= 0, selector
        for name in ("Send", "Change name"):
            expect(ann.page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


def test_nothing_shifts(comes: Comes, house: House) -> None:
    """What arrives moves nothing that stands, and one who reads at the end stays there."""
    ann = comes("ann")
    ann.page.evaluate(
        """() => {
            window.shifts = 0;
            new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) window.shifts += entry.value;
            }).observe({ type: 'layout-shift' });
        }"""
    )
    talk(house.port, "bob", *(f"line {number}" for number in range(60)))
    ann.hears("line 59")
    expect(ann.log.get_by_text("line 59", exact=True)).to_be_in_viewport()
    assert ann.page.evaluate("window.shifts") < 0.01


def test_long_history_scrolls(comes: Comes, house: House) -> None:
    """5,000 messages come as one scrolls up; what one reads stays where it is."""
    talk(house.port, "bob", *(f"line {number}" for number in range(5000)))
    ann = comes("ann")
    ann.hears("line 4999")
    jumps = ann.page.evaluate(
        """async () => {
            const log = document.querySelector('[role=log]');
            const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
            const jumps = [];
            let longest = 0;
            for (let turns = 0; turns < 3000 && !log.textContent.includes('begins'); turns++) {
                const { left, top } = log.getBoundingClientRect();
                const row = document.elementFromPoint(left + 90, top + 200).closest('.row');
                const before = row?.getBoundingClientRect().top;
                const by = Math.min(700, log.scrollTop);
                log.scrollTop -= by;
                const begun = performance.now();
                await frame();
                await frame();
                longest = Math.max(longest, performance.now() - begun);
                const moved = row ? row.getBoundingClientRect().top - before - by : 0;
                if (Math.abs(moved) > 40) jumps.push(moved);
            }
            return { jumps, rows: log.querySelectorAll('.row').length, longest };
        }"""
    )
    assert jumps["rows"] == 5000
    assert jumps["jumps"] == []
    assert ann.texts == [f"line {number}" for number in range(5000)]
    talk(house.port, "bob", "while reading")
    expect(ann.page.get_by_role("button", name="1 new message")).to_be_visible()
    ann.page.get_by_role("button", name="1 new message").click()
    expect(ann.log.get_by_text("while reading")).to_be_in_viewport()
    expect(ann.page.get_by_role("button", name="new message")).to_be_hidden()


def test_history_is_not_read_aloud(comes: Comes, house: House) -> None:
    """What was said before stands where a screen reader is not told of it, what comes now not."""
    talk(house.port, "bob", "before")
    ann = comes("ann")
    talk(house.port, "bob", "now")
    ann.hears("now")
    expect(ann.log.locator("[aria-live=off] .text")).to_have_text(["before"])
    expect(ann.log).not_to_have_attribute("aria-live", "off")
    assert ann.log.locator("[aria-live=off]").get_by_text("now").count() == 0


def test_whole_use_by_keyboard(comes: Comes) -> None:
    """Without a mouse one changes the name, joins a room, talks, and comes back."""
    ann = comes(viewport={"width": 400, "height": 700})
    keyboard = ann.page.keyboard

    def reach(name: str) -> None:
        for _ in range(30):
            keyboard.press("Tab")
            focused = ann.page.locator(":focus")
            if focused.count() and focused.and_(ann.page.get_by_text(name)).count():
                return
        raise AssertionError(f"{name} cannot be reached")

    reach("Change name")
    keyboard.press("Enter")
    keyboard.type("ann")
    keyboard.press("Enter")
    reach("Rooms")
    keyboard.press("Enter")
    room = ann.page.get_by_role("textbox", name="Room")
    expect(room).to_be_visible()
    while not room.evaluate("node => node === document.activeElement"):
        keyboard.press("Tab")
    keyboard.type("garden")
    keyboard.press("Enter")
    expect(room).to_be_hidden()
    ann.box.focus()
    keyboard.type("here I am")
    keyboard.press("Enter")
    ann.hears("here I am")
    expect(ann.log.locator(".who")).to_have_text("ann")
