"""The two consoles: one with a prompt that stays whole, one of plain lines.

A console is an async context manager. `lines` are what is typed, until the end of input or
Ctrl-C. `show` puts complete lines on the screen, in order, at once or as soon as they fit.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from typing import Protocol, Self, TextIO

from aioconsole.stream import (  # type: ignore[import-untyped]
    NonFileStreamReader,
    ProtectedPipe,
    StandardStreamReader,
    StandardStreamReaderProtocol,
    StandardStreamWriter,
    is_pipe_transport_compatible,
)
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import CompleteStyle

Complete = Callable[[str], list[tuple[int, str]]]


class Console(Protocol):
    """Where lines are typed and shown."""

    echoes: bool  # whether a typed line stays on the screen

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    def show(self, text: str) -> None:
        """Put complete lines on the screen; raise BrokenPipeError if nobody reads them any more."""

    def lines(self) -> AsyncIterator[str]:
        """Iterate over what is typed."""


def console_for(prompt: Callable[[], str], complete: Complete) -> Console:
    """Return the console that fits where this program runs."""
    if sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") not in _DUMB:
        return PromptConsole(prompt, complete)
    return PlainConsole()


def in_colours() -> bool:
    """Tell whether the screen shows colours and is allowed to (https://no-color.org)."""
    dumb = os.environ.get("TERM") in _DUMB
    return sys.stdout.isatty() and not dumb and not os.environ.get("NO_COLOR")


_DUMB = (None, "", "dumb", "unknown")


class PromptConsole:
    """A line that is edited, completed with Tab, and kept whole while others talk."""

    echoes = False

    def __init__(self, prompt: Callable[[], str], complete: Complete) -> None:
        self._keyboard = _Keyboard(sys.stdin)
        self._prompt: PromptSession[str] = PromptSession(
            prompt,
            input=self._keyboard,
            completer=_Completer(complete),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            erase_when_done=True,
        )
        self._undo = ExitStack()

    async def __aenter__(self) -> Self:
        self._undo.enter_context(self._keyboard.raw_mode())  # between two prompts too
        self._undo.enter_context(patch_stdout(raw=True))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._undo.close()

    def show(self, text: str) -> None:
        """Print above the prompt."""
        sys.stdout.write(f"{text}\n")

    async def lines(self) -> AsyncIterator[str]:
        """Prompt for a line after the other until Ctrl-C or Ctrl-D."""
        with suppress(EOFError, KeyboardInterrupt):
            while True:
                yield await self._prompt.prompt_async(handle_sigint=False)


class _Keyboard(Vt100Input):
    """Stays raw while others are printed: a key pressed just then is neither echoed nor lost."""

    def cooked_mode(self) -> AbstractContextManager[None]:
        return nullcontext()


class _Completer(Completer):
    def __init__(self, complete: Complete) -> None:
        self._complete = complete

    def get_completions(self, document: Document, _: CompleteEvent) -> Iterable[Completion]:
        for replaced, text in self._complete(document.text_before_cursor):
            yield Completion(text, start_position=-replaced, display=text.strip())


class PlainConsole:
    """Lines in and lines out, for pipes, files and terminals that can do nothing else."""

    def __init__(self) -> None:
        self.echoes = sys.stdin.isatty() and sys.stdout.isatty()
        self._undo = ExitStack()
        self._reader: StandardStreamReader | NonFileStreamReader
        self._writer: StandardStreamWriter | None = None  # None: stdout never blocks for long

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        reader = StandardStreamReader(loop=loop)
        protocol = StandardStreamReaderProtocol(reader, loop=loop)
        # A thread that reads a pipe could not be ended: only files are read in one.
        self._reader = NonFileStreamReader(sys.stdin, loop=loop)
        if is_pipe_transport_compatible(sys.stdin):
            self._keep_blocking(sys.stdin)
            self._reader = reader
            source, _ = await loop.connect_read_pipe(lambda: protocol, ProtectedPipe(sys.stdin))
            self._undo.callback(source.close)
        if is_pipe_transport_compatible(sys.stdout):
            self._keep_blocking(sys.stdout)
            sink, _ = await loop.connect_write_pipe(lambda: protocol, ProtectedPipe(sys.stdout))
            sink.set_write_buffer_limits(high=0)  # so that drain() waits for all of it
            self._undo.callback(sink.close)
            self._writer = StandardStreamWriter(sink, protocol, reader, loop)
        return self

    async def __aexit__(self, *_: object) -> None:
        with self._undo, suppress(OSError):
            if self._writer is not None and not self._writer.transport.is_closing():
                await self._writer.drain()

    def _keep_blocking(self, stream: TextIO) -> None:
        """Undo at the end that transports set O_NONBLOCK, for others have this file open too."""
        self._undo.callback(os.set_blocking, stream.fileno(), os.get_blocking(stream.fileno()))

    def show(self, text: str) -> None:
        """Write below what is there."""
        if self._writer is None:
            print(text.encode(errors="replace").decode(), flush=True)  # noqa: T201 - a terminal
        elif self._writer.transport.is_closing():
            raise BrokenPipeError("nobody reads this any more")
        else:
            self._writer.write(f"{text}\n")

    async def lines(self) -> AsyncIterator[str]:
        """Read lines until the end of input, a last one without a line break too."""
        while line := await self._reader.readline():
            yield line.decode(errors="replace").rstrip("\r\n")
