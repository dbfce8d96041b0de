"""A mapping whose keys are names: two spellings of one name are one key."""

from collections.abc import ItemsView, Iterator, MutableMapping, ValuesView
from typing import Generic, TypeVar, overload

from wire.names import fold

V = TypeVar("V")
T = TypeVar("T")


class NameMap(MutableMapping[str, V], Generic[V]):
    """Maps names to values, in order of arrival.

    A name is found under any spelling and shown as the first to use it gave it. What is no
    valid name is not in the map.
    """

    def __init__(self) -> None:
        self._values: dict[str, V] = {}
        self._shown: dict[str, str] = {}

    def __getitem__(self, name: str) -> V:
        return self._values[_key(name)]

    def __setitem__(self, name: str, value: V) -> None:
        key = fold(name)
        self._shown.setdefault(key, name)
        self._values[key] = value

    def __delitem__(self, name: str) -> None:
        key = _key(name)
        del self._values[key]
        del self._shown[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown.values())

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def get(self, name: str) -> V | None: ...

    @overload
    def get(self, name: str, default: V | T) -> V | T: ...

    def get(self, name: str, default: V | T | None = None) -> V | T | None:
        """Return a value, or the default if the name is not in the map."""
        try:
            return self._values.get(fold(name), default)
        except ValueError:
            return default

    def values(self) -> ValuesView[V]:
        """Return the values without looking a single name up; telling a room walks them."""
        return self._values.values()

    def items(self) -> ItemsView[str, V]:
        """Return the names as they are shown, each with its value."""
        return dict(zip(self._shown.values(), self._values.values(), strict=True)).items()

    def shown(self, name: str) -> str:
        """Return the name as it is shown; raise KeyError if it is not in the map."""
        return self._shown[_key(name)]

    def rename(self, old: str, new: str) -> None:
        """Give a value another name, at the same place in the order."""
        old_key, new_key = _key(old), fold(new)
        if old_key not in self._values:
            raise KeyError(old)
        if new_key != old_key and new_key in self._values:
            raise KeyError(new)
        place = {key: new_key if key == old_key else key for key in self._values}
        self._shown[old_key] = new
        self._values = {place[key]: value for key, value in self._values.items()}
        self._shown = {place[key]: name for key, name in self._shown.items()}


def _key(name: str) -> str:
    try:
        return fold(name)
    except ValueError:
        raise KeyError(name) from None
