import pytest
from aiohttp import WSServerHandshakeError

from tests.strangers import Stranger, handshake
from tests.transcript import House, opened


async def answer(house: House, path: str = "/chat", **headers: str) -> bytes:
    """Return the HTTP status that a handshake with these headers is answered."""
    async with Stranger(house.port) as stranger:
        await stranger.sends(handshake(path, headers))
        return (await stranger.reads_head())[9:12]


@pytest.mark.parametrize("path", ["/chat", "/echo"])
async def test_a_program_that_names_no_origin_is_welcome(house: House, path: str) -> None:
    """Only browsers name an origin; whoever names none comes in."""
    assert await answer(house, path) == b"101"


@pytest.mark.parametrize("path", ["/chat", "/echo"])
@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("chat.example:8080", "http://chat.example:8080"),
        ("chat.example:8080", "https://chat.example:8080"),
        ("Chat.Example", "http://chat.example"),
        ("chat.example", "http://chat.example:80"),
        ("chat.example:80", "http://chat.example"),
        ("chat.example", "https://chat.example"),
        ("chat.example:443", "https://chat.example"),
        ("[::1]:8080", "http://[::1]:8080"),
    ],
)
async def test_a_page_from_here_is_welcome(house: House, path: str, host: str, origin: str) -> None:
    """A page whose origin is the host it connects to comes in; ports may be the default ones."""
    assert await answer(house, path, Host=host, Origin=origin) == b"101"


ELSEWHERE = [
    "http://other.example:8080",
    "http://chat.example",
    "http://chat.example:8081",
    "http://chat.example.other.example:8080",
    "http://chat.example:8080@other.example",
    "http://chat.example:8080.other.example",
    "null",
    "",
    "*",
    "chat.example:8080",
    "//",
    "http://",
    "http://[",
    "http://chat.example:99999",
    "http://chat.example:x",
    "file://",
    "é",
    "http://ch\u00e4t.example",
    "\udcff\udcfe",
    "http://\udcff",
]


@pytest.mark.parametrize("path", ["/chat", "/echo"])
@pytest.mark.parametrize("origin", ELSEWHERE, ids=ascii)
async def test_a_page_from_elsewhere_is_not(house: House, path: str, origin: str) -> None:
    """A page of another origin, or of none that one can read, is answered 403."""
    assert await answer(house, path, Host="chat.example:8080", Origin=origin) == b"403"
    assert not house.rooms


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://page.example", b"101"),
        ("https://other.example:444", b"101"),
        ("http://chat.example:8080", b"101"),
        ("http://page.example", b"403"),
        ("https://page.example:444", b"403"),
        ("https://other.example", b"403"),
        ("null", b"403"),
    ],
)
async def test_pages_that_are_allowed_are_welcome(
    quiet_log: None, origin: str, status: bytes
) -> None:
    """Those origins that the settings allow come in, and no others but our own."""
    assert quiet_log is None
    allowed = ("https://page.example", "https://other.example:444")
    async with opened(allow_origin=allowed) as house:
        assert await answer(house, Host="chat.example:8080", Origin=origin) == status


@pytest.mark.parametrize("origin", ["https://page.example", "null", "", "http://["])
async def test_a_star_allows_all_origins(quiet_log: None, origin: str) -> None:
    """With `*` every page comes in."""
    assert quiet_log is None
    async with opened(allow_origin=("*",)) as house:
        assert await answer(house, Origin=origin) == b"101"


DOORS = ["/chat", "/echo", "/feed", "/feed/a", "/socket.io/?EIO=4&transport=websocket"]


@pytest.mark.parametrize("path", DOORS)
async def test_every_door_has_the_gate(quiet_log: None, path: str) -> None:
    """No door lets in a page from elsewhere, or one more than an address may have."""
    assert quiet_log is None
    async with opened(connections_per_address=1) as house:
        assert await answer(house, path, Origin="http://other.example") == b"403"
        async with Stranger(house.port) as stranger:
            await stranger.enters(path)
            for door in DOORS:
                assert await answer(house, door) == b"429"


async def test_no_address_lets_a_page_from_elsewhere_in(house: House) -> None:
    """Whatever the application serves, a foreign page has no WebSocket there."""
    paths = {resource.canonical for resource in house.app.router.resources()}
    assert {door.partition("?")[0] for door in DOORS} - paths == {"/feed/a"}
    for path in paths:
        status = await answer(house, path.format(name="a", room="a", path="a"), Origin="null")
        assert status not in (b"101", b"500")


@pytest.mark.parametrize("path", ["/chat", "/echo"])
async def test_an_address_has_only_so_many_connections(quiet_log: None, path: str) -> None:
    """A fourth connection is answered 429; once another has left there is a place again."""
    assert quiet_log is None
    async with opened(connections_per_address=3) as house:
        people = [await house.lets_in(room="one"), await house.lets_in(room="two")]
        echo = await house.opens("/echo")
        with pytest.raises(WSServerHandshakeError) as refused:
            await house.opens(path)
        assert refused.value.status == 429
        await people[0].does("room_list")
        await people[0].leaves()
        people[0] = await house.opens(path)
        assert await answer(house, path) == b"429"
        await echo.leaves()
        async with Stranger(house.port) as stranger:
            await stranger.enters(path)
            assert await answer(house, path) == b"429"


@pytest.mark.parametrize("end", ["abort", "bad handshake", "bad frame", "forbidden"])
async def test_a_place_is_free_again_however_one_left(quiet_log: None, end: str) -> None:
    """Whoever breaks off, fails the handshake or is put out holds no place."""
    assert quiet_log is None
    async with opened(connections_per_address=1) as house:
        for _ in range(3):
            async with Stranger(house.port) as stranger:
                if end == "bad handshake":
                    await stranger.sends(handshake(headers={"Sec-WebSocket-Version": "12"}))
                    assert (await stranger.reads_head())[9:12] == b"400"
                elif end == "forbidden":
                    await stranger.sends(handshake(headers={"Origin": "null"}))
                    assert (await stranger.reads_head())[9:12] == b"403"
                else:
                    await stranger.enters()
                    if end == "bad frame":
                        await stranger.sends(b"\xff\xff")
                        await stranger.reads_to_end()
            while house.rooms:
                async with house.client.get(house.url("/healthz")) as response:
                    assert response.status == 200
        assert await answer(house) == b"101"


async def test_pages_are_served_beyond_the_limit(quiet_log: None) -> None:
    """The limit is of WebSockets: who has all of them may still ask for a page."""
    assert quiet_log is None
    async with opened(connections_per_address=1) as house:
        ann = await house.lets_in("ann")
        for path in ("/", "/healthz"):
            async with house.client.get(house.url(path)) as response:
                assert response.status == 200
        await ann.has_heard_all()


@pytest.mark.parametrize("path", ["/chat", "/echo"])
async def test_a_door_without_a_websocket_says_what_it_needs(house: House, path: str) -> None:
    """A plain GET is answered 426 with what to upgrade to."""
    async with house.client.get(house.url(path)) as response:
        assert response.status == 426
        assert response.headers["Upgrade"].lower() == "websocket"
        assert "WebSocket" in await response.text()


@pytest.mark.parametrize("path", ["/chat", "/echo"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-WebSocket-Version": "12"},
        {"Sec-WebSocket-Key": "short"},
        {"Connection": "close"},
        {"Upgrade": "h2c"},
    ],
)
async def test_a_handshake_with_a_fault_is_answered_400(
    house: House, path: str, headers: dict[str, str]
) -> None:
    """What is wrong with a handshake is the asker's fault, and nobody enters."""
    assert await answer(house, path, **headers) == b"400"
    assert not house.rooms


async def test_the_service_says_that_it_is_well(house: House) -> None:
    """GET /healthz is answered 200."""
    async with house.client.get(house.url("/healthz")) as response:
        assert (response.status, await response.text()) == (200, "ok\n")


async def test_there_is_a_first_page(house: House) -> None:
    """GET / is answered 200."""
    async with house.client.get(house.url("/")) as response:
        assert response.status == 200
        assert await response.text()


@pytest.mark.parametrize("host", ["\udcff", "a b", "", "[", "x" * 5000, "<b>"], ids=ascii)
async def test_a_strange_host_is_no_fault_of_ours(house: House, host: str) -> None:
    """Whatever somebody writes into Host, the page is served or refused as their mistake."""
    async with Stranger(house.port) as stranger:
        head = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"
        await stranger.sends(head.encode("utf-8", "surrogateescape"))
        assert (await stranger.reads_head())[9:10] in b"24"


async def test_a_door_that_is_not_there_opens_to_nobody(house: House) -> None:
    """A WebSocket that asks for an unknown address is not let in."""
    assert await answer(house, "/nowhere/at/all") != b"101"
    assert not house.rooms
