"""The simulated npm site: log in, confirm with a security key, look at a package. Plain pages without scripts."""

import base64
import hashlib
import re
from collections.abc import Iterable
from html import escape
from http import HTTPStatus
from urllib.parse import parse_qs, unquote

from bot.sandbox.registry_state import Handoff, HandoffKind, RegistryState, Verdict
from bot.sandbox.registry_wire import Answer, Call

HANDOFF_PATH = re.compile(r"/(?P<kind>login|auth)/cli/(?P<id>[^/]+)")
PACKAGE_PATH = re.compile(r"/package/(?P<package>.+?)(?:/access)?")

STYLE = """
:root { color-scheme: light dark; --edge: light-dark(#d4d4d8, #3f3f46); --quiet: light-dark(#52525b, #a1a1aa);
  --accent: #cb3837; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; background: light-dark(#fafafa, #18181b); color: light-dark(#18181b, #f4f4f5); }
header { padding: .6rem 1.2rem; background: var(--accent); color: #fff; font-weight: 600; }
main { max-width: 34rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
p, small { color: var(--quiet); }
fieldset { margin: 1rem 0; padding: .6rem 1rem; border: 1px solid var(--edge); border-radius: .5rem; }
label { display: block; padding: .2rem 0; }
button { font: inherit; margin: .5rem .5rem 0 0; padding: .5rem 1rem; border: 1px solid var(--edge);
  border-radius: .5rem; background: transparent; color: inherit; cursor: pointer; }
button.primary { background: var(--accent); border-color: var(--accent); color: #fff; }
[role=alert], [role=status] { padding: .6rem 1rem; border: 1px solid var(--edge); border-radius: .5rem;
  border-left: .3rem solid var(--accent); color: inherit; }
[role=status] { border-left-color: #15803d; }
dl { padding: .6rem 1rem; border: 1px solid var(--edge); border-radius: .5rem; }
dt { color: var(--quiet); }
dd { margin: 0 0 .4rem; overflow-wrap: anywhere; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def answer_site(state: RegistryState, call: Call) -> Answer | None:
    """Answer with a page; none when the path is not the site's."""
    if found := HANDOFF_PATH.fullmatch(call.path):
        kind, handoff_id = HandoffKind(found["kind"]), found["id"]
        return _press(state, call, kind, handoff_id) if call.method == "POST" else _show(state, kind, handoff_id)
    if found := PACKAGE_PATH.fullmatch(call.path):
        return _show_package(state, unquote(found["package"]))
    return None


def _show(state: RegistryState, kind: HandoffKind, handoff_id: str) -> Answer:
    handoff = state.find_handoff(kind, handoff_id)
    if isinstance(handoff, Verdict):
        return _page(HTTPStatus.NOT_FOUND, "Nothing to do here", _render_verdict(handoff))
    return _render_form(state, handoff)


def _press(state: RegistryState, call: Call, kind: HandoffKind, handoff_id: str) -> Answer:
    fields = {key: values[-1] for key, values in parse_qs(call.body.decode(errors="replace")).items()}
    npm_user = fields.get("npm_user", "")
    match fields.get("answer"):
        case "confirm":
            remember = "remember" in fields
            verdict = state.confirm_handoff(kind, handoff_id, npm_user, remember=remember, address=call.address)
        case "refuse":
            verdict = state.refuse_handoff(kind, handoff_id)
        case _:
            verdict = Verdict(accepted=False, sentence="Choose one of the buttons.")
    if verdict.accepted:
        title = "Confirmed" if fields["answer"] == "confirm" else "Refused"
        return _page(HTTPStatus.OK, title, _render_verdict(verdict), note=f"{title.lower()} by {npm_user or 'nobody'}")
    handoff = state.find_handoff(kind, handoff_id)
    if isinstance(handoff, Verdict):
        return _page(HTTPStatus.NOT_FOUND, "Nothing to do here", _render_verdict(verdict))
    return _render_form(state, handoff, verdict)


def _render_form(state: RegistryState, handoff: Handoff, verdict: Verdict | None = None) -> Answer:
    if handoff.asker is None:
        title, current = "Log in to npm", ""
        explanation = "A program asks to log in. It gets a session of two hours as the npm user that you choose."
        remember = ""
    else:
        title, current = "Confirm with two-factor authentication", handoff.asker.session.npm_user
        explanation = f"A program asks to change or read trusted publishers as <b>{escape(current)}</b>."
        remember = '<label><input type="checkbox" name="remember"> do not ask again for 5 minutes</label>'
    users = "".join(_render_user(name, checked=name == current) for name in sorted(state.accounts))
    content = f"""{_render_verdict(verdict) if verdict else ""}
<p>{explanation}</p>
<form method="post">
<fieldset><legend>You are logged in as</legend>{users}</fieldset>
{remember}
<button class="primary" name="answer" value="confirm">Use security key</button>
<button name="answer" value="refuse" formnovalidate>Refuse</button>
</form>
<p><small>The security key is simulated: the press is enough.</small></p>"""
    return _page(HTTPStatus.OK, title, content)


def _render_user(name: str, *, checked: bool) -> str:
    name = escape(name)
    mark = " checked" if checked else ""
    return f'<label><input type="radio" name="npm_user" value="{name}" required{mark}> {name}</label>'


def _render_verdict(verdict: Verdict) -> str:
    role = "status" if verdict.accepted else "alert"
    return f'<p role="{role}">{escape(verdict.sentence)}</p>'


def _show_package(state: RegistryState, name: str) -> Answer:
    if name not in state.packages:
        return _page(HTTPStatus.NOT_FOUND, "No such package", f"<p>{escape(name)} is not in this registry.</p>")
    seed = state.packages[name].seed
    configurations = state.list_configurations(name)
    cards = "".join(
        _render_list(("id", item["id"]), ("provider", item["type"]), *_flatten(item["claims"]), ("may", _may(item)))
        for item in configurations
    )
    content = f"""<p>Maintainers: {escape(", ".join(seed.maintainers))}</p>
<h2>Trusted publishers</h2>
{cards or "<p>None.</p>"}"""
    return _page(HTTPStatus.OK, name, content)


def _render_list(*rows: tuple[str, str]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(key)}</dt><dd>{escape(value)}</dd>' for key, value in rows)}</dl>"


def _flatten(claims: dict[str, object]) -> Iterable[tuple[str, str]]:
    for key, value in claims.items():
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        yield key, ", ".join(map(str, values))


def _may(configuration: dict[str, list[str]]) -> str:
    labels = {"createPackage": "publish", "createStagedPackage": "stage publish"}
    return ", ".join(labels.get(permission, permission) for permission in configuration["permissions"])


def _page(status: HTTPStatus, title: str, content: str, *, note: str = "") -> Answer:
    document = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Simulated npm &ndash; sandbox</title>
<style>{STYLE}</style>
</head>
<body>
<header>Simulated npm &ndash; sandbox</header>
<main>
<h1>{escape(title)}</h1>
{content}
</main>
</body>
</html>
"""
    return Answer(status, document, HEADERS, note=note)
