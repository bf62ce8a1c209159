import ast
import inspect
import json
from datetime import timedelta

import pytest

from bot.domain.findings import Finding, Verdict, has_failed
from bot.messages import findings as say
from bot.messages.doctor import findings_as_json, findings_as_text, render_doctor
from bot.sandbox.slack_blocks import check_message_blocks

GIB = 1024**3
OK, WARNING, FAILED = Verdict.OK, Verdict.WARNING, Verdict.FAILED


def test_a_terminal_shows_one_line_each_and_the_way_to_mend_below_it() -> None:
    found = [say.settings_read("https://registry.example.com/", socket_mode=True), say.admins_missing()]
    assert findings_as_text(found).splitlines() == [
        "ok      Settings  Socket Mode, registry https://registry.example.com/",
        "warning Admins    none: nobody can confirm account links or review what a package's only maintainer asks for",
        "                  -> Set NPMTRUST_ADMINS to the Slack ids of two or more people",
        "",
        "Everything works, 1 warning",
    ]


def test_a_program_reads_the_same_as_json() -> None:
    document = json.loads(findings_as_json([say.keys_wrong(), say.socket_opens()]))
    assert document["ok"] is False
    assert [finding["verdict"] for finding in document["findings"]] == ["failed", "ok"]
    assert set(document["findings"][0]) == {"subject", "verdict", "what", "mend"}


def test_only_what_does_not_work_counts_as_failed() -> None:
    assert has_failed([say.socket_opens(), say.keys_wrong()])
    assert not has_failed([say.socket_opens(), say.admins_missing()])


@pytest.mark.parametrize("number", [1, 8, 9, 200])
def test_slack_takes_any_number_of_findings(number: int) -> None:
    shown = render_doctor([say.channel_closed("C1", "of a watch", "w" * 500)] * number)
    assert not check_message_blocks(list(shown.blocks))


def test_what_comes_from_outside_is_no_markup() -> None:
    shown = str(render_doctor([say.registry_down("https://x/", "<!channel> *boo* \x1b[31m")]).blocks)
    assert "<!channel>" not in shown
    assert "*boo*" not in shown
    assert "\x1b" not in findings_as_text([say.registry_down("https://x/", "\x1b[31m")])


LIMITS = [
    (say.disk_free("/data", 2 * GIB), OK),
    (say.disk_free("/data", GIB - 1), WARNING),
    (say.disk_free("/data", 50 * 1024**2), FAILED),
    (say.clock_compared("Clock", timedelta(seconds=9)), OK),
    (say.clock_compared("Clock", timedelta(seconds=-9)), OK),
    (say.clock_compared("Clock", timedelta(seconds=10)), WARNING),
    (say.clock_compared("Clock", timedelta(seconds=-119)), WARNING),
    (say.clock_compared("Clock", timedelta(seconds=120)), FAILED),
    (say.admins_known(1), WARNING),
    (say.admins_known(2), OK),
]


@pytest.mark.parametrize(("finding", "verdict"), LIMITS)
def test_a_figure_is_judged(finding: Finding, verdict: Verdict) -> None:
    assert finding.verdict is verdict
    assert bool(finding.mend) is (verdict is not OK)


def test_a_clock_is_said_to_be_ahead_or_behind() -> None:
    assert say.clock_compared("Clock", timedelta(seconds=61)).what == "this machine's clock is 61 seconds ahead"
    assert say.clock_compared("Clock", timedelta(minutes=-7)).what == "this machine's clock is 420 seconds behind"


def test_every_trouble_comes_with_a_way_to_mend_it() -> None:
    """No finding can be made as a warning or a failure without one: the helpers ask for it."""
    tree = ast.parse(inspect.getsource(say))
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding"]
    assert len(made) == 3
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    troubles = [node for node in calls if ast.unparse(node.func) in {"_warning", "_failed"}]
    assert troubles
    assert not [ast.unparse(node) for node in troubles if len(node.args) != 3 or ast.unparse(node.args[2]) == "''"]
