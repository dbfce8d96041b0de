import re
from dataclasses import fields

import pytest

from settings import MEMORY, PREFIX, Settings, read_settings

NAMES = [field.name for field in fields(Settings)]
# What one may say for a setting, and what comes of it.
EXAMPLES: dict[str, tuple[str, object]] = {
    "host": ("0.0.0.0", "0.0.0.0"),  # noqa: S104 - it is read, not bound
    "port": ("9000", 9000),
    "data": (MEMORY, MEMORY),
    "name": ("Our house", "Our house"),
    "telnet_port": ("0", 0),
    "allow_origin": ("https://example.org", ("https://example.org",)),
    "messages_per_second": ("2.5", 2.5),
    "connections_per_address": ("0", 0),
    "log_level": ("debug", "debug"),
}
NUMBERS = ["-1", "x", "", "1e3", "½", "٣", " 7", "1.5", "0x10"]
WRONG = [
    *((flag, value) for flag in ("--port", "--telnet-port") for value in (*NUMBERS, "65536")),
    *(("--connections-per-address", value) for value in NUMBERS),
    *(("--messages-per-second", value) for value in ("-1", "x", "", "nan", "inf", "-inf", "1e9")),
    *(("--log-level", value) for value in ("loud", "", "DEBUG")),
    *(("--allow-origin", value) for value in ("example.org", "", "https://a.org/path", "//a.org")),
]


def flag(name: str) -> str:
    """Return the flag of a setting."""
    return "--" + name.replace("_", "-")


def refusal(
    capsys: pytest.CaptureFixture[str], arguments: list[str], environment: dict[str, str]
) -> str:
    """Return the one line with which the program ends."""
    with pytest.raises(SystemExit) as caught:
        read_settings(arguments, environment)
    out, err = capsys.readouterr()
    assert caught.value.code == 2
    assert out == ""
    assert err.startswith("server.py: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err


def help_text(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what --help says, without its line breaks."""
    with pytest.raises(SystemExit) as caught:
        read_settings(["--help"], {})
    assert caught.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def test_without_flags_and_environment_there_are_the_defaults() -> None:
    """Nothing said is every default."""
    assert read_settings([], {}) == Settings()


def test_settings_do_not_change() -> None:
    """What the server was told holds for its life."""
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_a_flag_and_a_line_of_help(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No setting can be added without its flag, and --help tells of each with its default."""
    text = help_text(capsys).partition("options:")[2]
    line = re.search(rf"{flag(name)}[ ,].*?\(default: ([^)]*)\)", text)
    assert line is not None
    default = getattr(Settings(), name)
    if default != ():
        expected = f"{default:g}" if isinstance(default, float) else str(default)
        assert line[1] == expected


def test_the_help_tells_of_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    """--help says how the variables are called."""
    assert f"{PREFIX}LOG_LEVEL" in help_text(capsys)


def example(name: str) -> tuple[str, object]:
    """Return what one may say for a setting; a seven will do for most that are new."""
    return EXAMPLES.get(name, ("7", type(getattr(Settings(), name))("7")))


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_read_from_its_flag(name: str) -> None:
    """A flag changes its own setting and no other, with and without an equals sign."""
    text, value = example(name)
    expected = {field: getattr(Settings(), field) for field in NAMES} | {name: value}
    for arguments in ([flag(name), text], [f"{flag(name)}={text}"]):
        read = read_settings(arguments, {})
        assert {field: getattr(read, field) for field in NAMES} == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_read_from_the_environment(name: str) -> None:
    """A variable does what the flag does."""
    text, value = example(name)
    read = read_settings([], {PREFIX + name.upper(): text, name.upper(): "x", "HELP": "x"})
    assert getattr(read, name) == value
    assert read == read_settings([flag(name), text], {})


def test_a_flag_wins_over_the_environment() -> None:
    """What is said at the start counts more than what lies around."""
    read = read_settings(["--port", "1"], {PREFIX + "PORT": "2", PREFIX + "NAME": "n"})
    assert (read.port, read.name) == (1, "n")


def test_the_environment_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives no environment means the process's own."""
    monkeypatch.setenv(PREFIX + "PORT", "4711")
    assert read_settings([]).port == 4711


@pytest.mark.parametrize(("short", "name"), [("-p", "port"), ("-H", "host")])
def test_host_and_port_have_short_flags(short: str, name: str) -> None:
    """The two that are said most often are short."""
    text, value = EXAMPLES[name]
    assert getattr(read_settings([short, text], {}), name) == value


def test_origins_may_be_several() -> None:
    """Each flag adds an origin; a variable has them in a row; a slash at the end is nothing."""
    flags = ["--allow-origin", "https://a.org/", "--allow-origin", "http://b.org:81"]
    expected = ("https://a.org", "http://b.org:81")
    assert read_settings(flags, {}).allow_origin == expected
    variable = {PREFIX + "ALLOW_ORIGIN": "https://a.org/ http://b.org:81"}
    assert read_settings([], variable).allow_origin == expected
    assert read_settings(["--allow-origin", "*"], {}).allow_origin == ("*",)


@pytest.mark.parametrize(("flag_", "value"), WRONG)
def test_a_wrong_value_ends_the_program_in_one_line(
    flag_: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is named, with its flag, in one line; the status is 2."""
    assert flag_ in refusal(capsys, [f"{flag_}={value}"], {})


@pytest.mark.parametrize(
    ("flag_", "value"), [pair for pair in WRONG if pair != ("--allow-origin", "")]
)
def test_a_wrong_variable_ends_the_program_in_one_line(
    flag_: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong in the environment is named with its variable."""
    variable = PREFIX + flag_.removeprefix("--").replace("-", "_").upper()
    assert variable in refusal(capsys, [], {variable: value})


@pytest.mark.parametrize(
    "arguments", [["--prot", "1"], ["8080"], ["--port"], ["--por=1"], ["--nam=x"], ["-x"]]
)
def test_an_unknown_flag_ends_the_program_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A flag that there is not, or half of one, is said to be wrong, and --help is named."""
    assert "--help" in refusal(capsys, arguments, {})
