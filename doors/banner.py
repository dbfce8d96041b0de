"""What is said at the start: which doors are open, where, and how to open them further."""

import socket

_HERE = "ws://localhost:8080/chat"


def banner(name: str, host: str, port: int, telnet_port: int, log: str) -> str:
    """Return the lines that tell a person how to get in; a telnet port of 0 is no door."""
    others = "To let other machines in, start it with --host 0.0.0.0.\n"
    if host in ("0.0.0.0", "::"):  # noqa: S104 - it is compared, not bound
        host, others = socket.gethostname(), ""
    telnet = f"  telnet {host} {telnet_port}\n" if telnet_port else ""
    if ":" in host:
        host = f"[{host}]"
    chat = f"ws://{host}:{port}/chat"
    options = "" if chat == _HERE else f' ARGS="--url {chat}"'
    return (
        f"{name} is open.\n\n"
        f"  page   http://{host}:{port}/\n"
        f"  chat   {chat}   from a terminal: make chat{options}\n"
        f"{telnet}"
        f"  feed   ws://{host}:{port}/feed/NAME\n"
        f"  echo   ws://{host}:{port}/echo\n"
        f"  log    {log}\n\n"
        f"{others}Ctrl-C stops it.\n"
    )
