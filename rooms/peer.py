"""What a room knows of the people in it: they can be told things."""

import asyncio
from abc import ABC, abstractmethod

from rooms.batch import Batch
from wire.forms import Form
from wire.messages import Body

NOWHERE = -1  # before no batch


class Peer(ABC):
    """Anything that can be told things. No method waits for the person.

    `expects` is the message that a batch has to follow for one to be told it as it comes, or
    NOWHERE. To whom such a batch comes, and who has nothing unsent, the room itself writes, in
    one's `form`, and notes by `emptied` that all was sent; only who expects something needs these.
    """

    __slots__ = ("emptied", "expects", "form", "transport")

    emptied: bool
    expects: int
    form: Form
    transport: asyncio.Transport

    def __init__(self) -> None:
        self.expects = NOWHERE

    @abstractmethod
    def depart(self) -> None:
        """Take part in no room until an event lets one enter."""

    @abstractmethod
    def deliver(self, batch: Batch) -> None:
        """Tell what happened in the room one is in, if it follows what one was told before."""

    @abstractmethod
    def send_json(self, body: Body) -> None:
        """Tell one thing out of the room's order."""


class Absent(Peer):
    """Keeps someone's place in a room while they may come back; hears nothing."""

    __slots__ = ()

    def depart(self) -> None:
        """Take part in no room; one does not anyway."""

    def deliver(self, batch: Batch) -> None:
        """Hear nothing."""

    def send_json(self, body: Body) -> None:
        """Hear nothing."""
