"""The page: served as it lies in a folder, at / and at the address of every room.

Another folder may be served instead of our own; only our own page's policy is known to fit it.
"""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

OURS = Path(__file__).parents[1] / "browser"

_ANY = {"X-Content-Type-Options": "nosniff"}
_OURS = _ANY | {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # the parts of the page are only of use together
}


class PageError(Exception):
    """The folder cannot be served; the text says why."""


class Page:
    """The files of one folder: index.html, and favicon.ico and assets/ where they are there."""

    def __init__(self, folder: Path = OURS) -> None:
        self._folder = folder
        self._assets = (folder / "assets").resolve()
        self._headers = _OURS if folder == OURS else _ANY
        if not folder.is_dir():
            raise PageError(f"There is no folder {folder} to serve; choose another --root-folder.")
        index = folder / "index.html"
        if not index.is_file():
            raise PageError(f"The folder {folder} has no index.html; choose another --root-folder.")
        if not self._assets.is_dir() and b"assets/" in index.read_bytes():
            raise PageError(f"The folder {folder} has no assets/, which its index.html names.")

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; every other route must come before them, or is taken for a room."""
        return [
            web.get("/", self._index),
            web.get("/favicon.ico", self._favicon),
            web.get("/assets/{path:.*}", self._asset),
            web.get("/{room}", _without_upgrade(self._index)),
            web.get("/{room}/", _without_upgrade(self._room)),
        ]

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return self._file(self._folder / "index.html")

    async def _room(self, request: web.Request) -> web.StreamResponse:
        """Serve a room's page; to our own, whose addresses are relative, by its other address."""
        if self._headers is _ANY:
            return await self._index(request)
        room = request.raw_path.partition("?")[0].rstrip("/").rpartition("/")[2]
        raise web.HTTPPermanentRedirect(f"../{room}", headers=self._headers)

    async def _favicon(self, _request: web.Request) -> web.StreamResponse:
        return self._file(self._folder / "favicon.ico")

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        return self._file(self._assets / request.match_info["path"].lstrip("/"))

    def _file(self, path: Path) -> web.StreamResponse:
        """Return a file of the folder; what is not there, or leads out of it, is not found."""
        try:
            path = path.resolve()
            found = path.is_relative_to(self._folder.resolve()) and path.is_file()
        except (OSError, ValueError):
            found = False
        if not found:
            raise web.HTTPNotFound(headers=self._headers)
        return web.FileResponse(path, headers=self._headers)


def _without_upgrade(handler: Handler) -> Handler:
    """Return the handler for those who ask for a page; there is no door of that name."""

    async def serve(request: web.Request) -> web.StreamResponse:
        if "Upgrade" in request.headers:
            raise web.HTTPNotFound
        return await handler(request)

    return serve
