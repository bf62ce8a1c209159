"""The whole product in a browser: the sandbox as `make sandbox` starts it, and the people who use it."""

import os
import re
import signal
import socket
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bot.sandbox.cast import OWNER, RELEASES, REQUESTER, SECOND_OWNER, STRANGER
from tests.e2e.browsing import open_sandbox
from tests.e2e.conftest import Meet
from tests.patience import PATIENCE

pytestmark = pytest.mark.xdist_group("sandbox")

LINE = "/npmtrust github @acme/ui --repo acme/ui --file release.yml"
ASKED = "asks: let acme/ui → release.yml publish @acme/ui"
DONE = "@acme/ui now trusts acme/ui → release.yml"

REQUESTER_PRESSES = 1
"""Enter, after the line."""
LINK_PRESSES = 6
"""Once in an owner's life: the button, the DM, npm's link, the npm user, the security key, back to the channel."""
APPROVE_PRESSES = 5
"""For each request: Approve, Slack's question, the DM, npm's link, the security key."""

LOOPBACK = "0100007F"
LISTENING = "0A"


def test_a_person_asks_an_owner_links_approves_and_confirms_and_the_registry_holds_it(meet: Meet) -> None:
    rita, otto = meet(REQUESTER), meet(OWNER)
    rita.types(LINE)
    expect(rita.message("Asked as C-", "Only visible to you")).to_be_visible()

    expect(otto.message(ASKED)).to_be_visible()
    otto.press("I maintain this: link my npm account")
    expect(otto.message("Only visible to you")).to_contain_text("I sent you a DM with npm's login link")
    otto.go_to("npmtrust")
    otto.uses_security_key(npm_user="otto-npm")
    expect(otto.message("You are linked to npm user otto-npm")).to_be_visible()
    otto.go_to("general")
    assert otto.presses == LINK_PRESSES

    otto.press("Approve")
    for told in ("Package: @acme/ui", "Repository: acme/ui", "File: release.yml", "publish"):
        expect(otto.dialog).to_contain_text(told)
    otto.press(otto.dialog.get_by_role("button", name="Approve"))
    expect(otto.message("Only visible to you")).to_contain_text("Next: confirm at npm")
    expect(rita.message(ASKED)).to_contain_text("Waits for @Otto to confirm at npm")
    otto.go_to("npmtrust")
    expect(otto.message("Confirm at npm")).to_contain_text("as npm user otto-npm")
    otto.uses_security_key()

    for person in (rita, otto):
        person.page.bring_to_front()
        expect(
            person.panel.locator("details", has_text="@acme/ui").get_by_test_id("registry-configuration")
        ).to_have_text(re.compile("acme/ui → release.yml"))
    outcome = rita.message(DONE)
    expect(outcome).to_contain_text("Publish through it before")
    expect(outcome).to_contain_text("approved and run by @Otto")
    expect(outcome.get_by_role("button", name="Approve")).to_have_count(0)
    with rita.page.context.expect_page() as opened:
        rita.button("Package on npm").click()
    expect(opened.value.get_by_role("main")).to_contain_text("release.yml")
    assert (rita.presses, otto.presses) == (REQUESTER_PRESSES, LINK_PRESSES + APPROVE_PRESSES)


def test_a_mistake_leads_to_a_form_that_is_filled_in_and_its_errors_stand_at_their_fields(meet: Meet) -> None:
    rita = meet(REQUESTER)
    rita.types('/npmtrust github @acme/core --fle release.yml --env production --reason "drop tokens"')
    answer = rita.message("There is no such flag here")
    expect(answer).to_contain_text("Did you mean --file?")
    expect(answer.locator("pre")).to_contain_text("/npmtrust github @acme/core --file release.yml")

    rita.press("Edit")
    form = rita.modal
    expect(form.get_by_label("Packages")).to_have_value("@acme/core")
    expect(form.get_by_label("Workflow file")).to_have_value("release.yml")
    expect(form.get_by_label("Environment")).to_have_value("production")
    expect(form.get_by_label("Why")).to_have_value("drop tokens")
    expect(form.get_by_label(re.compile("^publish"))).to_be_checked()

    form.get_by_label("Workflow file").fill("ci/release.yml")
    rita.press(form.get_by_test_id("modal-submit"))
    expect(form.locator("[data-block-id=file]")).to_contain_text("must be just a file not a path")
    expect(form.get_by_label("Workflow file")).to_be_focused()
    form.get_by_label("Workflow file").fill("release.yml")
    rita.keys("Enter")
    expect(form).to_have_count(0)
    expect(rita.message("let acme/core → release.yml publish @acme/core", "Why: drop tokens")).to_be_visible()


def test_a_provider_alone_opens_an_empty_form_that_escape_closes(meet: Meet) -> None:
    rita = meet(REQUESTER)
    rita.types("/npmtrust github")
    expect(rita.modal.get_by_label("Packages")).to_have_value("")
    rita.press(rita.modal.get_by_test_id("modal-submit"))
    expect(rita.modal.locator("[data-block-id=packages]")).to_contain_text("Please complete this required field.")
    rita.keys("Escape")
    expect(rita.modal).to_have_count(0)
    expect(rita.box).to_be_focused()


def test_a_request_is_typed_and_cancelled_with_the_keyboard_alone(meet: Meet) -> None:
    rita = meet(REQUESTER)
    expect(rita.box).to_be_focused()
    rita.page.keyboard.type("/npmtrust circleci")
    expect(rita.page.locator("#hints")).to_contain_text("/npmtrust")
    rita.keys("Escape")
    expect(rita.page.locator("#hints")).to_be_hidden()
    rita.box.clear()
    rita.page.keyboard.type("/npm")
    rita.keys("Tab")
    expect(rita.box).to_have_value("/npmtrust ")
    rita.page.keyboard.type("github @acme/tokens --file tokens.yml")
    rita.keys("Enter")
    asked = rita.message("let acme/design → tokens.yml publish @acme/tokens")
    expect(asked).to_be_visible()

    cancel = asked.get_by_role("button", name="Cancel")
    while not cancel.evaluate("button => button === document.activeElement"):
        assert rita.presses < 20, "the button is reached"
        rita.keys("Shift+Tab")
    rita.keys("Enter")
    expect(rita.dialog.get_by_role("button", name="Cancel it")).to_be_focused()
    rita.keys("Tab", "Tab", "Tab")
    expect(rita.dialog.locator("*:focus")).to_have_count(1)
    rita.keys("Escape")
    expect(rita.dialog).to_have_count(0)
    expect(cancel).to_be_focused()
    rita.keys("Enter", "Enter")
    expect(rita.message("Cancelled", "let acme/design → tokens.yml publish @acme/tokens")).to_be_visible()


def test_a_stranger_who_presses_is_told_why_nothing_happened(meet: Meet) -> None:
    rita, sam = meet(REQUESTER), meet(STRANGER)
    rita.types("/npmtrust github @acme/icons --repo acme/icons --file icons.yml")
    asked = sam.message("let acme/icons → icons.yml publish @acme/icons")
    sam.press(sam.button("Cancel", asked))
    sam.press(sam.dialog.get_by_role("button", name="Cancel it"))
    expect(sam.message("Only visible to you")).to_contain_text(re.compile("requester|@Rita"))
    sam.press(sam.button("Reject", asked))
    expect(sam.message("Only visible to you")).to_contain_text("link your npm account")
    expect(rita.message("let acme/icons → icons.yml publish @acme/icons")).to_be_visible()


def test_text_from_people_is_never_markup(meet: Meet) -> None:
    rita, olga = meet(REQUESTER), meet(SECOND_OWNER)
    hostile = "<img src=x onerror=alert(1)> <!channel> *bold* <b>x</b>"
    rita.types(f"/npmtrust github @acme/icons --repo acme/icons --file hostile.yml --reason '{hostile}'")
    asked = olga.message("icons → hostile.yml")
    expect(asked).to_contain_text("Why: <img src=x onerror=alert(1)> <!channel>")
    expect(asked).to_contain_text("<b>x</b>")
    expect(asked.locator("img, b, .mention.loud")).to_have_count(0)
    expect(asked.locator("strong", has_text=re.compile("bold"))).to_have_count(0)
    rita.types(f"{hostile} &amp;")  # an ordinary message, in which stars do make bold
    expect(olga.message("&amp;")).to_contain_text("<img src=x onerror=alert(1)> <!channel> bold <b>x</b>")


def test_the_message_box_remembers_and_hints(meet: Meet) -> None:
    sam = meet(STRANGER)
    sam.box.fill("/npm")
    expect(sam.page.locator("#hints")).to_contain_text("/npmtrust")
    sam.types("/npmtrust whoami")
    expect(sam.message("Only visible to you")).to_contain_text("You are not linked to an npm account")
    sam.types("/npmtrust pending")
    sam.box.fill("a draft")
    for key, line in (
        ("ArrowUp", "/npmtrust pending"),
        ("ArrowUp", "/npmtrust whoami"),
        ("ArrowDown", "/npmtrust pending"),
        ("ArrowDown", "a draft"),
    ):
        sam.keys(key)
        expect(sam.box).to_have_value(line)
    sam.keys("Alt+1")
    expect(sam.page.get_by_test_id("person-U0RITA")).to_have_attribute("aria-current", "true")
    expect(sam.box).to_have_value("")
    sam.keys("Alt+4")
    expect(sam.box).to_have_value("a draft")  # what was typed here waits here, until the switch is done
    sam.types("/nothing here")
    expect(sam.page.get_by_role("alert").filter(has_text="is not a valid command")).to_be_visible()
    expect(sam.box).to_have_value("/nothing here")


def test_while_npm_is_stopped_the_bot_says_that_it_waits_and_then_it_goes_on(meet: Meet) -> None:
    rita = meet(REQUESTER)
    rita.go_to(RELEASES[1])
    rita.press(rita.panel.get_by_role("button", name="Stop npm"))
    expect(rita.page.get_by_test_id("health-registry")).to_contain_text("down")
    rita.types("/npmtrust github rita-tools --file tools.yml")
    expect(rita.message("Only visible to you")).to_contain_text(re.compile("wait|again"))
    rita.press(rita.panel.get_by_role("button", name="Start npm"))
    expect(rita.message("let rita/tools → tools.yml publish rita-tools")).to_be_visible()


def test_the_sandbox_listens_on_loopback_alone_and_ctrl_c_ends_all_of_it() -> None:
    with open_sandbox() as sandbox:
        family = _family_of(sandbox.process.pid)
        assert len(family) == 2, "the stand-ins, and the bot"
        listening = [address for pid in family for address in _addresses_of(pid)]
        assert len(listening) == 4, "Slack, npm, the host of repositories, and the bot"
        assert {address.partition(":")[0] for address in listening} == {LOOPBACK}

        os.kill(sandbox.process.pid, signal.SIGINT)
        assert sandbox.process.wait(PATIENCE) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in family)
        assert not any(_is_taken(int(address.partition(":")[2], 16)) for address in listening)


def _family_of(pid: int) -> list[int]:
    """List a process and what it started, as Linux knows them."""
    children = [
        int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()
    ]
    return [pid, *(member for child in children for member in _family_of(child))]


def _addresses_of(pid: int) -> list[str]:
    """List where a process listens: the address and port in hexadecimal, as `/proc/net/tcp` has them."""
    own = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == LISTENING and f"socket:[{row[9]}]" in own]


def _is_taken(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
