"""The storm: people talk, links break, the server is killed; in the end all is compared."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import aiohttp

from torture.conversation import Conversation
from torture.house import ROOT, House, HouseError
from torture.links import Street
from torture.people import ROOMS, Newcomer, Oldtimer, Person
from torture.verdict import Logs, excess, judge
from torture.witness import Said, Witness

NEWCOMERS = 10
OLDTIMERS = 4
CALM = 60.0  # seconds in which everybody must have settled after the storm
BETWEEN_KILLS = 1.5, 6.0  # seconds
SUDDEN = 0.7  # of the server's ends come without a word
BROKEN = 0.3  # of the accidents of links cut them; the others freeze them for a while
SAMPLE = 0.2  # seconds between two looks at the server's memory


@dataclass
class Report:
    """What a storm has brought."""

    seed: int
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    memory: int = 0  # bytes that a server held at most
    growth: int = 0  # bytes that it grew by at most


class Storm:
    """Everything that happens is drawn from one seed; when it happens is the machine's affair."""

    def __init__(self, seed: int, seconds: float, program: Path, folder: Path) -> None:
        self._seed = seed
        self._seconds = seconds
        self._house = House(program, folder)
        self._street = Street(self._draw("street"), lambda: self._house.port)
        self._people: list[Person] = []
        self._calm = asyncio.Event()
        self.report = Report(seed)

    def _draw(self, name: str) -> Random:
        return Random(f"{self._seed} {name}")  # noqa: S311 - it is to be repeatable

    async def rage(self) -> Report:
        """Torture the server, and report."""
        report = self.report
        try:
            await self._house.open()
            await self._street.open()
            async with aiohttp.ClientSession() as client:
                await self._blow(client)
        except HouseError as error:
            report.violations.append(str(error))
        finally:
            await self._house.kill()
            await self._street.close()
        if "Traceback" in self._house.complaints():
            report.violations.append(self._house.complaints()[:4000])
        report.counts["links cut at a byte"] = self._street.cuts
        return report

    async def _blow(self, client: aiohttp.ClientSession) -> None:
        kinds = [Newcomer] * NEWCOMERS + [Oldtimer] * OLDTIMERS
        for number, kind in enumerate(kinds):
            name = f"{kind.__name__[0].lower()}{number}"
            self._people.append(kind(name, self._draw(name), client, self._street.port))
        living = [asyncio.create_task(person.live()) for person in self._people]
        accidents = [asyncio.create_task(work) for work in (self._kill(), self._break())]
        watching = asyncio.create_task(self._watch())
        try:
            await asyncio.wait(
                (*living, *accidents), timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED
            )
            self._calm.set()
            await asyncio.gather(*accidents)
            async with asyncio.timeout(CALM):
                await self._settle(living)
                logs = await self._logs(client)
        except TimeoutError:
            self.report.violations += [
                f"{person.witness.name} never settled after the storm: {person.state}"
                for person, life in zip(self._people, living, strict=True)
                if not life.done()
            ]
            for person in self._people:
                self.report.violations += person.witness.complaints
        else:
            self._judge(logs)
        finally:
            for task in (*living, *accidents, watching):
                task.cancel()
            await asyncio.wait((*living, *accidents, watching))

    async def _calm_within(self, seconds: float) -> bool:
        """Wait for so long; return whether the storm is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._calm.wait(), seconds)
        return self._calm.is_set()

    async def _kill(self) -> None:
        """End the server again and again, mostly without a word, and start it anew."""
        random = self._draw("kill")
        while not await self._calm_within(random.uniform(*BETWEEN_KILLS)):
            if random.random() < SUDDEN:
                self.report.counts["kills"] += 1
                await self._house.kill()
            else:
                self.report.counts["stops"] += 1
                await self._house.stop()
            await self._house.open()

    async def _break(self) -> None:
        """Cut and freeze links."""
        random = self._draw("break")
        while not await self._calm_within(random.uniform(0.05, 0.4)):
            if not self._street.links:
                continue
            link = random.choice(self._street.links)
            if random.random() < BROKEN:
                self.report.counts["links cut"] += 1
                link.cut()
            else:
                self.report.counts["links frozen"] += 1
                link.freeze()
                asyncio.get_running_loop().call_later(random.uniform(0.2, 4.0), link.thaw)

    async def _watch(self) -> None:
        """Look at the server's memory."""
        report = self.report
        starts = opened = 0
        while True:
            held = self._house.memory()
            if starts != self._house.starts:
                starts, opened = self._house.starts, held
            report.memory = max(report.memory, held)
            report.growth = max(report.growth, held - opened)
            await asyncio.sleep(SAMPLE)

    async def _settle(self, living: Sequence[asyncio.Task[None]]) -> None:
        """Let everybody come to rest, and then look around a last time."""
        self._street.be_calm()
        for person in self._people:
            person.quiet.set()
        await asyncio.gather(*(person.silent.wait() for person in self._people))
        for person in self._people:
            person.end.set()
        await asyncio.gather(*living)

    async def _logs(self, client: aiohttp.ClientSession) -> Logs:
        """Read the whole log of every room, a page at a time."""
        url = f"http://127.0.0.1:{self._house.port}/chat"
        logs: dict[str, list[Said]] = {}
        async with client.ws_connect(url, max_msg_size=0) as ws:
            talk = Conversation(ws, lambda _body, _request: None, Witness("reader"))
            for room in ROOMS:
                log = logs[room] = []
                more = True
                while more:
                    after = log[-1].id if log else 0
                    page = await talk.ask("history", room=room, after=after, limit=200)
                    log += [Said(said["id"], said["message"]) for said in page["messages"]]
                    more = page["more"]
            await talk.end(politely=True)
        return logs

    def _judge(self, logs: Logs) -> None:
        report = self.report
        told = [person.witness for person in self._people]
        report.violations += judge(logs, told)
        report.violations += excess(report.growth)
        report.counts.update(
            {
                "messages in the log": sum(map(len, logs.values())),
                "messages sent": sum(len(one.sent) for one in told),
                "acknowledged": sum(len(one.acknowledged) + len(one.confirmed) for one in told),
                "heard": sum(len(heard) for one in told for heard in one.heard.values())
                + sum(len(texts) for one in told for _room, texts in one.stays),
            }
        )
        for one in told:
            report.counts.update(one.counts)


async def torture(seed: int, seconds: float, program: Path = ROOT / "server.py") -> Report:
    """Torture a server for so many seconds; leave no process and no file behind."""
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        return await Storm(seed, seconds, program, Path(folder)).rage()
