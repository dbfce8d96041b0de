import json
from collections.abc import Callable

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import House, Somebody
from tests.browser.crowd import Way, take_over, talk

Comes = Callable[..., Somebody]


def test_killed_in_the_middle(comes: Comes, house: House) -> None:
    """What is said while the server is dead is kept and said once, in order; the page says so."""
    ann, bob = comes("ann"), comes("bob")
    ann.says("before")
    bob.hears("before")
    house.dies()
    expect(ann.page.get_by_role("status")).to_contain_text("Offline")
    said = [f"word {number}" for number in range(5)]
    for text in said:
        ann.says(text)
    expect(ann.log.get_by_role("img", name="On its way")).to_have_count(5)
    house.opens()
    for somebody in (ann, bob):
        somebody.hears("word 4")
        assert somebody.texts == ["before", *said]
        expect(somebody.log.locator(".back")).to_contain_text("nothing missing")
        expect(somebody.page.get_by_role("status")).to_be_empty()
        somebody.sees("ann", "bob")
    expect(ann.log.get_by_role("img", name="Stored")).to_have_count(6)
    expect(bob.log.locator(".shame")).to_have_count(0)


def test_killed_while_talking(comes: Comes, house: House) -> None:
    """However often the server is killed while one talks, nothing is lost and nothing twice."""
    ann, bob = comes("ann"), comes("bob")
    said = [f"word {number}" for number in range(12)]
    for index, text in enumerate(said):
        ann.says(text)
        if index in (4, 8):
            house.dies()
            house.opens()
    for somebody in (ann, bob):
        somebody.hears(said[-1])
        assert somebody.texts == said


def test_nothing_typed_is_lost_with_the_page(comes: Comes, house: House) -> None:
    """What waits outlives the page: the next one says it, once."""
    ann = comes("ann")
    ann.says("before")
    ann.hears("before")
    house.dies()
    ann.says("waiting")
    expect(ann.log.get_by_role("img", name="On its way")).to_have_count(1)
    ann.page.close()
    house.opens()
    again = Somebody(ann.context, house.url)
    again.goes("/elsewhere")
    again.rooms.get_by_role("link", name="default").click()
    again.hears("waiting")
    assert again.texts == ["before", "waiting"]
    again.page.reload()
    again.is_in()
    again.hears("waiting")
    assert again.texts == ["before", "waiting"]


def test_what_was_missed_is_counted(comes: Comes, house: House) -> None:
    """Back from a dead line one is told what was missed, also one's own last words, once."""
    with Way(house.port).serving() as way:
        ann = Somebody(comes().context, f"http://127.0.0.1:{way.port}/a/prefix")
        ann.goes()
        ann.is_called("ann")
        ann.says("first")
        ann.hears("first")
        way.cut()
        expect(ann.page.get_by_role("status")).to_contain_text("Offline")
        talk(house.port, "bob", *(f"missed {number}" for number in range(14)))
        ann.says("later")
        way.open = True
        ann.page.get_by_role("button", name="Try now").click()
        ann.hears("later")
        expect(ann.log.locator(".back")).to_have_text(
            "Back again: caught up, 14 messages, nothing missing."
        )
        assert ann.texts == ["first", *(f"missed {number}" for number in range(14)), "later"]
        assert not ann.faults


def test_offline_is_visible_at_once(comes: Comes, house: House) -> None:
    """Without a network the page says so, keeps what is written, and comes back with it."""
    ann = comes("ann")
    ann.says("before")
    ann.hears("before")
    ann.context.set_offline(True)
    expect(ann.page.get_by_role("status")).to_contain_text("Offline")
    talk(house.port, "bob", "while away")
    ann.says("later")
    expect(ann.log.get_by_role("img", name="On its way")).to_have_count(1)
    ann.context.set_offline(False)
    ann.hears("later")
    expect(ann.log.locator(".back")).to_contain_text("caught up, 1 message, nothing missing")
    assert ann.texts == ["before", "while away", "later"]


def test_a_new_log_is_told(comes: Comes, house: House) -> None:
    """Where the log was lost the page says so, and goes on with the new one."""
    ann = comes("ann")
    ann.says("old")
    ann.hears("old")
    house.dies()
    for path in house.folder.glob("log.db*"):
        path.unlink()
    house.opens()
    expect(ann.log.locator(".back")).to_contain_text("gone")
    ann.says("new")
    ann.hears("new")
    assert ann.texts == ["new"]


def test_a_refused_message_can_be_sent_again(comes: Comes) -> None:
    """What could not be stored says why, and can be tried again or taken back."""
    ann = comes("ann")
    refusing = [True]

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def forward(text: str | bytes) -> None:
            request = json.loads(text)
            if request["action"] == "chat_message" and refusing[0]:
                refusal = {"success": False, "code": "not_stored", "message": "The disk is full."}
                route.send(json.dumps(request | refusal))
            else:
                server.send(text)

        route.on_message(forward)

    ann.page.route_web_socket("**/chat?*", between)
    ann.page.reload()
    ann.is_in()
    ann.says("again")
    ann.says("never")
    expect(ann.log.get_by_role("img", name="Not stored")).to_have_count(2)
    expect(ann.log.get_by_text("The disk is full.")).to_have_count(2)
    ann.page.reload()
    ann.is_in()
    expect(ann.log.get_by_role("img", name="Not stored")).to_have_count(2)
    ann.log.get_by_role("button", name="Edit").nth(1).click()
    expect(ann.box).to_have_value("never")
    refusing[0] = False
    ann.log.get_by_role("button", name="Retry").click()
    ann.hears("again")
    assert ann.texts == ["again"]


@pytest.mark.parametrize("reloads", [False, True])
def test_a_lost_reply_doubles_nothing(comes: Comes, reloads: bool) -> None:  # noqa: FBT001
    """What was stored while its reply was lost is said once, also where the page is reloaded."""
    ann, bob = comes("ann"), comes("bob")
    losing = [True]

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def answer(text: str | bytes) -> None:
            body = json.loads(text)
            if body["action"] == "chat_message" and "ref" in body and losing[0]:
                losing[0] = reloads
                route.close(code=1011)
            else:
                route.send(text)

        server.on_message(answer)

    ann.page.route_web_socket("**/chat?*", between)
    ann.page.reload()
    ann.is_in()
    ann.says("once")
    bob.hears("once")
    if reloads:
        losing[0] = False
        ann.page.reload()
        ann.is_in()
    ann.says("then")
    for somebody in (ann, bob):
        somebody.hears("then")
        assert somebody.texts == ["once", "then"]
    assert (
        ann.page.evaluate("Object.keys(localStorage).filter((key) => key.includes('out:'))") == []
    )


def test_the_rate_limit_is_waited_for(comes: Comes, house: House) -> None:
    """Who types faster than the limit allows loses nothing, and the order stays."""
    ann = comes("ann")
    house.closes()
    house.opens("--messages-per-second", "3")
    said = [f"word {number}" for number in range(16)]
    for text in said:
        ann.says(text)
    ann.hears(said[-1])
    assert ann.texts == said


def test_two_tabs_have_a_session_each(comes: Comes, house: House) -> None:
    """A second tab, also a duplicated one, gets a name of its own, and both stay."""
    ann = comes("ann")
    second = Somebody(ann.context, house.url)
    second.goes()
    ann.sees("ann", "ann2")
    copied = Somebody(ann.context, house.url)
    kept = json.dumps(ann.page.evaluate("({...sessionStorage})"))
    copied.page.add_init_script(f"Object.assign(sessionStorage, {kept})")
    copied.goes()
    for somebody in (ann, second, copied):
        somebody.sees("ann", "ann2", "ann3")
        expect(somebody.page.get_by_role("status")).to_be_empty()
    assert not second.faults + copied.faults


def test_a_session_that_goes_on_elsewhere_ends_here(comes: Comes, house: House) -> None:
    """Who is taken over does not fight, says so, and can take the conversation back."""
    ann = comes("ann")
    token = ann.page.evaluate(
        "JSON.parse(Object.entries(sessionStorage).find(([key]) => key.includes('token'))[1])"
    )
    take_over(house.port, token)
    expect(ann.page.get_by_role("status")).to_contain_text("another tab")
    ann.page.get_by_role("button", name="Take it back").click()
    ann.says("here again")
    ann.hears("here again")
    ann.sees("ann")


def test_name_and_rooms_are_remembered(comes: Comes, house: House) -> None:
    """A later visit begins with the name and the rooms of the last, and counts what is new."""
    ann = comes("ann")
    ann.joins("garden")
    ann.sees("ann")
    ann.page.close()
    talk(house.port, "bob", "one", "two", room="default")
    again = Somebody(ann.context, house.url)
    again.goes()
    again.sees("ann")
    expect(again.page.get_by_role("heading", level=1)).to_have_text("garden")
    expect(again.rooms.get_by_role("link")).to_have_count(2)
    link = again.rooms.get_by_role("link", name="default")
    expect(link).to_have_accessible_name("default, 2 unread")
    assert not again.faults
