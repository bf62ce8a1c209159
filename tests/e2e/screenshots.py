"""Pictures of what people see, from the real page in light colours: `make screenshots`.

All of them go to a temporary folder, whose name is printed; with `--readme` those of the README are made anew instead.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, expect

from bot.sandbox.cast import OWNER, REQUESTER
from tests.e2e.browsing import DESKTOP, PHONE, Person, open_browser, open_sandbox, open_window

README = Path(__file__).parents[2] / ".github" / "pictures"
CLOSE = 2
"""How much sharper a picture of one part is than that of the whole page."""
LINE = '/npmtrust github @acme/ui --repo acme/ui --file release.yml --reason "drop tokens"'
MANY = '/npmtrust github @acme/* --file release.yml --allow-publish --reason "drop tokens"'
TALL = 1700
HOME_HEIGHT = 880
"""In which all of Home has room."""
DAYS = 8
"""Within which a weekly digest comes."""


class Camera:
    """Saves pictures of parts of a page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.is_for_readme = folder == README

    def take(self, name: str, subject: Locator) -> None:
        """Save a picture of one part of the page."""
        expect(subject).to_be_visible()
        subject.page.mouse.move(0, 0)
        subject.screenshot(path=self.folder / f"{name}.png")

    def take_page(self, name: str, person: Person) -> None:
        """Save a picture of all that somebody sees."""
        person.page.screenshot(path=self.folder / f"{name}.png")


def main(arguments: list[str]) -> None:
    """Play what people do, and take a picture at each of its turns."""
    is_readme = "--readme" in arguments
    folder = README if is_readme else Path(tempfile.mkdtemp(prefix="npmtrust-pictures-"))
    folder.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    camera = Camera(folder)
    with open_sandbox(NPMTRUST_PACE_SECONDS="0.2", NPMTRUST_LAG_SECONDS="0") as sandbox, open_browser() as browser:
        rita = Person(open_window(browser, complaints), sandbox.url, REQUESTER)
        otto = Person(open_window(browser, complaints, sharpness=CLOSE), sandbox.url, OWNER)
        tell_story(camera, rita, otto)
        if not camera.is_for_readme:
            tell_of_many(camera, rita, otto)
            look_around(camera, otto)
            hold_a_phone(camera, browser, complaints, sandbox.url)
    print(folder)  # noqa: T201
    if complaints:
        sys.exit("\n".join(complaints))


def tell_story(camera: Camera, rita: Person, otto: Person) -> None:
    """Ask, link, approve, confirm; then a mistake."""
    if not camera.is_for_readme:
        otto.opens_home()
        expect(otto.home).to_contain_text("Two steps")
        camera.take_page("home-first-run", otto)
        otto.press(otto.page.get_by_role("tab", name="Messages"))
        otto.go_to("general")
    rita.types(LINE)
    otto.press("I maintain this")
    expect(otto.message("Only visible to you")).to_be_visible()
    otto.go_to("npmtrust")
    otto.uses_security_key(npm_user=OWNER.npm_user)
    expect(otto.message("You are linked")).to_be_visible()
    otto.go_to("general")
    expect(otto.button("Approve")).to_be_visible()
    expect(rita.button("Approve")).to_be_visible()
    camera.take_page("request", rita)

    otto.opens_home()
    expect(otto.button("Approve", otto.home)).to_be_visible()
    otto.page.set_viewport_size({"width": DESKTOP[0], "height": HOME_HEIGHT})
    camera.take("home", otto.home)
    otto.page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    otto.press(otto.page.get_by_role("tab", name="Messages"))
    otto.go_to("general")
    otto.press("Approve")
    camera.take("approve", otto.dialog)
    otto.press(otto.dialog.get_by_role("button", name="Approve"))
    expect(otto.message("Next: confirm at npm")).to_be_visible()
    otto.go_to("npmtrust")
    camera.take("link", otto.message("Confirm at npm"))
    otto.uses_security_key()
    otto.page.bring_to_front()
    expect(otto.panel.get_by_text("created")).to_be_visible()
    otto.go_to("general")
    camera.take("outcome", otto.message("now trusts"))
    otto.types('/npmtrust github @acme/core --fle release.yml --reason "drop tokens"')
    camera.take("mistake", otto.message("There is no such flag"))
    expect(rita.panel.get_by_text("created")).to_be_visible()
    camera.take("panel", rita.panel)


def tell_of_many(camera: Camera, rita: Person, otto: Person) -> None:
    """Ask for many by a pattern and decide on a part of them; open the form for lists."""
    rita.types(MANY)
    rita.go_to("npmtrust")
    camera.take("batch-preview", rita.message("can be asked for"))
    rita.press(rita.button("Choose…"))
    camera.take("batch-choose", rita.modal)
    rita.keys("Escape")
    rita.press("Ask for ")
    expect(rita.message("Asked as C-2")).to_be_visible()
    camera.take("batch-asked", otto.message("C-2", "asks for"))
    otto.press(otto.button("Approve…"))
    camera.take("approval-by-part", otto.modal)
    otto.press(otto.modal.get_by_test_id("modal-submit"))
    camera.take("approved-by-part", otto.message("Only visible to you", "Your approval of"))
    otto.types("/npmtrust bulk")
    camera.take("bulk-form", otto.modal)
    otto.modal.get_by_role("textbox").first.fill("package,repo,file\n@acme/icons,acme/design,release.yml\nno such,x,y")
    otto.press(otto.modal.get_by_test_id("modal-submit"))
    otto.page.wait_for_timeout(2500)
    camera.take_page("bulk-result", otto)
    otto.keys("Escape")


def look_around(camera: Camera, otto: Person) -> None:
    """Read what npmtrust says by itself: coverage, its examination, the policy, the home, the digest and an alarm."""
    otto.types("/npmtrust coverage @acme/*")
    camera.take("coverage", otto.message("trusted", "of "))
    otto.types("/npmtrust doctor")
    otto.page.wait_for_timeout(2500)
    camera.take("doctor", otto.page.get_by_test_id("message").last)
    otto.types("/npmtrust policy @acme/ui")
    otto.page.wait_for_timeout(1500)
    camera.take("policy", otto.page.get_by_test_id("message").last)
    otto.types("/npmtrust watch @acme/*")
    otto.page.wait_for_timeout(2500)
    camera.take("watch", otto.page.get_by_test_id("message").last)
    otto.press(otto.panel.get_by_role("button", name="Publish @acme/core by hand"))
    otto.press(otto.panel.get_by_role("button", name="+1 h"))
    otto.page.wait_for_timeout(4000)
    camera.take_page("alarm", otto)
    for _ in range(DAYS):
        otto.press(otto.panel.get_by_role("button", name="+1 day"))
        otto.page.wait_for_timeout(1500)
    camera.take_page("digest", otto)
    with dark_and_tall(otto):
        camera.take_page("digest-dark", otto)
    otto.opens_home()
    otto.page.wait_for_timeout(2000)
    camera.take_page("home-later", otto)
    with dark_and_tall(otto):
        camera.take_page("home-dark", otto)
    otto.press(otto.page.get_by_role("tab", name="Messages"))


@contextmanager
def dark_and_tall(person: Person) -> Iterator[None]:
    """Look at all of something long, in dark colours."""
    person.page.emulate_media(color_scheme="dark")
    person.page.set_viewport_size({"width": DESKTOP[0], "height": TALL})
    person.page.wait_for_timeout(300)
    yield
    person.page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    person.page.emulate_media(color_scheme="light")


def hold_a_phone(camera: Camera, browser: Browser, complaints: list[str], url: str) -> None:
    """Look at the same on a phone."""
    phone = Person(open_window(browser, complaints, sharpness=CLOSE, size=PHONE), url, OWNER)
    phone.page.wait_for_timeout(1500)
    camera.take_page("phone", phone)
    phone.press(phone.page.locator("#toggle-panel"))
    phone.press(phone.panel.get_by_role("switch", name="npm asks at each call"))
    phone.page.wait_for_timeout(1000)
    camera.take_page("phone-what-if", phone)
    phone.keys("Escape")
    phone.opens_home()
    phone.page.wait_for_timeout(1000)
    camera.take_page("phone-home", phone)


if __name__ == "__main__":
    main(sys.argv[1:])
