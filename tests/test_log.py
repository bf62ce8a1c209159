import asyncio
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


async def log_of_a_delivery() -> None:
    with log.scope():
        log.about(delivery=5, change_set="C-42")
        with log.scope():
            logging.getLogger("bot").info("another piece of work")
        log.about(step=3, call=None)
        await asyncio.gather(asyncio.to_thread(logging.getLogger("bot").info, "beside it"))
    logging.getLogger("bot").info("after it")


def test_each_line_tells_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json", "INFO")
    asyncio.run(log_of_a_delivery())
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    ids = [{name: line[name] for name in ("delivery", "change_set", "step", "call") if name in line} for line in lines]
    assert ids == [{}, {"delivery": "5", "change_set": "C-42", "step": "3"}, {}]
    log.configure("console", "INFO")
    asyncio.run(log_of_a_delivery())
    endings = [line.split("INFO    ")[1] for line in capsys.readouterr().err.splitlines()]
    assert endings == ["another piece of work", "beside it  [delivery=5 change_set=C-42 step=3]", "after it"]


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


def test_what_comes_from_outside_makes_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("console", "INFO")
    logging.getLogger("bot").info("Slack says: %s", "no\n12:00:00 INFO    all is well \x1b[2J é…")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r"Slack says: no\n12:00:00 INFO    all is well \x1b[2J é…")


def test_libraries_that_log_bodies_are_kept_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("console", "DEBUG")
    for name in ("slack_sdk.web", "slack_bolt.App", "httpx", "apscheduler.executors.default", "aiohttp.access"):
        logging.getLogger(name).info("a body")
    assert capsys.readouterr().err == ""
