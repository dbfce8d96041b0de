from dataclasses import Field, fields

import pytest

from settings import PREFIX, Settings
from tests.docs.pages import README, rows, section

OPTIONS = rows(section(README.read_text(), "Options"))


@pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)
def test_option(field: "Field[object]") -> None:
    """Every setting is in the README's table: its flag, its environment variable, its default."""
    flag = "--" + field.name.replace("_", "-")
    assert flag in OPTIONS, f"{flag} is missing"
    assert f"| `{PREFIX}{field.name.upper()}` |" in OPTIONS[flag]
    if field.default != ():
        default = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        assert f"| `{default}` |" in OPTIONS[flag]


def test_no_other_option() -> None:
    """The README's table has no flag that there is not."""
    flags = {"--" + field.name.replace("_", "-") for field in fields(Settings)}
    assert set(OPTIONS) - {"option"} == flags
