"""What people who do not read ask for meanwhile, and how they leave."""

import pytest

from server import LINES
from tests.strangers import CLOSE, frame, guest, request
from tests.stuck import LONG, SMALL, almost_fill, fill, hear_texts, speak
from tests.transcript import House

LEFT = {"action": "left", "room": "default", "user": "slow"}


async def test_replies_keep_their_place_among_what_was_missed(kept: House) -> None:
    """Who speaks and asks while behind is answered once, at the place of each request."""
    ann = await kept.lets_in("ann")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        said = await fill(kept, ann)
        await slow.sends(request("chat_message", message="mine", ref=1))
        assert (await ann.hears())["message"] == "mine"
        asked = [request("user_list", ref=ref) for ref in (2, 3)]
        more = request("chat_message", message="mine too", ref=4)
        await slow.sends(asked[0] + asked[1] + more + request("chat_message", message="", ref=5))
        later = [f"later {number}" for number in range(200)]
        await speak(ann, later)
        await hear_texts(slow, said)
        reply = {"action": "chat_message", "success": True, "message": "mine", "ref": 1}
        assert await slow.hears() == reply
        heard = [await slow.hears() for _ in range(len(later) + 4)]
        replies = [body for body in heard if "ref" in body]
        assert [body["ref"] for body in replies] == [2, 3, 4, 5]
        assert [body["success"] for body in replies] == [True, True, True, False]
        assert [body["message"] for body in heard if "ref" not in body] == later
        assert (await ann.hears())["message"] == "mine too"
        log = [said["message"] for said in (await ann.asks("history", limit=200))["messages"]]
        before = [body["message"] for body in heard[: heard.index(replies[2])] if "ref" not in body]
        assert before[-50:] == log[: log.index("mine too")][-50:]


async def test_a_refusal_keeps_its_place_among_what_was_missed(kept: House) -> None:
    """Who is refused something while behind hears it between what was said before and after."""
    ann = await kept.lets_in("ann")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        said = await fill(kept, ann)
        line = next(line for line in kept.app[LINES] if line.behind)
        before = line.last_heard
        await slow.sends(request("chat_message", message="", ref=1))
        while line.last_heard == before:
            await ann.has_heard_all()
        await speak(ann, ["one", "two"])
        await hear_texts(slow, said)
        assert (await slow.hears())["ref"] == 1
        await hear_texts(slow, ["one", "two"])


async def test_replies_under_way_when_one_falls_behind_are_not_lost(kept: House) -> None:
    """Who speaks and moves just when they fall behind gets both replies, and what came before."""
    ann = await kept.lets_in("ann")
    bob = await kept.lets_in("bob", "tea")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        said = await almost_fill(kept, ann)
        speaking = request("chat_message", message="one", ref=1)
        await slow.sends(speaking + request("join_room", room="tea", ref=2))
        assert (await ann.hears())["message"] == "one"
        await hear_texts(slow, said)
        assert [(await slow.hears())["ref"] for _ in range(2)] == [1, 2]
        assert await bob.hears() == {"action": "joined", "room": "tea", "user": "slow"}
        await speak(bob, ["two"])
        await hear_texts(slow, ["two"], "bob")


async def test_who_moves_while_behind_misses_nothing(kept: House) -> None:
    """Who moves while behind hears all that was said in the old room, the reply, and the new."""
    ann = await kept.lets_in("ann")
    bob = await kept.lets_in("bob", "tea")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        said = await fill(kept, ann)
        said += [f"{number} {LONG}" for number in range(100)]
        await speak(ann, said[-100:])
        await slow.sends(request("join_room", room="tea", ref=1))
        await hear_texts(slow, said)
        assert (await slow.hears())["ref"] == 1
        assert (await bob.hears())["action"] == "joined"
        await speak(bob, ["one"])
        await hear_texts(slow, ["one"], "bob")


async def test_a_new_room_is_heard_once_by_who_was_behind_in_the_old_one(kept: House) -> None:
    """Whatever of the old room one misses by moving, of the new one every message comes once."""
    ann = await kept.lets_in("ann")
    bob = await kept.lets_in("bob", "tea")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        await fill(kept, ann)
        await slow.sends(request("join_room", room="tea", ref=1))
        while (await slow.hears()).get("ref") != 1:
            pass
        assert (await bob.hears())["action"] == "joined"
        texts = [f"{number} {LONG}" for number in range(200)]
        await speak(bob, texts)
        await hear_texts(slow, texts, "bob")
        await slow.sends(request("room_list", ref=2))
        assert (await slow.hears())["ref"] == 2


@pytest.mark.parametrize("payload", [b"", b"\x0f\xa1"])
async def test_who_leaves_without_having_read_leaves_politely(house: House, payload: bytes) -> None:
    """A close frame is polite, however much its sender has not read."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "slow", receive_buffer=SMALL) as slow:
        await fill(house, ann)
        await slow.sends(frame(CLOSE, payload))
        assert await ann.hears() == LEFT | {"shame": False}
        await ann.has_heard_all()


async def test_who_speaks_leaves_and_hangs_up_without_having_read_leaves_politely(
    house: House,
) -> None:
    """A close frame that came before the line broke is polite, also behind other requests."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "slow", receive_buffer=SMALL) as slow:
        await fill(house, ann)
        await slow.sends(request("chat_message", message="bye") + frame(CLOSE, b""))
        assert (await ann.hears())["message"] == "bye"
        slow.hangs_up()
        assert await ann.hears() == LEFT | {"shame": False}


async def test_who_breaks_off_without_having_read_is_shamed(kept: House) -> None:
    """A line that breaks while it is fed is gone like any other."""
    ann = await kept.lets_in("ann")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        await fill(kept, ann)
        slow.hangs_up()
        assert await ann.hears() == LEFT | {"shame": True}
        await ann.has_heard_all()


async def test_who_breaks_the_protocol_without_having_read_is_put_out(house: House) -> None:
    """A broken frame ends the visit at once, however much its sender has not read."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "slow", receive_buffer=SMALL) as slow:
        await fill(house, ann)
        await slow.sends(frame(0x3, b""))
        assert await ann.hears() == LEFT | {"shame": False}
