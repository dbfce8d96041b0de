import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from doors.page import OURS, Page, PageError
from server import init_app
from settings import MEMORY, Settings
from tests.program import fails
from tests.strangers import Stranger, handshake
from tests.transcript import House, opened

STRICT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lay out another page, with something beside it that is nobody's business."""
    page = tmp_path / "page"
    (page / "assets" / "deep").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><script src=assets/a.js></script>")
    (page / "favicon.ico").write_bytes(b"icon")
    (page / "assets" / "a.js").write_text("alert(1)")
    (page / "assets" / "deep" / "b.css").write_text("p {}")
    (tmp_path / "secret").write_text("secret")
    (page / "assets" / "out").symlink_to(tmp_path / "secret")
    return page


@pytest.fixture
async def other(folder: Path, quiet_log: None) -> AsyncIterator[House]:  # noqa: ARG001 - it looks on
    """Open a house with another page."""
    async with opened(root_folder=str(folder)) as house:
        yield house


async def get(house: House, path: str) -> tuple[int, dict[str, str], bytes]:
    """Return the status, the headers and the body of what a path answers."""
    url = URL(house.url(path), encoded=True)  # to the letter
    async with house.client.get(url, allow_redirects=False) as response:
        return response.status, dict(response.headers), await response.read()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/garden",
        "/?room=chat",
        "/a%2Fb",
        "/%F0%9F%8C%B1",
        "/%3Cb%3E",
        "/Chat",
        "/" + "x" * 500,
    ],
)
async def test_every_room_has_the_page(house: House, path: str) -> None:
    """The first address and that of any room answer our page, under its policy."""
    status, headers, body = await get(house, path)
    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    assert body == (OURS / "index.html").read_bytes()
    assert STRICT.items() <= headers.items()
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]


async def test_a_slash_at_the_end_leads_to_the_room(house: House) -> None:
    """The page's own addresses are relative, so /{room}/ leads to /{room}, under any prefix."""
    status, headers, _body = await get(house, "/a%20b/")
    assert (status, headers["Location"]) == (308, "../a%20b")


async def test_our_page_names_nothing_inline(house: House) -> None:
    """What the policy forbids is not in the page: inline script and style, and other places."""
    _status, _headers, body = await get(house, "/")
    page = body.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?:|//", page)
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page):
        status, headers, _ = await get(house, f"/{asset}")
        assert status == 200
        assert STRICT.items() <= headers.items()


async def test_the_page_knows_the_routes() -> None:
    """A room that is named like a route is linked as /?room=NAME: the page knows them all."""
    app = await init_app(Settings(data=MEMORY))
    paths = (resource.canonical for resource in app.router.resources())
    routes = {path.split("/")[1] for path in paths} - {"", "{room}"}
    found = re.search(r'ROUTES = "(.+?)"', (OURS / "assets" / "address.js").read_text())
    assert found is not None
    assert routes <= set(found[1].split())


@pytest.mark.parametrize(
    "path",
    ["/assets", "/assets/", "/assets/none.js", "/assets/..%2f..%2fsettings.py", "/a/b", "/a//"],
)
async def test_what_is_not_there_is_not_found(house: House, path: str) -> None:
    """Neither folders nor what is outside are served; two names are no room."""
    status, _headers, body = await get(house, path)
    assert status in (200, 404)
    assert (status == 200) == (path == "/assets")
    assert b"import" not in body


async def test_no_door_has_a_rooms_name(house: House) -> None:
    """Who wants a WebSocket where there is only a page hears that there is none."""
    async with Stranger(house.port) as stranger:
        await stranger.sends(handshake("/garden", {}))
        assert (await stranger.reads_head())[9:12] == b"404"


@pytest.mark.parametrize("path", ["/", "/garden", "/garden/"])
async def test_another_page(other: House, folder: Path, path: str) -> None:
    """Another folder's index.html answers for all rooms, and nothing is said but nosniff."""
    status, headers, body = await get(other, path)
    assert (status, body) == (200, (folder / "index.html").read_bytes())
    assert headers["X-Content-Type-Options"] == "nosniff"
    for name in ("Content-Security-Policy", "Referrer-Policy", "Cache-Control"):
        assert name not in headers


async def test_another_pages_files(other: House) -> None:
    """favicon.ico and assets/ are served, as deep as they go."""
    assert (await get(other, "/favicon.ico"))[2] == b"icon"
    assert (await get(other, "/assets/a.js"))[2] == b"alert(1)"
    status, headers, _body = await get(other, "/assets/deep/b.css")
    assert (status, headers["Content-Type"]) == (200, "text/css")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/out",
        "/assets/deep",
        "/assets/%2e%2e/%2e%2e/secret",
        "/assets/..%2f..%2fsecret",
        "/assets/%00",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/" + "x" * 300,
        "/assets/a%5c..%5c..%5csecret",
    ],
)
async def test_nothing_outside_is_served(other: House, path: str) -> None:
    """No way leads out of the folder: no dots, no symbolic link, no absolute path."""
    status, _headers, body = await get(other, path)
    assert status == 404
    assert b"secret" not in body


async def test_the_other_doors_stay_open(other: House) -> None:
    """With another page the routes of the service go on."""
    assert (await get(other, "/healthz"))[2] == b"ok\n"
    ann = await other.lets_in("ann")
    await ann.does("room_list")


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    """What is missing is named."""
    with pytest.raises(PageError, match="There is no folder"):
        Page(tmp_path / "none")
    with pytest.raises(PageError, match=r"no index\.html"):
        Page(tmp_path)
    (tmp_path / "index.html").write_text("<p>alone</p>")
    Page(tmp_path)
    (tmp_path / "index.html").write_text('<script src="assets/a.js"></script>')
    with pytest.raises(PageError, match="no assets/"):
        Page(tmp_path)


async def test_the_program_says_what_is_missing(tmp_path: Path) -> None:
    """The start fails in one line, with status 2."""
    for flag in ("--root-folder", "-r"):
        complaint = await fails(flag, str(tmp_path), "--data", MEMORY, "--port", "0")
        assert str(tmp_path) in complaint
