import json
import logging
from collections.abc import Iterator

import pytest

from bot import log


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for handler in handlers:  # pytest's own, which `configure` would close
        root.removeHandler(handler)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_machine_gets_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(None, "INFO")
    logging.getLogger("bot.app").info("started on\nport %d ✅", 3000)
    (line,) = capsys.readouterr().err.splitlines()
    record = json.loads(line)
    assert (record["level"], record["logger"], record["message"]) == ("INFO", "bot.app", "started on\nport 3000 ✅")
    assert record["time"].endswith("+00:00")


def test_an_exception_stays_within_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json", "INFO")
    try:
        int("two\nlines")
    except ValueError:
        logging.getLogger("bot.app").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert r"ValueError: invalid literal for int() with base 10: 'two\nlines'" in json.loads(line)["exception"]


def test_a_person_gets_a_line_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("console", "WARNING")
    logging.getLogger("bot.app").info("not shown")
    logging.getLogger("bot.app").warning("shown")
    assert capsys.readouterr().err.rstrip().endswith("WARNING shown")


def test_libraries_that_log_bodies_are_kept_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("console", "DEBUG")
    for name in ("slack_sdk.web", "slack_bolt.App", "httpx", "apscheduler.executors.default", "aiohttp.access"):
        logging.getLogger(name).info("a body")
    assert capsys.readouterr().err == ""
