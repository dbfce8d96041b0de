"""Every setting of the server: a flag, an environment variable, a default.

Only server.py sees the settings whole; everything else is given what it needs.
"""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

MEMORY = ":memory:"
NO_KEYS = "none"
OUR_PAGE = "browser"  # the folder that comes along, wherever the server is started
PREFIX = "ROOMFUL_"
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """What one server was told; the defaults are those of the flags."""

    host: str = "localhost"
    port: int = 8080
    root_folder: str = OUR_PAGE
    data: str = "roomful.db"
    keep: int = 100_000
    keep_days: float = 0.0
    name: str = "TestChat"
    telnet_port: int = 5005
    registration_keyfile: str = NO_KEYS
    allow_origin: tuple[str, ...] = ()
    messages_per_second: float = 10.0
    connections_per_address: int = 128
    feed_message_bytes: int = 1024 * 1024
    log_level: str = "info"


def read_settings(
    arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings from flags and environment; a flag wins.

    What is wrong is said in one line; then the program ends with status 2.
    """
    parser = _parser()
    environment = os.environ if environment is None else environment
    for action in parser._actions:  # noqa: SLF001 - argparse shows its flags nowhere else
        variable = PREFIX + action.dest.upper()
        if action.dest == "help" or variable not in environment:
            continue
        text = environment[variable]
        convert = action.type if callable(action.type) else str
        try:
            repeated = action.dest == "allow_origin"
            value = [convert(word) for word in text.split()] if repeated else convert(text)
        except (argparse.ArgumentTypeError, ValueError) as error:
            parser.error(f"{variable}={text}: {error}")
        if action.choices is not None and value not in action.choices:
            parser.error(f"{variable}={text}: choose from {', '.join(action.choices)}")
        parser.set_defaults(**{action.dest: value})
    origins = parser.get_default("allow_origin")
    parser.set_defaults(allow_origin=None)  # argparse would add what a flag says to a default
    found = vars(parser.parse_args(arguments))
    return Settings(**found | {"allow_origin": tuple(found["allow_origin"] or origins or ())})


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        shown = "".join(
            letter if letter.isprintable() else ascii(letter)[1:-1] for letter in message
        )
        self.exit(2, f"{self.prog}: {shown} (--help shows all options)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="server.py",
        description="Roomful: one room, many doors. Serves chat rooms until Ctrl-C.",
        epilog="Each option can also be given in the environment:"
        f" --log-level as {PREFIX}LOG_LEVEL, and so on; a flag wins.",
        allow_abbrev=False,
    )
    default = Settings()

    def add(
        *flags: str,
        text: str,
        kind: Callable[[str], object] = str,
        metavar: str | None = None,
        choices: Sequence[str] | None = None,
    ) -> None:
        dest = flags[0].removeprefix("--").replace("-", "_")
        parser.add_argument(
            *flags,
            type=kind,
            default=getattr(default, dest),
            help=text,
            metavar=metavar,
            choices=choices,
        )

    add(
        "--host",
        "-H",
        kind=_named,
        text="the address to listen at; 0.0.0.0 opens the doors to other machines"
        " (default: %(default)s)",
    )
    add(
        "--port",
        "-p",
        kind=_whole(0, 65535),
        metavar="PORT",
        text="the port for HTTP and WebSockets; 0 takes a free one (default: %(default)s)",
    )
    add(
        "--root-folder",
        "-r",
        metavar="FOLDER",
        text="the folder with the page: index.html, favicon.ico, assets/ (default: %(default)s)",
    )
    add(
        "--data",
        metavar="FILE",
        text=f"the file that keeps the log; {MEMORY} keeps nothing (default: %(default)s)",
    )
    add(
        "--keep",
        kind=_whole(0, 10**12),
        metavar="N",
        text="messages of a room that are kept; 0 keeps all (default: %(default)s)",
    )
    add(
        "--keep-days",
        kind=_number,
        metavar="DAYS",
        text="how long messages are kept; 0 keeps them for ever (default: %(default)g)",
    )
    add("--name", text="what the service calls itself (default: %(default)s)")
    add(
        "--telnet-port",
        kind=_whole(0, 65535),
        metavar="PORT",
        text="the port for telnet; 0 closes that door (default: %(default)s)",
    )
    add(
        "--registration-keyfile",
        "-k",
        metavar="FILE",
        text="the file with the keys of those who may register a karaoke playback machine;"
        " without one anybody may (default: %(default)s)",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        type=_origin,
        metavar="ORIGIN",
        help="let pages from there connect too, such as https://example.org; * lets all;"
        " may be given more than once (default: only pages from here)",
    )
    add(
        "--messages-per-second",
        kind=_number,
        metavar="N",
        text="requests one connection may make per second, four times that at once;"
        " 0 sets no limit (default: %(default)g)",
    )
    add(
        "--connections-per-address",
        kind=_whole(0, 10**9),
        metavar="N",
        text="connections one address may have; 0 sets no limit, as behind a proxy"
        " (default: %(default)s)",
    )
    add(
        "--feed-message-bytes",
        kind=_whole(1, 2**30),
        metavar="BYTES",
        text="the longest message that a feed takes (default: %(default)s)",
    )
    add("--log-level", choices=LOG_LEVELS, text="how much to log (default: %(default)s)")
    return parser


def _whole(least: int, most: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {least} to {most}"
            )
        return int(text)

    return convert


def _named(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("it must not be empty")
    return text


def _number(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1
    if not 0 <= rate < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, 0 or more")
    return rate


def _origin(text: str) -> str:
    if text != "*":
        parts = urlsplit(text)
        if not parts.scheme or not parts.netloc or parts.path not in ("", "/"):
            raise argparse.ArgumentTypeError(
                f"{text!r} is not an origin such as https://example.org"
            )
    return text.rstrip("/")
