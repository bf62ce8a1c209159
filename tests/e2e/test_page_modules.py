"""The pure modules of the page, run in the browser alone: Slack's markup and its dates."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from playwright.sync_api import Browser, Page, Route

from bot.domain.command_parser import parse_command
from bot.domain.commands import Misunderstood
from bot.sandbox.slack_page_api import PAGE, Deed, Switch
from tests.e2e.browsing import open_window

pytestmark = pytest.mark.xdist_group("page modules")

ORIGIN = "http://page.test"

PARSE = """
async ([text, options]) => {
  const { parseMrkdwn } = await import("/page/mrkdwn.js");
  const show = (nodes) => nodes.map(({ type, text, children, url, id, name, timestamp, label }) => {
    if (type === "text") return text;
    if (type === "break") return "⏎";
    if (children) return `[${type} ${show(children)}]`;
    return `{${[type, url ?? id ?? name ?? timestamp, label].filter(Boolean).join(" ")}}`;
  }).join("");
  return show(parseMrkdwn(text, options));
}
"""
DRAW = """
async (text) => {
  const { drawMrkdwn, drawPlain } = await import("/page/text.js");
  const world = { me: "U0RITA", nameOf: () => text, channelName: () => text };
  document.body.replaceChildren(...drawMrkdwn(text, world), ...drawPlain(text));
  const tags = [...document.body.querySelectorAll("*")].map((element) => element.localName);
  const links = [...document.body.querySelectorAll("[href]")].map((element) => element.protocol);
  return [[...new Set(tags)], [...new Set(links)]];
}
"""
DRAW_FILE = """
async (file) => {
  const { drawFiles } = await import("/page/files.js");
  document.body.replaceChildren(...drawFiles([file], { me: "U0RITA&as=U0OTTO" }));
  const tags = [...document.body.querySelectorAll("*")].map((element) => element.localName);
  const link = document.body.firstElementChild;
  return [[...new Set(tags)], link.getAttribute("href"), link.download, link.querySelector(".file-facts").textContent];
}
"""
FORMAT = """
async ([timestamp, format, now]) => {
  const { formatSlackDate } = await import("/page/dates.js");
  return formatSlackDate(timestamp, format, now * 1000);
}
"""
DRAWN = {"a", "blockquote", "br", "code", "em", "pre", "s", "span", "strong", "time"}


@pytest.fixture(scope="module")
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
    yield page
    window.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # formats open and close at the edges of words, in one line
        ("*a* b*c*d _x_y_ **no** * a* *a *", "[bold a] b*c*d [italic x_y] **no** * a* *a *"),
        ("*_both_* ~s~ `*c*`", "[bold [italic both]] [strike s] [code *c*]"),
        ('*line\nbreak* (*par*) "*q*" *x*.', '*line⏎break* ([bold par]) "[bold q]" [bold x].'),
        ("`a``b` `a*b` *c*", "[code a][code b] [code a*b] [bold c]"),
        ("*see <https://a.b/*c*|l>*", "[bold see {link https://a.b/*c* l}]"),
        # emoji by their names, and times that only look like them
        (":+1::x: _a :wave: b_", "{emoji +1}{emoji x} [italic a {emoji wave} b]"),
        # blocks of code and quotes
        ("```a <https://x.y|z> &lt;```tail ```x", "[pre a {link https://x.y/ z} <]tail ```x"),
        ("> q1\n&gt; *q2*\nnot", "[quote q1⏎[bold q2]]not"),
        # what is escaped is text, once
        ("&lt;!channel&gt; &amp;lt; <b> < a >", "<!channel> &lt; <b> < a >"),
        ("<!channel> <@U1|rita> <#C1|general>", "{broadcast channel} {user U1 rita} {channel C1 general}"),
        # links: only the web
        (
            "<javascript:alert(1)|x> <data:text/html,x> <vbscript:x>",
            "<javascript:alert(1)|x> <data:text/html,x> <vbscript:x>",
        ),
        ("<https://a.b/?q=1&amp;r=2|l &lt;b&gt;>", "{link https://a.b/?q=1&r=2 l <b>}"),
        ("http://a.b/c_d_e). xhttp://no", "{link http://a.b/c_d_e http://a.b/c_d_e}). xhttp://no"),
        # dates: what is none falls back
        ("<!date^1700000000^{date}|fall>", "{date 1700000000}"),
        ("<!date^x^{date}|fall> <!date^1^|f> <!date^1>", "fall f "),
    ],
)
def test_markup_is_read_as_slack_reads_it(page: Page, text: str, shown: str) -> None:
    assert page.evaluate(PARSE, [text, {}]) == shown


def test_verbatim_text_makes_no_links_of_its_own(page: Page) -> None:
    assert (
        page.evaluate(PARSE, ["https://a.b <https://a.b>", {"verbatim": True}])
        == "https://a.b {link https://a.b/ https://a.b}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        '<https://a.b/"onmouseover=alert(1)|<b>x</b>>',
        "<javascript:alert(1)> <JaVaScRiPt:alert(1)|x> <java\tscript:alert(1)|y> <//evil.example|z> <https://|w>",
        "```<script>alert(1)</script>``` `<svg onload=alert(1)>` *<iframe>*",
        "<@U0RITA|<img>> <#C1|<img>> <!subteam^S1|@<img>> :<img>:",
        ":constructor: :__proto__: <!date^99999999999999999999^{date}|x>",
        "<!date^1^{constructor} {__proto__}^javascript:alert(1)|x>",
        "*_~`<" * 600,
        "*(_(" * 750 + "x" + ")_)*" * 750,
        "\0\u202e\ud83d <@U1",
    ],
)
def test_hostile_text_draws_nothing_but_text_and_web_links(page: Page, text: str) -> None:
    tags, protocols = page.evaluate(DRAW, text)
    assert set(tags) <= DRAWN
    assert set(protocols) <= {"https:", "http:"}


@pytest.mark.parametrize(
    ("size", "told"),
    [(812, "812 bytes"), (4_120, "4.1 kB"), (999_600, "1000 kB"), (2_300_000, "2.3 MB"), (45_000_000_000, "45000 MB")],
)
def test_a_file_is_a_link_to_this_server_and_its_name_is_text(page: Page, size: int, told: str) -> None:
    name = "../<img src=x>?as=1#.csv"
    tags, address, download, facts = page.evaluate(DRAW_FILE, {"id": "F/1", "name": name, "title": name, "size": size})
    assert tags == ["a", "span", "strong"]
    assert address == "/sandbox/files/F%2F1/..%2F%3Cimg%20src%3Dx%3E%3Fas%3D1%23.csv?as=U0RITA%26as%3DU0OTTO"
    assert (download, facts) == (name, f"{name} · {told}")


NOON = 1773144000  # Tuesday, 2026-03-10 12:00 UTC
DAY = 86_400


@pytest.mark.parametrize(
    ("moment", "template", "shown"),
    [
        (NOON, "{date_num} {time}", "2026-03-10 12:00"),
        (NOON + 11 * DAY, "{date}", "March 21st"),
        (NOON + 2 * DAY, "{date_long}", "Thursday, March 12th"),
        (NOON + DAY, "{date_short_pretty} {time}", "tomorrow 12:00"),
        (NOON - DAY, "{date_pretty}", "yesterday"),
        (NOON - 300 * DAY, "{date_short}", "May 14, 2025"),
        (NOON + 3 * DAY, "{ago}", "in 3 days"),
        (NOON, "{bogus} {constructor} x", "{bogus} {constructor} x"),
    ],
)
def test_dates_are_written_as_slack_writes_them(page: Page, moment: int, template: str, shown: str) -> None:
    told: Any = page.evaluate(FORMAT, [moment, template, NOON])
    assert told == shown


NEXT = """
async ([messages, me, here]) => {
  const { findNext } = await import("/page/next_step.js");
  const people = [
    { id: "U0RITA", real_name: "Rita", npm_user: "rita-npm" },
    { id: "U0OTTO", real_name: "Otto", npm_user: "otto-npm" },
    { id: "UBOT", is_bot: true, npm_user: "" },
  ];
  const channels = [{ id: "C", kind: "channel" }, { id: "D", kind: "dm" }];
  const next = findNext({ me, people, channels, messages }, ["/npmtrust coverage @acme/*"], here);
  return [next.text, next.line ?? next.person ?? next.channel ?? ""];
}
"""


def of_bot(text: str, *labels: str) -> dict[str, Any]:
    buttons = [{"type": "button", "text": {"type": "plain_text", "text": label}} for label in labels]
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}, {"type": "actions", "elements": buttons}]
    return {"user": "UBOT", "text": text, "blocks": blocks}


NOBODY = "Nobody can approve yet: first · not linked:"
UNLINKED = of_bot(f"{NOBODY} olga-npm\n{NOBODY} ana-npm, otto-npm", "I maintain this: link")
LINKED = of_bot("Needs 1 of <@U0OTTO> · not linked: ana-npm", "Approve", "I maintain this: link")
MANY = of_bot("169 packages in review: each needs 1 of <@U0OTTO>, and the maintainers of the others", "Approve…")
MANY_UNLINKED = of_bot("9 packages: nobody can approve yet · not linked: otto-npm", "I maintain this: link")
LINK = of_bot("Log in at npm", "Open www.npmjs.com")
PREVIEW = of_bot("3 packages can be asked for", "Ask for 3")


@pytest.mark.parametrize(
    ("messages", "me", "here", "text", "leads_to"),
    [
        ({}, "U0RITA", "C", "Begin with a request:", "/npmtrust github @acme/ui"),
        ({"C": [UNLINKED]}, "U0RITA", "C", "The request waits for somebody", "U0OTTO"),
        ({"C": [UNLINKED]}, "U0OTTO", "C", "press “I maintain this”", ""),
        ({"C": [LINKED]}, "U0RITA", "C", "The request waits for somebody", "U0OTTO"),
        ({"C": [LINKED]}, "U0OTTO", "C", "press “Approve”", ""),
        ({"C": [MANY]}, "U0RITA", "C", "The request waits for somebody", "U0OTTO"),
        ({"C": [MANY]}, "U0OTTO", "C", "press “Approve”", ""),
        ({"C": [MANY_UNLINKED]}, "U0RITA", "C", "The request waits for somebody", "U0OTTO"),
        ({"C": [LINKED], "D": [LINK]}, "U0OTTO", "C", "npmtrust sent you npm", "D"),
        ({"C": [LINKED], "D": [LINK]}, "U0OTTO", "D", "use the security key", ""),
        ({"C": [LINKED], "D": [LINK, of_bot("Later")]}, "U0OTTO", "", "npmtrust sent you npm", "D"),
        ({"D": [PREVIEW]}, "U0RITA", "C", "The preview has come", "D"),
        # nothing waits: the first line of a list that nobody has typed here
        ({"C": [of_bot("Done")]}, "U0RITA", "C", "Ask for many packages at once", "/npmtrust github @acme/*"),
    ],
)
def test_the_page_says_what_comes_next(
    page: Page, messages: dict[str, Any], me: str, here: str, text: str, leads_to: str
) -> None:
    shown, target = page.evaluate(NEXT, [messages, me, here])
    assert text in shown
    assert target.startswith(leads_to)
    assert bool(target) == bool(leads_to)


LINES = """
async () => {
  const { IDEAS } = await import("/page/next_step.js");
  const { AFTER } = await import("/page/world_hints.js");
  const lines = [...IDEAS.map(([, , line]) => line), ...Object.values(AFTER).map(([, line]) => line)];
  return [Object.keys(AFTER), lines.filter(Boolean)];
}
"""


def test_whatever_is_done_to_the_world_is_told_with_lines_that_are_commands(page: Page) -> None:
    told, lines = page.evaluate(LINES)
    sides = [f"{switch} {side}" for switch in get_args(Switch) for side in ("on", "off")]
    assert sorted(told) == sorted([*sides, *Deed])
    assert not [line for line in lines if isinstance(parse_command(line.removeprefix("/npmtrust ")), Misunderstood)]


HOME = """
async (home) => {
  const { findNext } = await import("/page/next_step.js");
  const channels = [{ id: "C", kind: "channel" }, { id: "D", kind: "dm" }];
  const typed = ["/npmtrust coverage @acme/*", "/npmtrust github @acme/* --file x.yml"];
  const messages = { D: [{ user: "UBOT", text: "Done" }] };
  const next = findNext({ me: "U0RITA", people: [{ id: "UBOT", is_bot: true }], channels, messages, home }, typed, "C");
  return next.home ?? next.line;
}
"""


def test_who_has_not_seen_home_is_led_there(page: Page) -> None:
    assert page.evaluate(HOME, None) == "D"
    assert page.evaluate(HOME, {"id": "V1", "blocks": []}) == "/npmtrust bulk"
