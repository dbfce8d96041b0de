"""How the terminal chat is called from the shell."""

import argparse
import textwrap
from collections.abc import Callable, Sequence

from terminal.commands import help_text
from wire import names
from wire.errors import Refused


class Options(argparse.Namespace):
    """What was asked for; None leaves it to the server."""

    url: str
    nick: str | None
    room: str | None


def parse_options(arguments: Sequence[str] | None, url: str) -> Options:
    """Return the options, or end the program with what is wrong with them."""
    parser = argparse.ArgumentParser(
        prog="client.py",
        description="Chat in this terminal. What you type is said in the room; what begins with"
        " / is a command.",
        epilog="commands:\n" + textwrap.indent(help_text(), "  "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", default=url, help="the server (default: %(default)s)")
    parser.add_argument("--nick", type=a_name(names.nick), help="your nick (default: a random one)")
    parser.add_argument("--room", type=a_name(names.room), help="the room to enter")
    return parser.parse_args(arguments, Options())


def a_name(rule: Callable[[object], str]) -> Callable[[str], str]:
    """Return a type for an option that has to be a valid name, by a rule of `wire.names`."""

    def checked(text: str) -> str:
        try:
            return rule(text)
        except Refused as refused:
            raise argparse.ArgumentTypeError(refused.text) from None

    return checked
