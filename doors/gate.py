"""Who may come in by WebSocket: the Origin rule, and how many from one address."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from aiohttp import web

from chat.limits import Places, TooManyConnections

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Gate:
    """What every WebSocket passes before its handshake.

    It is no middleware: each of those is a step more on the way of every message.
    """

    def __init__(self, places: Places, allowed: Collection[str]) -> None:
        self._places = places
        self._allowed = allowed

    @contextmanager
    def admit(self, request: web.Request) -> Iterator[None]:
        """Hold a place for as long as the block lasts; what is no WebSocket needs none.

        A browser names the page's origin (RFC 6455, section 10.2): one of another host and port
        than it connects to is answered 403, unless it is among those allowed. Programs send no
        origin and are welcome. Where the address has all its places already, the answer is 429.
        """
        if "Upgrade" not in request.headers:
            yield
            return
        origin = request.headers.get("Origin")
        if origin is not None and not self.welcomes(origin, request.host):
            raise web.HTTPForbidden(
                text=f"Pages from {origin!a} may not connect here;"
                " the server's --allow-origin can let them.\n"
            )
        try:
            with self._places.take(request.remote):
                yield
        except TooManyConnections:
            raise web.HTTPTooManyRequests(
                text="There are too many connections from your address; close one first.\n"
            ) from None

    def welcomes(self, origin: str, host: str) -> bool:
        """Return whether a page of this origin may connect to this host."""
        if "*" in self._allowed or origin in self._allowed:
            return True
        try:
            scheme = urlsplit(origin).scheme
            return _address(origin, scheme) == _address(f"//{host}", scheme)
        except ValueError:
            return False


def _address(url: str, scheme: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("no host")
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(scheme)
