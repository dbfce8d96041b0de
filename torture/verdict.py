"""What must be true of the log and of all that people tell; each check yields what is not."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

from torture.witness import Said, Witness

Logs = Mapping[str, Sequence[Said]]
"""The whole log of each room, oldest first."""

MEMORY = 96 * 1024 * 1024  # bytes that a server may hold more than it held when it was opened
TOLD = 8  # violations of one kind, at most


def judge(logs: Logs, people: Sequence[Witness]) -> list[str]:
    """Return the violations, one line each, and of each kind only the first ones."""
    kinds = (
        chain.from_iterable(person.complaints for person in people),
        holes(logs),
        twice(logs),
        unsaid(logs, people),
        lost(logs, people),
        disorder(logs, people),
        ignorance(logs, people),
    )
    return [violation for kind in kinds for violation in islice(kind, TOLD)]


def holes(logs: Logs) -> Iterator[str]:
    """See that every log is numbered 1, 2, 3 ... without holes."""
    for room, log in logs.items():
        for number, said in enumerate(log, 1):
            if said.id != number:
                yield f"log of {room}: number {said.id} stands at place {number}"
                break


def twice(logs: Logs) -> Iterator[str]:
    """See that no message is there twice, in whatever room; each was sent under one key."""
    counts = Counter(said.text for log in logs.values() for said in log)
    for text, count in counts.items():
        if count > 1:
            yield f"{text[:20]!r} is in the log {count} times"


def unsaid(logs: Logs, people: Sequence[Witness]) -> Iterator[str]:
    """See that there is nothing that nobody has sent."""
    sent: set[str] = set().union(*(person.sent for person in people))
    for room, log in logs.items():
        for said in log:
            if said.text not in sent:
                yield f"log of {room}: nobody said number {said.id}, {said.text[:20]!r}"


def lost(logs: Logs, people: Sequence[Witness]) -> Iterator[str]:
    """See that all is there that was acknowledged, in its room, under its number."""
    there = {room: set(log) for room, log in logs.items()}
    texts = {room: {said.text for said in log} for room, log in logs.items()}
    for person in people:
        for room, said in person.acknowledged:
            if said not in there.get(room, ()):
                yield f"{person.name}: acknowledged, and not in the log of {room}: {said.id}"
        for room, text in person.confirmed:
            if text not in texts.get(room, ()):
                yield f"{person.name}: acknowledged, and not in the log of {room}: {text[:20]!r}"


def disorder(logs: Logs, people: Sequence[Witness]) -> Iterator[str]:
    """See that everybody heard the log, in its order; version 1, which has no numbers, unbroken."""
    places = {
        room: {said.text: number for number, said in enumerate(log)} for room, log in logs.items()
    }
    for person in people:
        for room, heard in person.heard.items():
            log = set(logs.get(room, ()))
            for said in heard:
                if said not in log:
                    yield f"{person.name}: heard number {said.id} of {room}, not in the log so"
            ids = [said.id for said in heard]
            if ids != sorted(set(ids)):
                yield f"{person.name}: heard {room} out of order or twice"
        for room, texts in person.stays:
            heard_at = [places.get(room, {}).get(text, -1) for text in texts]
            first = heard_at[0] if heard_at else 0
            if -1 in heard_at or heard_at != list(range(first, first + len(heard_at))):
                yield f"{person.name}: heard {room} otherwise than the log has it"


def ignorance(logs: Logs, people: Sequence[Witness]) -> Iterator[str]:
    """See that all of version 2 know all in the end; there is nothing that cannot be had."""
    for person in people:
        for room, since in person.since.items():
            known = {said.id for said in person.heard.get(room, ())}
            missing = [said.id for said in logs.get(room, ()) if said.id > since]
            missing = [number for number in missing if number not in known]
            if missing:
                yield f"{person.name}: never heard {room} {missing[:10]} ({len(missing)} in all)"
        for room, first, last in person.gaps:
            yield f"{person.name}: was told that {first} to {last} of {room} cannot be had"


def excess(growth: int) -> Iterator[str]:
    """See that the memory of a server, which grew by so many bytes at most, is bounded."""
    if growth > MEMORY:
        yield f"the server grew by {growth >> 20} MiB"
