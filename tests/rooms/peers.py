"""Peers to test with: they write down what they are told, or break."""

from rooms.batch import Batch
from rooms.peer import Peer
from wire.messages import Body


class Recorder(Peer):
    """A peer that keeps everything it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Batch] = []
        self.bodies: list[Body] = []
        self.departed = 0

    def depart(self) -> None:
        """Note it."""
        self.departed += 1

    def deliver(self, batch: Batch) -> None:
        """Keep a batch."""
        self.batches.append(batch)

    def send_json(self, body: Body) -> None:
        """Keep a body."""
        self.bodies.append(body)


class Broken(Recorder):
    """A peer whose line raises whatever one likes."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def deliver(self, batch: Batch) -> None:
        """Break."""
        super().deliver(batch)
        raise self.error
