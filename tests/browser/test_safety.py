from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import HOME, House, Somebody
from tests.browser.crowd import Way, talk

Comes = Callable[..., Somebody]

EVIL = "<img/src=x/onerror=alert(1)>"
SCRIPT = "<script>document.title='owned'</script>"


def test_markup_stays_text(comes: Comes, house: House) -> None:
    """Markup and script in names, rooms and messages are shown as they were written."""
    ann = comes("ann", "/?room=%3Cb%3Ebold%3C%2Fb%3E")
    dialogs: list[str] = []
    ann.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    talk(house.port, EVIL, SCRIPT, f"@ann {EVIL}", "javascript:alert(1)", room="<b>bold</b>")
    ann.hears(SCRIPT)
    expect(ann.log.locator(".who").first).to_have_text(EVIL)
    expect(ann.page.get_by_role("heading", level=1)).to_have_text("<b>bold</b>")
    expect(ann.rooms).to_contain_text("<b>bold</b>")
    assert ann.page.locator("img, h1 b, .log a, body script").count() == 0
    assert not dialogs
    assert "owned" not in ann.page.title()


def test_links_and_lines(comes: Comes, house: House) -> None:
    """Addresses can be clicked and tell nothing of us; line breaks and directions are kept."""
    ann = comes("ann")
    talk(
        house.port,
        "\u05d3\u05d5\u05d3",
        "see https://example.org/a_(b)?c=d&e. And (http://example.com/x), not ftp://x",
        "one\n  two",
        "\u05e9\u05dc\u05d5\u05dd world",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 ok",
    )
    ann.hears("world")
    links = ann.log.get_by_role("link")
    expect(links).to_have_text(["https://example.org/a_(b)?c=d&e", "http://example.com/x"])
    for link in links.all():
        expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    assert "one\n  two" in ann.texts
    right = ann.log.locator(".text").filter(has_text="world")
    assert right.evaluate("node => getComputedStyle(node).direction") == "rtl"
    assert ann.log.locator(".who").first.evaluate("node => node.tagName") == "BDI"


def test_the_page_is_light_and_alone(comes: Comes, house: House) -> None:
    """A chat page's files have less than 60 kB; none is of songs, and none comes from elsewhere."""
    files = [path for path in (HOME / "browser").rglob("*") if path.is_file()]
    pictures = {".ico", ".svg"}
    sizes = {path: path.stat().st_size for path in files if path.suffix not in pictures}
    of_songs = sum(size for path, size in sizes.items() if path.parent.name == "karaoke")
    assert sum(sizes.values()) - of_songs < 60_000
    ann = comes("ann")
    entries = ann.page.evaluate("performance.getEntriesByType('resource').map(({name}) => name)")
    assert len(entries) > 10
    assert all(entry.startswith(house.url) for entry in entries)
    assert not [entry for entry in entries if "/karaoke/" in entry]


def test_a_link_opens_its_room(comes: Comes) -> None:
    """The address that the page shows for a room opens that room, whatever its name."""
    ann, bob = comes("ann"), comes("bob")
    for room in ("garden", "chat", "a/b", "..", "socket.io", "\u00e9t\u00e9 50%", "x?y#z"):
        ann.joins(room)
        expect(ann.page.get_by_role("heading", level=1)).to_have_text(room)
        ann.sees("ann")
        bob.goes(ann.page.url.removeprefix(ann.url))
        expect(bob.page.get_by_role("heading", level=1)).to_have_text(room)
        bob.sees("ann", "bob")


def test_under_a_prefix(comes: Comes, house: House) -> None:
    """Behind a proxy the page works under the proxy's own path, and its rooms' links too."""
    ann = comes("ann")
    with Way(house.port).serving() as way:
        bob = Somebody(ann.context, f"http://127.0.0.1:{way.port}/a/prefix")
        bob.goes("/garden/")
        expect(bob.page.get_by_role("heading", level=1)).to_have_text("garden")
        bob.says("from afar")
        bob.hears("from afar")
        bob.joins("chat")
        expect(bob.page).to_have_url(f"{bob.url}/?room=chat")
        bob.page.close()
        assert not bob.faults
    assert ann.page.url == f"{house.url}/"
