"""Nonsense at both doors: it harms nobody else, and leaves no trace in the log."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doors.telnet_commands import COMMANDS
from server import TELNET
from tests.doors.test_telnet_codec import PIECES
from tests.doors.visitors import visitor
from tests.strangers import Stranger, frame
from tests.transcript import House

WORDS = st.sampled_from([*(word.encode() for word in COMMANDS), b"/", b"a", b"cem"])
TYPED = st.lists(PIECES | WORDS | st.just(b" ") | st.binary(max_size=9), max_size=40).map(b"".join)
FRAMES = st.lists(
    st.builds(
        frame,
        st.integers(0, 15),
        st.binary(max_size=200),
        fin=st.booleans(),
        reserved=st.sampled_from([0, 0, 0, 0x10, 0x40]),
        masked=st.just(value=True),
    )
    | st.binary(max_size=20),
    max_size=10,
).map(b"".join)
FUZZ = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(TYPED)
async def test_nonsense_at_the_telnet_door(port: int, house: House, typed: bytes) -> None:
    """Whatever somebody types, others go on talking, and nobody is left over."""
    async with visitor(port, "cem") as cem:
        async with visitor(port) as bob:
            await bob.sends_what_it_can(b"login bob\n" + typed)
            bob.ends_its_half()
            shown = await bob.reads_to_end()
        text = re.sub(b"\xff[\xfc\xfe].", b"", shown, flags=re.DOTALL)
        assert not set(text) & ({*range(32), 127, 255} - set(b"\r\n"))
        await cem.types("that is all")
        while await cem.reads_line() != "Unknown command: that":
            pass
        await cem.types("look", "logout")
        rest = await cem.reads_to_end()
        assert rest == b"The following are in this room:\r\ncem\r\n"
    assert not house.app[TELNET].lines


@FUZZ
@given(FRAMES)
async def test_nonsense_at_a_feed(house: House, sent: bytes) -> None:
    """Whatever somebody sends, others in other feeds go on."""
    ann = await house.opens("/feed/ann")
    async with Stranger(house.port) as bob:
        await bob.enters("/feed/bob")
        await bob.sends_what_it_can(sent)
    await ann.ws.send_str("on")
    assert (await ann.ws.receive()).data == "on"
    await ann.leaves()
