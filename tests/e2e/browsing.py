"""The sandbox as a user starts it, and people who work with its page in a browser."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from bot.sandbox.cast import Character
from tests.patience import PATIENCE

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # Chromium's own; it refuses to run as root with it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running `npmtrust sandbox`."""

    process: subprocess.Popen[str]
    url: str


@contextmanager
def open_sandbox(**settings: str) -> Iterator[Sandbox]:
    """Start the sandbox, read the address that it prints, and end it."""
    command = (sys.executable, "-m", "bot", "sandbox", "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | settings) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError("the sandbox did not start; what it said stands above")
            yield Sandbox(process, line.split()[2])
        finally:
            process.terminate()
            process.wait(PATIENCE)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Debian's Chromium.

    Raises:
        LookupError: There is none on this machine.
    """
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        raise LookupError("the browser tests need Chromium: apt-get install --no-install-recommends chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


DESKTOP = (1280, 800)
PHONE = (390, 844)


def open_window(
    browser: Browser, complaints: list[str], *, sharpness: float = 1, size: tuple[int, int] = DESKTOP
) -> BrowserContext:
    """Open a window of its own; what its console says, and dialogs that a script opened, are complaints."""
    window = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=sharpness,
        locale="en-GB",
        timezone_id="UTC",
        color_scheme="light",
    )
    window.on("console", lambda said: complaints.append(said.text))
    window.on("weberror", lambda error: complaints.append(str(error.error)))
    window.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    return window


class Person:
    """Somebody at their browser. What they press is counted: each key but those of typed text, and each click."""

    def __init__(self, window: BrowserContext, url: str, character: Character) -> None:
        self.presses = 0
        self.character = character
        self.page = window.new_page()
        self.page.goto(f"{url}/?as={character.slack_id}")

    @property
    def box(self) -> Locator:
        """The message box."""
        return self.page.get_by_test_id("message-box")

    @property
    def modal(self) -> Locator:
        """The form that is open."""
        return self.page.get_by_test_id("modal")

    @property
    def dialog(self) -> Locator:
        """Slack's question whether a press is meant."""
        return self.page.get_by_test_id("confirm-dialog")

    @property
    def panel(self) -> Locator:
        """What the registry holds and gets."""
        return self.page.get_by_test_id("side-panel")

    @property
    def next_step(self) -> Locator:
        """What the page says that this person could do next."""
        return self.page.get_by_test_id("next-step")

    def sees_all_of_the_page(self) -> bool:
        """Tell whether nothing of it lies beyond the right edge."""
        script = "() => document.scrollingElement.scrollWidth <= innerWidth"
        return bool(self.page.evaluate(script))

    @property
    def home(self) -> Locator:
        """The Home of the app, where it is open."""
        return self.page.get_by_test_id("home")

    def opens_home(self) -> None:
        """Open the Home of the app."""
        self.go_to("npmtrust")
        self.press(self.page.get_by_role("tab", name="Home"))

    @property
    def focused(self) -> Locator:
        """What the next key goes to."""
        return self.page.locator("*:focus")

    def message(self, *texts: str) -> Locator:
        """The newest message in the open channel that holds all these texts."""
        messages = self.page.get_by_test_id("message")
        for text in texts:
            messages = messages.filter(has_text=text)
        return messages.last

    def button(self, label: str, place: Locator | None = None) -> Locator:
        """The newest button whose label begins so, in the messages or in another place."""
        where = place or self.page.get_by_test_id("message")
        return where.get_by_role("button", name=re.compile(f"^{re.escape(label)}")).last

    def types(self, line: str) -> None:
        """Type a line into the message box and send it."""
        self.box.fill(line)
        self.keys("Enter")

    def keys(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        for key in keys:
            self.page.keyboard.press(key)
            self.presses += 1

    def press(self, target: Locator | str) -> None:
        """Click on something, or on the newest button with this label."""
        control = self.button(target) if isinstance(target, str) else target
        control.click()
        self.presses += 1

    def go_to(self, channel: str) -> None:
        """Open a channel or the DM with somebody, by its name in the side bar."""
        if (drawer := self.page.locator("#toggle-channels")).is_visible():
            drawer.click()
        self.press(self.page.locator("#channels-bar").get_by_role("link", name=channel))

    def follow(self, label: str) -> Page:
        """Press a button that leads out; tells the tab that it opens."""
        with self.page.context.expect_page() as opened:
            self.press(label)
        return opened.value

    def uses_security_key(self, *, npm_user: str = "") -> None:
        """Follow npm's link in the newest DM, choose an npm user where one must be chosen, confirm, close the tab."""
        site = self.follow("Open ")
        if npm_user:
            self.press(site.get_by_label(npm_user))
        self.press(site.get_by_role("button", name="Use security key"))
        site.get_by_role("status").wait_for()
        site.close()
