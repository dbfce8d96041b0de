"""What a room knows of the people in it: they can be told things."""

from typing import Protocol

from rooms.batch import Batch
from wire.messages import Body


class Peer(Protocol):
    """Anything that can be told things. No method waits for the person."""

    def depart(self) -> None:
        """Take part in no room until an event lets one enter."""

    def deliver(self, batch: Batch) -> None:
        """Tell what happened in the room one is in, if it follows what one was told before."""

    def send_json(self, body: Body) -> None:
        """Tell one thing out of the room's order."""


class Absent:
    """Keeps someone's place in a room while they may come back; hears nothing."""

    def depart(self) -> None:
        """Take part in no room; one does not anyway."""

    def deliver(self, batch: Batch) -> None:
        """Hear nothing."""

    def send_json(self, body: Body) -> None:
        """Hear nothing."""
