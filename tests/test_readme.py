import pytest

from bot.app import DRAIN_SECONDS, END_SECONDS, REQUEST_SECONDS
from bot.cli import main
from bot.domain.command_parser import parse_command
from bot.domain.commands import Misunderstood
from bot.settings import Settings
from handlers.socket_mode import ACK_SECONDS
from tests.readme import README, rendered, settings_table

TEXT = README.read_text()


def test_the_tables_are_those_of_the_code() -> None:
    assert rendered(TEXT) == TEXT, "`make readme` brings the README up to date"


def test_every_setting_stands_in_the_table_with_a_meaning_and_a_default() -> None:
    rows = [line.strip("| ").split(" | ") for line in settings_table().splitlines()[2:]]
    assert len(rows) == len(Settings.model_fields)
    assert not [row for row in rows if len(row) != 3 or not all(row)]


def test_the_readme_says_how_long_an_end_takes() -> None:
    assert f"has ended after at most {END_SECONDS:g} seconds" in TEXT
    assert ACK_SECONDS + DRAIN_SECONDS + REQUEST_SECONDS + 2 <= END_SECONDS  # and a moment to close what is open


def test_every_command_line_of_the_readme_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    typed = [line.strip().split("#")[0] for line in TEXT.splitlines()]
    lines = [line.split() for line in typed if line.startswith("npmtrust ") and line == line.lower()]
    assert lines
    for _, *arguments in lines:
        with pytest.raises(SystemExit) as ended:
            main([*arguments[:1], "--help"])
        assert ended.value.code == 0
    assert "usage: npmtrust" in capsys.readouterr().out


def test_every_line_that_the_readme_tells_people_to_type_is_understood() -> None:
    typed = [line.strip() for line in TEXT.splitlines() if line.strip().startswith("/npmtrust ")]
    whole = [line.removeprefix("/npmtrust ") for line in typed if "…" not in line]
    assert len(whole) >= 2
    assert not [line for line in whole if isinstance(parse_command(line), Misunderstood)]
