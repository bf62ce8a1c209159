"""A form with a file in it, run in the browser alone: what is chosen, what is sent, and what a redraw keeps."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from bot.sandbox.slack_page_api import PAGE
from tests.e2e.browsing import open_window

pytestmark = pytest.mark.xdist_group("page modules")

ORIGIN = "http://page.test"
UPLOAD = {
    "type": "input",
    "block_id": "upload",
    "label": {"type": "plain_text", "text": "A file"},
    "hint": {"type": "plain_text", "text": "CSV"},
    "element": {"type": "file_input", "action_id": "value", "filetypes": ["csv", "txt"], "max_files": 1},
}
VIEW: dict[str, Any] = {"id": "V1", "title": "Many packages", "submit": "Check", "close": "", "blocks": [UPLOAD]}
SHOW = """
async (view) => {
  const { showView } = await import("/page/modal.js");
  window.sent ??= [];
  const slack = {
    submit: async (_id, values) => { window.sent.push(values); return { ok: false, errors: { upload: "No rows." } }; },
    close: async () => ({ ok: true }),
    click: async () => ({ ok: true }),
    upload: async (file) => {
      if (file.name === "slow.csv") await new Promise((done) => { window.arrive = done; });
      return file.size ? { ok: true, id: `F-${file.name}` } : { ok: false, error: "it is empty" };
    },
  };
  showView(view, { me: "U0RITA", nameOf: () => "", channelName: () => "" }, slack);
}
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    complaints: list[str] = []
    window = open_window(browser, complaints)
    page = window.new_page()

    def serve(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path == "/":
            route.fulfill(body="<!doctype html><title>Nothing</title>", content_type="text/html")
        else:
            route.fulfill(path=PAGE / path.removeprefix("/page/"), content_type="text/javascript")

    page.route(f"{ORIGIN}/**", serve)
    page.goto(f"{ORIGIN}/")
    page.evaluate(SHOW, VIEW)
    yield page
    window.close()
    assert complaints == []


def choose(page: Page, name: str, content: bytes = b"package\n") -> None:
    file = FilePayload(name=name, mimeType="text/csv", buffer=content)
    page.get_by_label("A file").set_input_files(file)


def test_a_chosen_file_is_sent_by_its_id_and_survives_a_redraw(page: Page) -> None:
    send, shown = page.get_by_test_id("modal-submit"), page.get_by_test_id("upload")
    send.click()
    expect(page.get_by_text("Please complete this required field.")).to_be_visible()
    choose(page, "<b>a</b>.csv")
    expect(shown).to_have_text("<b>a</b>.csv · 8 bytes")
    page.evaluate(SHOW, VIEW | {"title": "Other words"})
    expect(shown).to_have_text("<b>a</b>.csv · 8 bytes")
    send.click()
    expect(page.get_by_text("No rows.")).to_be_visible()
    assert page.evaluate("window.sent") == [{"upload": {"value": ["F-<b>a</b>.csv"]}}]
    assert page.get_by_label("A file").get_attribute("accept") == ".csv,.txt"


def test_a_file_that_is_not_taken_or_still_under_way_is_told(page: Page) -> None:
    choose(page, "empty.csv", b"")
    expect(page.get_by_text("empty.csv: it is empty")).to_be_visible()
    choose(page, "slow.csv")
    expect(page.get_by_text("Sending…")).to_be_visible()
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_text("The file is still being sent.")).to_be_visible()
    page.evaluate("window.arrive()")
    expect(page.get_by_test_id("upload")).to_have_text("slow.csv · 8 bytes")
    assert page.evaluate("window.sent") == []
