"""npm's own lists of many packages, as their reader sees them."""

from datetime import UTC, datetime

from bot.domain.evidence import EvidenceKind
from bot.domain.publishers import Configuration
from bot.domain.survey import SurveyedPackage, SurveyState
from bot.messages.surveys import render_nothing_to_read, render_survey, render_survey_page, survey_file_name
from tests.messages.examples import APPROVED, ID
from tests.messages.reading import read
from tests.messages.survey_examples import a_survey

NEW = Configuration(id=ID, type="github", claims={"repository": "acme/ui", "workflow_ref": {"file": "r.yml"}})
OLD = Configuration(id="old-id", type="forgejo", claims={"project": "a/b"}, permissions=("fly",))
PACKAGES = (
    SurveyedPackage(package="@acme/a", configurations=(NEW, OLD), before=(OLD,), evidence=EvidenceKind.NONE),
    SurveyedPackage(package="@acme/b", configurations=(), before=(), evidence=EvidenceKind.TRUSTED, read_at=APPROVED),
    SurveyedPackage(package="@acme/c", problem="npm answered 503"),
)


def test_while_it_reads_it_tells_how_far_it_is_and_for_whom_it_waits() -> None:
    drawn = a_survey(
        SurveyState.READING, speed=28.4, minutes_left=28, waits_for_press=True, problems=(("npm says", 3),)
    )
    assert read(render_survey(drawn)) == (
        "🔎 npm's own lists of 2000 packages of @acme/\u2217\n"
        "`▓▓▓▓▓▓▓▓▓░░░░░░░` 1203 of 2000\n"
        "28 a minute · about 28 minutes left\n"
        "✋ Waits for you: press I'm ready when you are at your computer, and npm may ask you to confirm.\n"
        "⚠️ 3 packages not read: npm says\n"
        "[I'm ready] [Stop]\n"
        "(2000 known; list confirmed by @U0OTTO 23 Nov 2026 · 4 that your npm account may not change are left out\n"
        "as npm user otto-npm · until Thu 14:05 UTC at most)"
    )


def test_at_its_end_it_tells_what_stands_what_differs_and_what_does_not_fit() -> None:
    told = read(render_survey(a_survey(SurveyState.DONE, PACKAGES, done=2, failed=1, total=30, left_out=0)))
    assert told == (
        "✅ npm's own lists of 30 packages of @acme/\u2217\n"
        "1 with a trusted publisher, 1 of them more than one · 1 without · 1 not read\n"
        "Configurations: forgejo 1, github 1\n"
        "🔁 1 package differs from when I last read them\n"
        f"• @acme/a: acme/ui → r.yml, Environment: any (), id {ID} appeared\n"
        "⚠️ Published through a trusted publisher that does not stand any more: @acme/b\n"
        "💤 Set up, and the newest version did not come through it: @acme/a\n"
        "@acme/a\n"
        f"• acme/ui → r.yml, Environment: any (), id {ID}\n"
        "• forgejo: project=a/b (fly), id old-id\n"
        "@acme/b\n"
        "No trusted publisher.\n"
        "@acme/c\n"
        "⚠️ Not read: npm answered 503\n"
        "[Next page]\n"
        "(2000 known; list confirmed by @U0OTTO 23 Nov 2026\n"
        "read Mon 14:06 UTC as npm user otto-npm · yours alone to see. "
        "All configurations: the CSV file in this thread.)"
    )


def test_pages_lead_on_and_back_and_names_of_files_are_plain() -> None:
    assert read(render_survey_page("s1", PACKAGES, after=10, total=30, size=10)).endswith("[Previous page] [Next page]")
    assert read(render_survey_page("s1", PACKAGES, after=27, total=30, size=10)).endswith("[Previous page]")
    assert "may change none" in read(render_nothing_to_read("@acme/*", 3))
    assert "I know of no package that @acme/\u2217 means" in read(render_nothing_to_read("@acme/*", 0))
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert survey_file_name("@acme/* !../etc", now, as_json=False) == "npm-trust-acme-all-etc-2026-11-23.csv"
    assert survey_file_name("", now, as_json=True) == "npm-trust-packages-2026-11-23.json"
