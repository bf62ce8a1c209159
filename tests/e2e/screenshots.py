"""Make the pictures of the README from the real page, in light colours: `make screenshots`."""

import sys
from pathlib import Path

from playwright.sync_api import Locator, expect

from bot.sandbox.cast import OWNER, REQUESTER
from tests.e2e.browsing import Person, open_browser, open_sandbox, open_window

FOLDER = Path(__file__).parents[2] / ".github" / "pictures"
CLOSE = 2
"""How much sharper a picture of one part is than that of the whole page."""
LINE = '/npmtrust github @acme/ui --repo acme/ui --file release.yml --reason "drop tokens"'


def main() -> None:
    """Play the main story, and take a picture at each of its turns."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    with open_sandbox() as sandbox, open_browser() as browser:
        rita = Person(open_window(browser, complaints), sandbox.url, REQUESTER)
        otto = Person(open_window(browser, complaints, sharpness=CLOSE), sandbox.url, OWNER)
        tell_story(rita, otto)
    if complaints:
        sys.exit("\n".join(complaints))


def tell_story(rita: Person, otto: Person) -> None:
    """Ask, link, approve, confirm; then a mistake."""
    rita.types(LINE)
    otto.press("I maintain this")
    expect(otto.message("Only visible to you")).to_be_visible()
    otto.go_to("npmtrust")
    otto.uses_security_key(npm_user=OWNER.npm_user)
    expect(otto.message("You are linked")).to_be_visible()
    otto.go_to("general")
    expect(otto.button("Approve")).to_be_visible()
    expect(rita.button("Approve")).to_be_visible()
    rita.page.screenshot(path=FOLDER / "request.png")

    otto.press("Approve")
    take("approve", otto.dialog)
    otto.press(otto.dialog.get_by_role("button", name="Approve"))
    expect(otto.message("Next: confirm at npm")).to_be_visible()
    otto.go_to("npmtrust")
    take("link", otto.message("Confirm at npm"))
    otto.uses_security_key()
    otto.page.bring_to_front()
    expect(otto.panel.get_by_text("created")).to_be_visible()
    otto.go_to("general")
    take("outcome", otto.message("now trusts"))
    otto.types('/npmtrust github @acme/core --fle release.yml --reason "drop tokens"')
    take("mistake", otto.message("There is no such flag"))
    expect(rita.panel.get_by_text("created")).to_be_visible()
    take("panel", rita.panel)


def take(name: str, subject: Locator) -> None:
    """Save a picture of one part of the page."""
    expect(subject).to_be_visible()
    subject.page.mouse.move(0, 0)
    subject.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
