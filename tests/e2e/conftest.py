from collections.abc import Iterator
from typing import Protocol

import pytest
from playwright.sync_api import Browser, expect

from bot.sandbox.cast import Character
from tests.e2e.browsing import DESKTOP, Person, Sandbox, open_browser, open_sandbox, open_window
from tests.patience import PATIENCE

expect.set_options(timeout=1000 * PATIENCE)


class Meet(Protocol):
    """Let somebody sit down, at a window of that size."""

    def __call__(self, character: Character, size: tuple[int, int] = DESKTOP) -> Person: ...


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with open_browser() as browser:
            yield browser
    except LookupError as err:
        pytest.fail(str(err), pytrace=False)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with open_sandbox(NPMTRUST_PACE_SECONDS="0.1", NPMTRUST_LAG_SECONDS="0") as sandbox:
        yield sandbox


@pytest.fixture
def meet(browser: Browser, sandbox: Sandbox) -> Iterator[Meet]:
    """Let people sit down, each at a window of their own; afterwards nothing may have gone wrong in any of them."""
    complaints: list[str] = []
    people: list[Person] = []

    def sit_down(character: Character, size: tuple[int, int] = DESKTOP) -> Person:
        people.append(Person(open_window(browser, complaints, size=size), sandbox.url, character))
        return people[-1]

    yield sit_down
    for person in people:
        person.page.context.close()
    assert complaints == []
