"""A message that is said at once, and the same said the long way: nobody can tell them apart."""

import json

import pytest

import chat.limits
from tests.transcript import House, Person, opened
from tests.version2.guests import V2
from wire.saying import Saying, read_saying

SAID = '{"action":"chat_message","message":%s}'
FRAMES = [
    SAID % '"one"',
    '{"action":"chat_message","message":"two","ref":2}',
    '{"action":"chat_message","message":"three","ref":"r3","key":"k","more":1}',
    '{"action":"chat_message","message":"again","key":"k"}',
    '{"action":"chat_message","message":"","ref":4}',
    '{"action":"chat_message","message":"x","ref":-1}',
    '{"action":"chat_message","message":"x","key":7}',
    '{"action":"set_nick","nick":"anna","ref":5}',
    SAID % '"h\u00e9 \U0001f600"',
    SAID % r'"two\nlines"',
    SAID % json.dumps("x" * 4096),
    SAID % json.dumps("x" * 4097),
    "nonsense",
    '{"action":"join_room","room":"tea"}',
    SAID % '"six"',
    '{"action":"resume","session":"x","ref":6}',
    *(SAID % f'"{number}"' for number in range(100)),
    '{"action":"user_list","ref":7}',
]


def timeless(text: str) -> str:
    """Return a body without what is never the same twice."""
    body = json.loads(text)
    for key in ("ts", "epoch", "session", "retry_after"):
        body.pop(key, None)
    return json.dumps(body)


async def hears_until(person: Person, ref: object) -> list[str]:
    """Return all that comes, to the letter, until the reply to a request."""
    heard: list[str] = []
    while not heard or json.loads(heard[-1]).get("ref") != ref:
        heard.append(timeless(await person.hears_text()))
    return heard


async def transcript(house: House, headers: dict[str, str]) -> list[list[str]]:
    """Return what the speaker and the others in both rooms heard."""
    bob = await house.opens(params={"nick": "bob"}, headers=headers)
    eve = await house.opens(params={"nick": "eve", "room": "tea"}, headers=headers)
    for listener in (bob, eve):
        await listener.sends('{"action":"room_list","ref":"here"}')
        await hears_until(listener, "here")
    ann = await house.opens(params={"nick": "ann"}, headers=headers)
    for frame in FRAMES:
        await ann.sends(frame)
    heard = [await hears_until(ann, 7)]
    for listener in (bob, eve):
        await listener.sends('{"action":"room_list","ref":"all"}')
        heard.append(await hears_until(listener, "all"))
    return heard


@pytest.mark.parametrize("headers", [{}, V2])
@pytest.mark.parametrize("limit", [0, 50])
async def test_the_short_way_and_the_long_way_are_one(
    headers: dict[str, str], limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everyone hears the same, in the same order, in both versions and with a limit."""
    taken = 0

    def count(frame: str) -> Saying | None:
        nonlocal taken
        saying = read_saying(frame)
        taken += saying is not None
        return saying

    rate = 1e-6  # so that nothing is allowed again while this lasts
    monkeypatch.setattr(chat.limits, "BURST", limit / rate)
    transcripts = []
    for way in (count, lambda _frame: None):
        monkeypatch.setattr("chat.session.read_saying", way)
        async with opened(messages_per_second=rate if limit else 0) as house:
            transcripts.append(await transcript(house, headers))
    assert taken > limit
    assert transcripts[0] == transcripts[1]
    assert len(transcripts[0][0]) > len(FRAMES)
