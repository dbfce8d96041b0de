import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import House, Somebody
from tests.browser.crowd import talk

Comes = Callable[..., Somebody]


def test_two_people_talk(comes: Comes) -> None:
    """What one says both see once, in order, and the speaker sees that it is stored."""
    ann, bob = comes("ann"), comes("bob")
    ann.sees("ann", "bob")
    ann.says("Good morning")
    bob.hears("Good morning")
    bob.says("And to you")
    for somebody in (ann, bob):
        somebody.hears("Good morning")
        somebody.hears("And to you")
        assert somebody.texts == ["Good morning", "And to you"]
    mark = ann.log.get_by_role("img")
    expect(mark).to_have_count(1)
    expect(mark).to_have_accessible_name("Stored")


def test_a_name_is_changed_in_place(comes: Comes) -> None:
    """Others see a new name; one that is taken is refused with the reason, and may be put right."""
    ann, bob = comes("ann"), comes("bob")
    bob.is_called("ANN")
    expect(bob.page.get_by_role("alert").filter(has_text="already in use")).to_be_visible()
    expect(bob.page.get_by_role("textbox", name="Your name")).to_be_focused()
    bob.page.get_by_role("textbox", name="Your name").fill("rob")
    bob.page.keyboard.press("Enter")
    ann.sees("ann", "rob")
    bob.sees("ann", "rob")
    expect(ann.log).to_contain_text("bob is now rob")
    expect(bob.page.get_by_role("button", name="Change name")).to_be_focused()
    bob.page.get_by_role("button", name="Change name").click()
    bob.page.keyboard.press("Escape")
    expect(bob.page.get_by_role("textbox", name="Your name")).to_be_hidden()


def test_rooms_are_kept_up_to_date(comes: Comes) -> None:
    """A room one does not look at counts what is new, marks mentions, and has a line above it."""
    ann, bob = comes("ann"), comes("bob")
    ann.says("before")
    bob.hears("before")
    ann.joins("garden")
    expect(ann.page).to_have_url(re.compile("/garden$"))
    ann.sees("ann")
    bob.says("one")
    bob.says("two for @ann")
    link = ann.rooms.get_by_role("link", name="default")
    expect(link).to_have_accessible_name("default, 2 unread, you are mentioned")
    expect(ann.page).to_have_title("(@2) garden \u00b7 Roomful")
    link.click()
    ann.hears("two for @ann")
    expect(ann.page).to_have_title("default \u00b7 Roomful")
    order = ann.log.locator(".text, .new").all_inner_texts()
    assert order == ["before", "New", "one", "two for @ann"]
    expect(ann.log.locator(".mention")).to_have_count(1)
    ann.page.go_back()
    expect(ann.page.get_by_role("heading", level=1)).to_have_text("garden")


def test_busy_rooms_are_found(comes: Comes, house: House) -> None:
    """Rooms with people in them are listed, and a click enters; leaving one lists it again."""
    bob = comes("bob", "/kitchen")
    ann = comes("ann")
    busy = ann.page.get_by_role("list", name="Busy now")
    busy.get_by_role("button", name="kitchen").click()
    ann.sees("bob", "ann")
    ann.page.get_by_role("button", name="Leave kitchen").click()
    bob.sees("bob")
    expect(bob.log).to_contain_text("ann left")
    expect(ann.page.get_by_role("heading", level=1)).to_have_text("default")
    assert house.process is not None


def test_an_impossible_room_is_refused(comes: Comes) -> None:
    """The rule is said, what was typed stands to be put right, and one is where one was."""
    ann = comes("ann")
    ann.joins("x" * 65)
    expect(ann.page.get_by_role("alert").filter(has_text="64")).to_be_visible()
    expect(ann.page.get_by_role("textbox", name="Room")).to_have_value("x" * 65)
    expect(ann.page.get_by_role("heading", level=1)).to_have_text("default")
    expect(ann.rooms.get_by_role("listitem")).to_have_count(1)


def test_departures_are_told(comes: Comes, house: House) -> None:
    """Who breaks off is told of with a smile, after the time in which they may come back."""
    ann = comes("ann")
    talk(house.port, "bob", "hello")
    expect(ann.log).to_contain_text("bob left")
    talk(house.port, "carl", "hi", vanish=True)
    expect(ann.log.locator(".shame")).to_contain_text("Shame!")
    ann.sees("ann")


def test_enter_sends_and_drafts_stay(comes: Comes) -> None:
    """Enter sends, Shift+Enter breaks the line; each room's draft outlives a reload."""
    ann = comes("ann")
    ann.box.click()
    ann.page.keyboard.type("one")
    ann.page.keyboard.press("Shift+Enter")
    ann.page.keyboard.type("two")
    ann.page.keyboard.press("Enter")
    ann.hears("one\ntwo")
    assert ann.texts == ["one\ntwo"]
    expect(ann.box).to_have_value("")
    ann.box.fill("not yet")
    ann.joins("garden")
    expect(ann.box).to_have_value("")
    ann.box.fill("nor here")
    ann.page.reload()
    ann.is_in()
    expect(ann.box).to_have_value("nor here")
    ann.sees("ann")
    ann.rooms.get_by_role("link", name="default").click()
    expect(ann.box).to_have_value("not yet")
    assert ann.texts == ["one\ntwo"]


def test_nicks_are_completed(comes: Comes) -> None:
    """After @ the people are offered; keys choose, and Enter then does not send."""
    ann = comes("ann")
    comes("bobby")
    comes("bonnie")
    ann.sees("ann", "bobby", "bonnie")
    ann.box.click()
    ann.page.keyboard.type("hi @bo")
    options = ann.page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_text(["bobby", "bonnie"])
    ann.page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    ann.page.keyboard.press("Enter")
    expect(ann.box).to_have_value("hi @bonnie ")
    ann.page.keyboard.type("@x")
    expect(options).to_have_count(0)
    assert ann.texts == []


def test_what_is_too_long_is_not_sent(comes: Comes) -> None:
    """How much is too much is said, and what was typed stays."""
    ann = comes("ann")
    ann.says("\U0001f600" * 4097)
    expect(ann.page.get_by_role("alert").filter(has_text="1 too many")).to_be_visible()
    assert ann.texts == []
    ann.says("\U0001f600" * 4096)
    ann.hears("\U0001f600" * 4096)


def test_messages_are_grouped(comes: Comes, house: House) -> None:
    """Who goes on within the minute is named once; a day line stands above the first."""
    talk(house.port, "bob", "one", "two", "three")
    ann = comes("ann")
    ann.hears("three")
    assert ann.log.locator(".who").count() <= 2
    expect(ann.log.locator(".day")).to_have_count(1)


def test_a_mention_calls(comes: Comes, house: House) -> None:
    """With notifications on, a mention from elsewhere calls by name; the option is remembered."""
    ann = comes("ann", permissions=["notifications"])
    ann.page.get_by_role("button", name="Notify").click()
    ann.page.get_by_role("button", name="Sound").click()
    ann.page.reload()
    ann.is_in()
    for name in ("Notify", "Sound"):
        expect(ann.page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
    ann.page.evaluate(
        "() => { Notification = class { constructor(...said) { window.called = said; } }; }"
    )
    ann.joins("garden")
    ann.sees("ann")
    talk(house.port, "bob", "where is ann?")
    ann.page.wait_for_function("window.called")
    assert ann.page.evaluate("window.called")[0] == "bob in default"
