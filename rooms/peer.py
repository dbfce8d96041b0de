"""What a room knows of the people in it: they can be told things."""

from typing import Protocol

from rooms.batch import Batch
from wire.messages import Body


class Peer(Protocol):
    """Anything that can be told things. No method waits for the person."""

    def deliver(self, batch: Batch) -> None:
        """Tell what happened in the room one is in, if it follows what one was told before."""

    def send_json(self, body: Body) -> None:
        """Tell one thing out of the room's order."""
