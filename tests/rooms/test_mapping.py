# ruff: noqa: RUF001 - names that look alike are the point
from collections.abc import MutableMapping

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rooms.mapping import NameMap
from wire.names import fold

NAMES = st.sampled_from(
    ["ann", "Ann", "ＡＮＮ", " ann", "bob", "BOB", "Zoë", "ZOE\u0308", "x", "X y"]
)
INVALID = ["", " ", "\x00", "a\u200db", "\u202eann", "\u2800"]


class NameMapMachine(RuleBasedStateMachine):
    """A NameMap beside a model: a list of (name as it is shown, value), in order of arrival."""

    @initialize()
    def start(self) -> None:
        """Begin with nobody."""
        self.map: NameMap[int] = NameMap()
        self.model: list[tuple[str, int]] = []
        self.count = 0

    def index(self, name: str) -> int | None:
        """Return where the model has a name."""
        same = [fold(shown) == fold(name) for shown, _value in self.model]
        return same.index(True) if True in same else None

    @rule(name=NAMES)
    def put(self, name: str) -> None:
        """Put a name: a new one comes last, an old one keeps its place and its first spelling."""
        self.count += 1
        self.map[name] = self.count
        index = self.index(name)
        if index is None:
            self.model.append((name, self.count))
        else:
            self.model[index] = (self.model[index][0], self.count)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        """Delete a name under any spelling, if it is there."""
        index = self.index(name)
        if index is None:
            with pytest.raises(KeyError):
                del self.map[name]
        else:
            del self.map[name]
            del self.model[index]

    @rule(name=NAMES)
    def pop(self, name: str) -> None:
        """Pop a name, or get the default if it is not there."""
        index = self.index(name)
        expected = None if index is None else self.model.pop(index)[1]
        assert self.map.pop(name, None) == expected

    @rule(old=NAMES, new=NAMES)
    def rename(self, old: str, new: str) -> None:
        """Rename a value, which keeps its place; a failing rename changes nothing."""
        index, other = self.index(old), self.index(new)
        if index is None or other not in (None, index):
            with pytest.raises(KeyError):
                self.map.rename(old, new)
        else:
            self.map.rename(old, new)
            self.model[index] = (new, self.model[index][1])

    @rule(name=NAMES, invalid=st.sampled_from(INVALID))
    def misuse(self, name: str, invalid: str) -> None:
        """Use what is no valid name: it is never taken, and asking for it is no fault."""
        assert invalid not in self.map
        assert self.map.get(invalid) is None
        with pytest.raises(ValueError):  # noqa: PT011 - which one is the profile's affair
            self.map[invalid] = 0
        with pytest.raises(KeyError):
            del self.map[invalid]
        with pytest.raises((KeyError, ValueError)):
            self.map.rename(name, invalid)
        with pytest.raises(KeyError):
            self.map.rename(invalid, "free")

    @precondition(lambda self: len(self.model) > 2)
    @rule()
    def clear(self) -> None:
        """Take everything out at once."""
        self.map.clear()
        self.model.clear()

    @rule(name=NAMES)
    def ask(self, name: str) -> None:
        """Ask for one name in every way there is."""
        index = self.index(name)
        assert (name in self.map) is (index is not None)
        if index is None:
            assert self.map.get(name) is None
            with pytest.raises(KeyError):
                self.map[name]
            with pytest.raises(KeyError):
                self.map.shown(name)
        else:
            shown, value = self.model[index]
            assert self.map[name] == self.map.get(name) == value
            assert self.map.shown(name) == shown

    @invariant()
    def agree(self) -> None:
        """Ask for all of them in every way there is."""
        assert list(self.map.items()) == self.model
        assert list(self.map) == list(self.map.keys()) == [shown for shown, _value in self.model]
        assert list(self.map.values()) == [value for _shown, value in self.model]
        assert len(self.map) == len(self.model)
        assert bool(self.map) is bool(self.model)


class TestNameMap(NameMapMachine.TestCase):  # type: ignore[misc, valid-type] # made at run time
    """A NameMap behaves as a dict whose keys are folded and whose order is that of arrival."""


def test_a_map_of_names_is_a_mapping() -> None:
    """Whoever expects a mutable mapping can have a NameMap."""
    names: NameMap[int] = NameMap()
    assert isinstance(names, MutableMapping)
    names.update(ann=1, bob=2)
    assert names == {"ann": 1, "bob": 2}
    assert names.setdefault("ANN", 3) == 1


@pytest.mark.parametrize("name", ["x", "\u2800"])
def test_renaming_who_is_not_there_changes_nothing(name: str) -> None:
    """A rename of an absent name is a KeyError and leaves no trace."""
    names: NameMap[int] = NameMap()
    names["ann"] = 1
    with pytest.raises(KeyError):
        names.rename(name, "y")
    assert list(names.items()) == [("ann", 1)]
