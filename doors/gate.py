"""Who may come in by WebSocket: the Origin rule, and how many from one address."""

from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from chat.limits import Places, TooManyConnections

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def gate(places: Places, allowed: Collection[str]) -> Middleware:
    """Return the middleware that every handshake passes.

    A browser names the page's origin (RFC 6455, section 10.2): one of another host and port
    than it connects to is answered 403, unless it is among those `allowed`. Programs send no
    origin and are welcome.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if "Upgrade" not in request.headers:
            return await handler(request)
        origin = request.headers.get("Origin")
        if origin is not None and not is_welcome(origin, request.host, allowed):
            raise web.HTTPForbidden(
                text=f"Pages from {origin!a} may not connect here;"
                " the server's --allow-origin can let them.\n"
            )
        try:
            with places.take(request.remote):
                return await handler(request)
        except TooManyConnections:
            raise web.HTTPTooManyRequests(
                text="There are too many connections from your address; close one first.\n"
            ) from None

    return check


def is_welcome(origin: str, host: str, allowed: Collection[str]) -> bool:
    """Return whether a page of this origin may connect to this host."""
    if "*" in allowed or origin in allowed:
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
