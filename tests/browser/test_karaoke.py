"""A room with a song queue, in browsers of guests and of an admin, beside a machine that plays."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, WebSocket, expect

from tests.browser.conftest import HOME, House, Somebody
from tests.browser.crowd import Way

Comes = Callable[..., Somebody]

SECRET = "pssst"  # noqa: S105 - it is one, for a test
LENGTH = 600  # seconds that a song is played
EVIL = "<img src=x onerror=alert(1)>"
SONGS = (
    "Abe - Waterloo - Gold",
    "Abe - Fernando - Gold",
    "Cid - Africa - IV",
    f"<b>X - {EVIL} - y",
)
WEIGHT = 27_000  # bytes that the panel of songs may have


class Guest:
    """Somebody at a page with songs."""

    def __init__(self, somebody: Somebody) -> None:
        self.somebody = somebody
        self.page = somebody.page
        self.singer = self.page.get_by_role("textbox", name="Singer")
        self.box = self.page.get_by_role("searchbox", name="Search songs", include_hidden=True)
        self.results = self.page.get_by_role("list", name="Results")
        self.queue = self.page.get_by_role("list", name="Queue")
        self.waiting_room = self.page.get_by_role("list", name="Waiting room")
        self.told = self.page.locator(".told")
        expect(self.box).to_be_attached()

    def searches(self, text: str, *titles: str) -> None:
        """Type into the box, and see which songs are found."""
        self.box.fill(text)
        expect(self.results.locator("b")).to_have_text(list(titles))

    def adds(self, singer: str, title: str) -> None:
        """Look for a song and add it."""
        self.singer.fill(singer)
        self.searches(title, title)
        self.results.get_by_role("button", name="Add").click()

    def sees(self, *performers: str, where: Locator | None = None) -> None:
        """Wait until these people are in the queue, in this order."""
        expect((where or self.queue).locator("bdi")).to_have_text(list(performers))

    def clicks(self, name: str) -> None:
        """Click a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def does(self, name: str, title: str, where: Locator | None = None) -> None:
        """Click a button that a song has."""
        item = (where or self.queue).get_by_role("listitem").filter(has_text=title)
        item.get_by_role("button", name=name, exact=True).click()

    def becomes_admin(self, secret: str = SECRET) -> None:
        """Give the secret."""
        if not self.page.get_by_label("Secret").is_visible():
            self.clicks("Admin")
        self.page.get_by_label("Secret").fill(secret)
        self.page.keyboard.press("Enter")

    def sets(self, **fields: str) -> None:
        """Change the settings."""
        for label, value in fields.items():
            field = self.page.get_by_label(label.replace("_", " "))
            (field.select_option if label.startswith("Who") else field.fill)(value)
        self.clicks("Save")
        expect(self.told).to_have_text("The settings are saved.")

    def has_no_fault(self, states: Sequence[str] = ("light", "dark")) -> None:
        """See that axe finds nothing."""
        for scheme in states:
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = Axe().run(self.page).response["violations"]
            assert not [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@contextmanager
def playing(house: House, folder: Path, room: str = "Tea") -> Iterator[None]:
    """Let a machine play in a room for as long as the block lasts."""
    command = [sys.executable, "-m", "karaoke", "play", "--folder", str(folder)]
    command += ["--server", house.url, "--room", room, "--secret", SECRET]
    command += ["--seconds", str(LENGTH)]
    with subprocess.Popen(  # noqa: S603 - it is our own
        command, cwd=HOME, stdout=subprocess.PIPE, text=True
    ) as machine:
        try:
            assert machine.stdout is not None
            assert "songs" in machine.stdout.readline()
            yield
        finally:
            machine.kill()


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    """Return a folder of songs."""
    folder = tmp_path / "songs"
    folder.mkdir()
    for song in SONGS:
        (folder / f"{song}.mp3").touch()
    return folder


@pytest.fixture
def evening(house: House, songs: Path) -> Iterator[None]:
    """Let a machine play in the room Tea."""
    with playing(house, songs):
        yield


@pytest.mark.usefixtures("evening")
def test_a_song_is_found_and_sung(comes: Comes) -> None:
    """Results come as one types; a song goes into the queue, and who looks on sees it."""
    ann, bob = Guest(comes("ann", "/Tea")), Guest(comes("bob", "/tea"))
    ann.box.press_sequentially("wat")
    expect(ann.results.locator("b")).to_have_text(["Waterloo"])
    ann.searches("abe", "Fernando", "Waterloo")
    ann.searches("nothing of the kind")
    expect(ann.page.get_by_text("No such song here.")).to_be_visible()
    ann.adds("Ann", "Waterloo")
    expect(ann.told).to_have_text("\u201cWaterloo\u201d by Abe is in the queue.")
    for guest in (ann, bob):
        guest.sees("Ann")
        expect(guest.queue.locator(".when")).to_have_text("Now")
    bob.adds("Bob", "Africa")
    ann.sees("Ann", "Bob")
    bob.somebody.hears('Now: Ann with "Waterloo" by Abe.')
    ann.page.reload()
    expect(ann.singer).to_have_value("Ann")
    ann.sees("Ann", "Bob")


@pytest.mark.usefixtures("evening")
def test_who_sings_is_asked(comes: Comes) -> None:
    """Without a name nothing is added; the name is asked for where one writes it."""
    ann = Guest(comes("ann", "/Tea"))
    ann.adds("", "Waterloo")
    expect(ann.told).to_have_text("Who sings? Write a name first.")
    expect(ann.singer).to_be_focused()
    expect(ann.page.get_by_text("Nobody is in the queue.")).to_be_visible()


def _starts(guest: Guest) -> list[float]:
    times = guest.queue.locator("time[datetime]").all()
    return [
        datetime.fromisoformat(each.get_attribute("datetime") or "").timestamp() for each in times
    ]


@pytest.mark.usefixtures("evening")
def test_start_times(comes: Comes) -> None:
    """A song is expected after all before it, with the pause and a second after each."""
    ann = Guest(comes("ann", "/Tea"))
    times = ann.page.evaluate(
        """async () => {
            const { startTimes } = await import('/assets/karaoke/times.js');
            const lengths = (...all) => all.map((duration) => ({ duration }));
            return [
                startTimes([{ duration: 60, started_at: 1000 }, ...lengths(90, 30)], 3, 1010),
                startTimes([{ duration: 60, started_at: 1000 }, ...lengths(90)], 3, 1100),
                startTimes(lengths(60, 90), 0, 1000),
                startTimes([], 3, 1000),
            ];
        }"""
    )
    assert times == [[1000, 1064, 1158], [1000, 1100], [1000, 1061], []]
    for singer, title in (("Ann", "Waterloo"), ("Bob", "Africa"), ("Cid", "Fernando")):
        ann.adds(singer, title)
        expect(ann.queue.locator("bdi").last).to_have_text(singer)
    expect(ann.queue.locator("time[datetime]")).to_have_count(2)
    for _ in range(100):  # until the machine has told the lengths
        second, third = _starts(ann)
        if third - second == pytest.approx(LENGTH + 4, abs=0.01):
            return
        time.sleep(0.1)
    raise AssertionError(third - second)


@pytest.mark.usefixtures("evening")
def test_one_may_wait(comes: Comes) -> None:
    """Who is queued already is asked whether to wait; forced ones have no other way."""
    ann, admin = Guest(comes("ann", "/Tea")), Guest(comes("cid", "/Tea"))
    admin.becomes_admin()
    admin.sets(Who_is_queued_already="optional")
    ann.adds("Ann", "Waterloo")
    ann.sees("Ann")
    ann.adds("ann", "Africa")
    question = ann.page.get_by_role("group", name="Wait for your turn?")
    expect(question).to_contain_text(
        "Ann is in the queue already, with \u201cWaterloo\u201d by Abe."
    )
    expect(question.get_by_role("button", name="Wait")).to_be_focused()
    ann.has_no_fault()
    ann.clicks("Wait")
    expect(ann.told).to_have_text("\u201cAfrica\u201d by Cid is in the waiting room.")
    for guest in (ann, admin):
        guest.sees("ann", where=guest.waiting_room)
    ann.adds("ann", "Fernando")
    ann.clicks("Sing anyway")
    admin.sees("Ann", "ann")
    admin.sets(Who_is_queued_already="forced")
    ann.adds("ann", "Fernando")
    expect(question.get_by_role("button", name="Wait")).to_be_visible()
    expect(question.get_by_role("button", name="Sing anyway")).to_have_count(0)
    ann.clicks("Not now")
    expect(question).to_be_hidden()
    admin.does("To the queue", "Africa", admin.waiting_room)
    ann.sees("Ann", "ann", "ann")
    expect(ann.waiting_room).to_be_hidden()


@pytest.mark.usefixtures("evening")
def test_an_admin_orders(comes: Comes) -> None:
    """After the secret one moves and skips songs; who has no secret sees no such buttons."""
    ann, admin = Guest(comes("ann", "/Tea")), Guest(comes("cid", "/Tea"))
    for singer, title in (("A", "Waterloo"), ("B", "Africa"), ("C", "Fernando"), ("D", EVIL)):
        ann.adds(singer, title)
        expect(ann.queue.locator("bdi").last).to_have_text(singer)
    admin.becomes_admin("wrong")
    expect(admin.told).to_have_text("That is not the secret.")
    expect(admin.queue.get_by_role("button")).to_have_count(0)
    admin.becomes_admin()
    expect(admin.queue.get_by_role("button", name="Move up")).to_have_count(2)
    admin.does("Move up", EVIL)
    ann.sees("A", "B", "D", "C")
    expect(
        admin.queue.get_by_role("listitem").nth(2).get_by_role("button", name="Move up")
    ).to_be_focused()
    admin.does("Skip", "Africa")
    ann.sees("A", "D", "C")
    admin.does("Skip current", "Waterloo")
    ann.sees("D", "C")
    expect(ann.queue.locator(".when").first).to_have_text("Now")
    ann.page.get_by_text("Recent songs").click()
    ann.sees("A", where=ann.page.get_by_role("list", name="Recent songs"))
    expect(ann.queue.get_by_role("button")).to_have_count(0)


@pytest.mark.usefixtures("evening")
def test_settings(comes: Comes) -> None:
    """Settings that are saved come back; the secret stays, and no song starts too late."""
    admin = Guest(comes("cid", "/Tea"))
    admin.becomes_admin()
    pause = admin.page.get_by_label("Seconds between songs")
    expect(pause).to_have_value("3")
    admin.sets(Seconds_between_songs="7", No_song_starts_after="2001-02-03T04:05")
    admin.adds("Ann", "Waterloo")
    expect(admin.told).to_contain_text("The queue is full: no song starts after")
    admin.page.reload()
    admin.becomes_admin()
    expect(pause).to_have_value("7")
    expect(admin.page.get_by_label("No song starts after")).to_have_value("2001-02-03T04:05")


@pytest.mark.usefixtures("evening")
def test_markup_in_songs_stays_text(comes: Comes) -> None:
    """Titles, artists and performers are shown as they were written."""
    ann = Guest(comes("ann", "/Tea"))
    dialogs: list[str] = []
    ann.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    ann.adds(EVIL, EVIL)
    ann.sees(EVIL)
    expect(ann.queue.locator("b")).to_have_text(EVIL)
    expect(ann.queue).to_contain_text("<b>X")
    expect(ann.told).to_contain_text(EVIL)
    assert ann.page.locator("img").count() == 0
    assert not dialogs


@pytest.mark.usefixtures("evening")
@pytest.mark.parametrize("width", [320, 1000, 1440])
def test_songs_fit_and_axe_finds_nothing(comes: Comes, width: int) -> None:
    """In light and dark, on a phone in a drawer, nothing is wrong and nothing sticks out."""
    ann = Guest(comes("ann", "/Tea", viewport={"width": width, "height": 700}))
    if width < 500:
        expect(ann.box).to_be_hidden()
        ann.clicks("Songs")
    ann.adds("W" * 50, EVIL)
    ann.adds("x", "Africa")
    ann.sees("W" * 50, "x")
    ann.becomes_admin()
    ann.searches("abe", "Fernando", "Waterloo")
    expect(ann.queue.get_by_role("button").first).to_be_visible()
    ann.has_no_fault()
    for selector in ("body", "#songs", ".bar"):
        box = ann.page.locator(selector)
        assert box.evaluate("node => node.scrollWidth - node.clientWidth") <= 0, selector
    if width < 500:
        ann.clicks("Close")
        expect(ann.box).to_be_hidden()
        ann.has_no_fault()


def test_only_a_room_with_songs_has_a_line_for_them(
    comes: Comes, house: House, songs: Path
) -> None:
    """Another room asks once and hangs up; it shows no songs, also after a room that has some."""
    ann = comes("ann")
    lines: list[WebSocket] = []
    ann.page.on("websocket", lambda line: lines.append(line) if "socket.io" in line.url else None)
    ann.joins("garden")
    expect(ann.page.get_by_role("heading", level=1)).to_have_text("garden")
    with playing(house, songs):
        ann.joins("Tea")
        expect(Guest(ann).box).to_be_visible()
        ann.joins("pond")
        expect(ann.page.get_by_role("searchbox")).to_be_hidden()
        expect(ann.page.get_by_role("button", name="Songs")).to_be_hidden()
    for _ in range(100):
        if len(lines) == 4 and all(line.is_closed() for line in lines):
            break
        ann.page.wait_for_timeout(100)
    assert [line.is_closed() for line in lines] == [True] * 4  # garden, Tea, its songs, pond


@pytest.mark.usefixtures("evening")
def test_songs_come_back(comes: Comes, house: House) -> None:
    """After a restart of the server the queue is there again, and an admin still one."""
    ann = Guest(comes("ann", "/Tea"))
    ann.becomes_admin()
    ann.adds("Ann", "Waterloo")
    ann.sees("Ann")
    house.dies()
    expect(ann.told).to_contain_text("Offline")
    house.opens()
    expect(ann.told).not_to_contain_text("Offline", timeout=20_000)
    ann.sees("Ann")
    expect(ann.queue.get_by_role("button", name="Skip current")).to_be_visible()


@pytest.mark.usefixtures("evening")
def test_songs_under_a_prefix(comes: Comes, house: House) -> None:
    """Behind a proxy songs are found under the proxy's own path."""
    ann = comes("ann")
    with Way(house.port).serving() as way:
        bob = Somebody(ann.context, f"http://127.0.0.1:{way.port}/a/prefix")
        bob.goes("/Tea")
        Guest(bob).adds("Bob", "Africa")
        Guest(bob).sees("Bob")
        bob.page.close()
        assert not bob.faults


@pytest.mark.usefixtures("evening")
def test_the_panel_is_light_and_alone(comes: Comes, house: House) -> None:
    """All that songs need is in one folder of less than 27 kB, and comes from nowhere else."""
    files = [path for path in (HOME / "browser" / "assets" / "karaoke").iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < WEIGHT
    ann = Guest(comes("ann", "/Tea"))
    script = "performance.getEntriesByType('resource').map(({name}) => name)"
    entries = ann.page.evaluate(script)
    loaded = {entry.rpartition("/")[2] for entry in entries if "/karaoke/" in entry}
    assert loaded == {path.name for path in files}
    assert all(re.match(re.escape(house.url), entry) for entry in entries)
