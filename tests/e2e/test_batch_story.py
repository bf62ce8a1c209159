"""On a phone: many packages are decided on, App Home is worked from, and the world is made to go wrong."""

import re

import pytest
from playwright.sync_api import expect

from bot.sandbox.cast import OWNER, REQUESTER, SECOND_OWNER, STRANGER
from tests.e2e.browsing import PHONE
from tests.e2e.conftest import Meet

pytestmark = pytest.mark.xdist_group("sandbox")


def test_a_pattern_is_previewed_asked_for_approved_by_part_and_set_up(meet: Meet) -> None:
    rita, otto = meet(REQUESTER), meet(OWNER, PHONE)
    expect(rita.next_step).to_contain_text("Begin with a request")
    rita.types("/npmtrust github @acme/* --file release.yml --allow-publish --reason 'drop tokens'")
    expect(rita.next_step).to_contain_text("The preview has come")
    rita.press(rita.next_step.get_by_role("button"))
    preview = rita.message("can be asked for")
    expect(preview).to_contain_text("confirmation")
    rita.press(rita.button("Ask for ", preview))
    expect(rita.message("Asked as C-1")).to_be_visible()

    expect(otto.next_step).to_contain_text("press “I maintain this”")
    otto.press("I maintain this")
    expect(otto.next_step).to_contain_text("npmtrust sent you")
    otto.press(otto.next_step.get_by_role("button"))
    otto.uses_security_key(npm_user=OWNER.npm_user)
    expect(otto.message("You are linked")).to_be_visible()
    otto.go_to("general")
    assert otto.sees_all_of_the_page()
    otto.press("Approve…")
    expect(otto.modal).to_contain_text("Yours to decide on")
    box = otto.modal.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    otto.modal.get_by_role("checkbox").first.uncheck()
    otto.press(otto.modal.get_by_test_id("modal-submit"))
    expect(otto.modal).to_have_count(0)
    told = otto.message("Only visible to you", "Your approval of")
    expect(told).to_contain_text("Still in review, of yours")
    otto.go_to("npmtrust")
    expect(otto.next_step).to_contain_text("security key")
    otto.uses_security_key()
    rita.go_to("general")
    expect(rita.message("C-1")).to_contain_text("1 done, 2 in review")


def test_home_leads_somebody_new_from_the_link_of_an_account_to_a_decision(meet: Meet) -> None:
    rita, otto, olga = meet(REQUESTER), meet(OWNER), meet(SECOND_OWNER, PHONE)
    olga.opens_home()
    expect(olga.home.get_by_role("heading", level=2).first).to_have_text("Nothing waits for you")
    expect(olga.home).to_contain_text("Two steps, then npmtrust works for you:")
    olga.press(olga.button("Link my npm account", olga.home))
    expect(olga.home).to_contain_text("Log in at npm")
    expect(olga.home).to_contain_text("to log in · 127.0.0.1")
    olga.press(olga.next_step.get_by_role("button", name="open the conversation"))
    olga.uses_security_key(npm_user=SECOND_OWNER.npm_user)
    otto.opens_home()
    otto.press(otto.button("Confirm", otto.home))
    otto.press(otto.dialog.get_by_role("button", name="They are"))
    expect(otto.home).to_contain_text("No account link is to be confirmed")

    rita.types("/npmtrust github @acme/icons --repo acme/icons --file home.yml --allow-publish")
    told = rita.message("Only visible to you", "Asked as C-")
    [number] = re.findall(r"Asked as (C-\d+)", told.inner_text())
    olga.page.get_by_role("tab", name="Messages").focus()
    olga.keys("ArrowRight")
    expect(olga.page.get_by_role("tab", name="Home")).to_be_focused()
    expect(olga.home).to_contain_text("✅ Link your npm account")
    expect(olga.home).to_contain_text(f"{number}: @Rita asks: let acme/icons → home.yml publish @acme/icons")
    assert olga.sees_all_of_the_page()
    olga.press(olga.home.get_by_role("button", name=f"Approve {number}"))
    olga.press(olga.dialog.get_by_role("button", name="Approve"))
    expect(olga.home).to_contain_text("Log in at npm")  # no session is kept of a login that nobody had confirmed yet
    expect(olga.home.get_by_role("button", name=f"Approve {number}")).to_have_count(0)
    olga.press(olga.next_step.get_by_role("button", name="open the conversation"))
    olga.uses_security_key(npm_user=SECOND_OWNER.npm_user)
    expect(olga.message("Confirm at npm: let acme/icons → home.yml publish @acme/icons")).to_be_visible()
    olga.uses_security_key()
    expect(rita.message("@acme/icons now trusts acme/icons → home.yml")).to_be_visible()
    olga.press(olga.page.get_by_role("tab", name="Home"))
    expect(olga.home).to_contain_text(f"({number}) · 127.0.0.1")
    expect(olga.home).not_to_contain_text("Confirm at npm")


def test_a_visitor_lets_time_pass_and_things_go_wrong(meet: Meet) -> None:
    sam = meet(STRANGER, PHONE)
    sam.press(sam.page.locator("#toggle-panel"))
    expect(sam.panel.get_by_role("heading", name="What if")).to_be_visible()
    asks = sam.panel.get_by_role("switch", name="npm asks at each call")
    for is_on in ("true", "false"):
        sam.press(asks)
        expect(asks).to_have_attribute("aria-checked", is_on)
        expect(asks).to_be_focused()
    hint = sam.panel.get_by_role("status")
    expect(hint).to_contain_text("counts again")
    time = sam.panel.locator("#world-time")
    before = time.inner_text()
    sam.press(sam.panel.get_by_role("button", name="+1 h"))
    expect(time).not_to_have_text(before)
    sam.press(hint.get_by_role("button", name="/npmtrust coverage @acme/*"))
    expect(sam.panel).to_be_hidden()
    expect(sam.box).to_have_value("/npmtrust coverage @acme/*")
    sam.press(sam.page.locator("#toggle-panel"))
    sam.keys("Escape")
    expect(sam.panel).to_be_hidden()
    assert sam.sees_all_of_the_page()
    sam.types("/npmtrust whoami")
    expect(sam.message("Only visible to you")).to_be_visible()  # the bot has the same time, or it would refuse it
