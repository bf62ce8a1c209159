"""`doctor` in Slack, and the same for a terminal."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from bot.domain.findings import Finding, Verdict, has_failed
from bot.messages._blocks import message, section
from bot.messages._text import bold, count, safe
from bot.messages.message import Message

_SIGNS = {Verdict.OK: "✅", Verdict.WARNING: "⚠️", Verdict.FAILED: "❌"}
_IN_ONE_BLOCK = 8
"""Findings; a block of Slack's holds 3000 characters."""


def render_doctor(findings: Sequence[Finding]) -> Message:
    """Show what was found to an admin, what is wrong first."""
    order = (Verdict.FAILED, Verdict.WARNING, Verdict.OK)
    lines = [_slack_line(each) for verdict in order for each in findings if each.verdict is verdict]
    chunks = [lines[start : start + _IN_ONE_BLOCK] for start in range(0, len(lines), _IN_ONE_BLOCK)]
    title = _title(findings)
    return message(title, section(bold(title)), *(section(*chunk) for chunk in chunks))


def findings_as_text(findings: Iterable[Finding]) -> str:
    """Write what was found for a terminal, in the order in which it was looked at."""
    found = list(findings)
    width = max(len(each.subject) for each in found)
    lines = [f"{each.verdict.value:8}{each.subject:{width}}  {each.what}" for each in found]
    for at, each in reversed(list(enumerate(found, 1))):
        if each.mend:
            lines.insert(at, f"{'':8}{'':{width}}  -> {each.mend}")
    return "\n".join([*lines, "", _title(found)])


def findings_as_json(findings: Sequence[Finding]) -> str:
    """Write what was found for a program."""
    document = {"ok": not has_failed(findings), "findings": [each.model_dump(mode="json") for each in findings]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _title(findings: Sequence[Finding]) -> str:
    verdicts = Counter(each.verdict for each in findings)
    failed, warned = verdicts[Verdict.FAILED], verdicts[Verdict.WARNING]
    if failed:
        return f"{count(failed, 'thing does', 'things do')} not work, {count(warned, 'warning')}"
    return f"Everything works, {count(warned, 'warning')}" if warned else "Everything works"


def _slack_line(finding: Finding) -> str:
    line = f"{_SIGNS[finding.verdict]} {bold(finding.subject)}: {safe(finding.what, 300)}"
    return f"{line}\n      → {finding.mend}" if finding.mend else line  # our words alone, see bot.messages.findings
