"""Many at once, and much from one: what is asked for in masses leaves nothing behind."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from tests.program import FREE, Program, started
from tests.strangers import PING, TEXT, Stranger, frame, guest, request
from tests.stuck import LONG, SMALL, speak
from tests.transcript import House, Person

MEGABYTE = 1 << 20


async def stops_quietly(program: Program) -> None:
    """Stop a server, and see that it has not complained of anything."""
    program.process.terminate()
    assert await program.ends() == (0, "")


async def talk(ann: Person, bob: Person) -> None:
    """Let Ann say something that Bob hears."""
    await ann.does("chat_message", message="hello")
    assert (await bob.hears())["message"] == "hello"


async def couple(program: Program) -> tuple[Person, Person]:
    """Let Ann and Bob in."""
    ann, bob = await program.lets_in("ann"), await program.lets_in("bob")
    await ann.hears()
    return ann, bob


async def test_five_thousand_who_say_nothing_disturb_nobody() -> None:
    """With 5,000 silent connections Ann and Bob talk; once they are gone their rooms are too."""
    async with started(":memory:", *FREE) as program:
        ann, bob = await couple(program)
        async with AsyncExitStack() as crowd:
            for start in range(0, 5000, 100):
                strangers = [Stranger(program.port) for _ in range(100)]
                for stranger in strangers:
                    await crowd.enter_async_context(stranger)
                rooms = range(start, start + 100)
                await asyncio.gather(
                    *(
                        stranger.enters(f"/chat?room=r{room}")
                        for stranger, room in zip(strangers, rooms, strict=True)
                    )
                )
                await talk(ann, bob)
            assert len((await ann.asks("room_list"))["rooms"]) == 5001
        while len((await ann.asks("room_list"))["rooms"]) > 1:
            await talk(ann, bob)
        await bob.leaves()
        await ann.leaves()
        await stops_quietly(program)


async def test_half_handshakes_disturb_nobody() -> None:
    """Two thousand who break off in the midst of the handshake leave nothing behind."""
    async with started(":memory:", *FREE) as program:
        ann, bob = await couple(program)
        half = b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgr"
        for _ in range(20):
            async with AsyncExitStack() as crowd:
                for number in range(100):
                    stranger = await crowd.enter_async_context(Stranger(program.port))
                    await stranger.sends(half[: number * len(half) // 100])
            await talk(ann, bob)
        assert (await ann.asks("room_list"))["rooms"] == [{"room": "default", "users": 2}]
        await stops_quietly(program)


async def test_a_hundred_thousand_rooms_leave_nothing_behind() -> None:
    """Ten people run through 100,000 rooms: afterwards there are ten, and the memory is back."""
    reply = b'{"action":"join_room","success":true,"message":""}'
    replies = frame(TEXT, reply, masked=False) * 200

    async def run(number: int) -> None:
        async with guest(program.port, f"p{number}", f"home{number}") as runner:
            for start in range(0, 10_000, 200):
                rooms = range(start, start + 200)
                joins = [request("join_room", room=f"a long name {number}-{r}") for r in rooms]
                await runner.sends(b"".join(joins))
                assert await runner.reads(len(replies)) == replies

    async with started(":memory:", *FREE) as program:
        ann, bob = await couple(program)
        await asyncio.gather(*(run(number) for number in range(100, 102)))
        before = program.memory()
        await asyncio.gather(*(run(number) for number in range(8)))
        await talk(ann, bob)
        while (await ann.asks("room_list"))["rooms"] != [{"room": "default", "users": 2}]:
            await talk(ann, bob)
        assert program.memory() - before < 16 * MEGABYTE
        await stops_quietly(program)


async def test_rooms_that_were_run_through_are_gone(house: House) -> None:
    """A person who was in a thousand rooms is in one, and the others are not kept."""
    ann = await house.lets_in("ann")
    for number in range(1000):
        await ann.says("join_room", room=f"room {number}")
    for _ in range(1000):
        assert (await ann.hears())["success"] is True
    assert {room: list(house.rooms[room]) for room in house.rooms} == {"room 999": ["ann"]}


async def test_pings_that_are_never_read_cost_no_memory() -> None:
    """Half a million pings, of which no pong is read, hold up nobody and are not gathered."""
    async with started(":memory:", *FREE) as program:
        ann, bob = await couple(program)
        async with guest(program.port, "slow", "tea", receive_buffer=SMALL) as slow:
            before = program.memory()
            for _ in range(12):
                await slow.sends(frame(PING, bytes(125)) * 40_000)
                await talk(ann, bob)
            assert program.memory() - before < 16 * MEGABYTE
            await talk(ann, bob)
        await stops_quietly(program)


async def test_many_stuck_readers_cost_little_memory(tmp_path: Path) -> None:
    """What fifty people do not read of 30 MB is held once, in the file, not fifty times."""
    async with started(tmp_path / "log.db", *FREE) as program, AsyncExitStack() as crowd:
        ann = await program.lets_in("ann", "tea")
        for number in range(50):
            await crowd.enter_async_context(guest(program.port, f"s{number}", "tea", SMALL))
            await ann.hears()
        before = program.memory()
        await speak(ann, [f"{number} {LONG}" for number in range(1900)])
        assert program.memory() - before < 64 * MEGABYTE
        await stops_quietly(program)
