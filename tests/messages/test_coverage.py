# ruff: noqa: E501, RUF001 -- what people read is not wrapped, and looks like itself
from dataclasses import replace
from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from bot.domain.coverage_views import CoverageView, ScanState
from bot.domain.digest import CatalogueNote
from bot.domain.evidence import EvidenceKind
from bot.messages.coverage import (
    coverage_csv_name,
    coverage_csv_title,
    render_coverage,
    render_coverage_asked,
    render_nothing_known,
)
from bot.sandbox.slack_blocks import check_message_blocks
from tests.messages.coverage_examples import NOW, STANDINGS, a_coverage, a_record, many_records
from tests.messages.examples import ID, OTTO
from tests.messages.reading import actions_of, read, read_notification


def test_the_command_is_answered_at_once() -> None:
    assert read(render_coverage_asked("@acme/*", "C0GENERAL")) == snapshot("""\
🔎 I read `@acme/*` from npm's public data. The result comes in #C0GENERAL.
Packages that I read within the last hour are not read again; `--refresh` reads them all.\
""")
    assert "within the last hour" not in read(render_coverage_asked("@acme/*", "C0GENERAL", refresh=True))
    assert "The result comes here." in read(render_coverage_asked("", "D0RITA"))
    assert "The result comes by DM." in read(render_coverage_asked("", "U0RITA"))


def test_reading_shows_how_far_it_is() -> None:
    listing = a_coverage((), state=ScanState.LISTING, coverage=None)
    reading = replace(listing, state=ScanState.READING, read=120, total=312, note="npm asked to wait 30 seconds.")
    assert [read(render_coverage(view)) for view in (listing, reading)] == snapshot(
        [
            """\
🔎 Reading @acme/∗: I look up which packages there are.
(asked by @U0RITA)\
""",
            """\
🔎 Reading @acme/∗: 120 of 312
▓▓▓▓▓▓░░░░░░░░░░  38 %
⚠️ npm asked to wait 30 seconds.
(asked by @U0RITA)\
""",
        ]
    )


def test_a_coverage_of_few_packages_tells_each() -> None:
    message = render_coverage(a_coverage(records=STANDINGS))
    assert read(message) == snapshot("""\
Coverage of @acme/∗: 20 % publish through a trusted publisher
▓▓▓░░░░░░░░░░░░░  1 of 5
✅ 1 trusted · 1 configured, not used yet
❗ 3 lack it: 1 downgraded · 1 provenance only · 1 none
Not counted: 1 no release since 2023 · 1 deprecated · 1 snoozed · 1 not publishing any more · 1 not visible here · 1 unpublished · 1 not found · 1 not read yet
Who maintains what lacks it: @U0OTTO (2) · @U0OLGA (1) · not linked: ana-npm (2)
@acme/ui: trusted
Public data: the newest version (1.5.0) came through a trusted publisher from github · configuration eebc175d… · since 14 Oct 2026
Owners: otto-npm (@U0OTTO), ana-npm · acme/ui · last publish 14 Oct 2026
@acme/core: configured, not used yet · set up here 23 Nov 2026
Public data: no trusted publishing seen
Owners: otto-npm (@U0OTTO), ana-npm · acme/core · last publish 14 Oct 2026
@acme/cli: downgraded
Public data: an older version came through a trusted publisher, the newest (1.5.0) did not: rita-npm published it · before: configuration eebc175d…
Owners: otto-npm (@U0OTTO), ana-npm · acme/cli · last publish 14 Oct 2026
@acme/icons: provenance only
Public data: the newest version (1.5.0) has provenance, no trusted publishing seen
Owners: olga-npm (@U0OLGA) · acme/icons · last publish 14 Oct 2026
@acme/api: none
Public data: no trusted publishing seen
Owners: otto-npm (@U0OTTO), ana-npm · acme/api · last publish 7 May 2026
@acme/left-pad: no release since 2023
Public data: no trusted publishing seen
Owners: otto-npm (@U0OTTO), ana-npm · acme/left-pad · last publish 23 Nov 2021
@acme/fork: deprecated
Public data: no trusted publishing seen
Owners: otto-npm (@U0OTTO), ana-npm · acme/fork · last publish 14 Oct 2026
@acme/slow: snoozed until 13 Dec 2026
Public data: no trusted publishing seen
Owners: otto-npm (@U0OTTO), ana-npm · acme/slow · last publish 14 Oct 2026
@acme/done: not publishing any more, says @U0OTTO
Public data: no trusted publishing seen
Owners: otto-npm (@U0OTTO), ana-npm · acme/done · last publish 14 Oct 2026
@acme/mirror: not visible here
Public data: this registry does not show how versions were published
Owners: otto-npm (@U0OTTO), ana-npm · acme/mirror · last publish 14 Oct 2026
@acme/empty: unpublished
Public data: no version is published
Owners: otto-npm (@U0OTTO), ana-npm · acme/empty
@acme/gone: not found
Owners: otto-npm (@U0OTTO), ana-npm · acme/gone
⚠️ npm says: 404 Not Found
@acme/next: not read yet
Owners: otto-npm (@U0OTTO), ana-npm · acme/next
(312 known; list confirmed by @U0OLGA 14 Nov 2026 · 4 private packages not named · oldest reading 23 Nov 2026
Lacking means downgraded, provenance only or none. Public data is evidence: an unused configuration does not show.
The CSV in the thread has every package. Asked by @U0RITA.)
[Refresh]\
""")
    assert read_notification(message) == snapshot("Coverage of @acme/∗: 20 % publish through a trusted publisher")
    assert actions_of(message)["refresh_coverage"]["value"] == "scan-1"


@pytest.mark.parametrize(
    ("catalogue", "told"),
    [
        (CatalogueNote(known=2, named=True), "2 named"),  # by who asked: no list could be more complete
        (CatalogueNote(known=0), "0 known; not searched yet, confirmed by nobody: `/npmtrust login` by an owner helps"),
    ],
)
def test_how_complete_the_list_is_is_said_where_there_is_one(catalogue: CatalogueNote, told: str) -> None:
    assert told in read(render_coverage(a_coverage(catalogue=catalogue)))


def test_what_somebody_said_of_a_package_is_told_only_while_it_counts() -> None:
    long_ago = NOW - timedelta(days=90)  # versions came since
    records = (
        a_record("@acme/back", retired_by=OTTO, retired_at=long_ago),
        a_record("@acme/awake", snoozed_until=NOW - timedelta(days=1)),
        a_record("@acme/works", EvidenceKind.TRUSTED, retired_by=OTTO, snoozed_until=NOW + timedelta(days=1)),
    )
    lines = read(render_coverage(a_coverage(records, records=records))).splitlines()
    assert {"@acme/back: none", "@acme/awake: none", "@acme/works: trusted"} <= set(lines)


def test_a_coverage_of_many_packages_tells_those_without_a_release_for_longest() -> None:
    view = a_coverage(list(many_records(40)), catalogue=CatalogueNote(known=40, searched_at=NOW - timedelta(hours=2)))
    assert read(render_coverage(view)) == snapshot("""\
Coverage of @acme/∗: 50 % publish through a trusted publisher
▓▓▓▓▓▓▓▓░░░░░░░░  20 of 40
✅ 20 trusted
❗ 20 lack it: 10 provenance only · 10 none
Who maintains what lacks it: @U0OLGA (20) · not linked: owner-1 (1), owner-11 (1), owner-13 (1), owner-15 (1), owner-17 (1), owner-19 (1), owner-21 (1), owner-23 (1), and 12 more
Lacking, longest without a release first:
• @acme/p39: provenance only · 1.5.0 by otto-npm, 15 Oct 2026 · acme/p39 · owner-39, olga-npm
• @acme/p37: none · 1.5.0 by otto-npm, 17 Oct 2026 · acme/p37 · owner-37, olga-npm
• @acme/p35: provenance only · 1.5.0 by otto-npm, 19 Oct 2026 · acme/p35 · owner-35, olga-npm
• @acme/p33: none · 1.5.0 by otto-npm, 21 Oct 2026 · acme/p33 · owner-33, olga-npm
• @acme/p31: provenance only · 1.5.0 by otto-npm, 23 Oct 2026 · acme/p31 · owner-31, olga-npm
• @acme/p29: none · 1.5.0 by otto-npm, 25 Oct 2026 · acme/p29 · owner-29, olga-npm
• @acme/p27: provenance only · 1.5.0 by otto-npm, 27 Oct 2026 · acme/p27 · owner-27, olga-npm
• @acme/p25: none · 1.5.0 by otto-npm, 29 Oct 2026 · acme/p25 · owner-25, olga-npm
• @acme/p23: provenance only · 1.5.0 by otto-npm, 31 Oct 2026 · acme/p23 · owner-23, olga-npm
• @acme/p21: none · 1.5.0 by otto-npm, 2 Nov 2026 · acme/p21 · owner-21, olga-npm
… and 10 more, in the CSV
(40 known; list from npm's search 23 Nov 2026, confirmed by nobody: `/npmtrust login` by an owner helps · oldest reading 23 Nov 2026
Lacking means downgraded, provenance only or none. Public data is evidence: an unused configuration does not show.
The CSV in the thread has every package. Asked by @U0RITA.)
[Refresh]\
""")


def test_what_went_wrong_is_told_with_a_way_on() -> None:
    view = a_coverage((), state=ScanState.FAILED, coverage=None, note="npm's registry does not answer.")
    assert read(render_coverage(replace(view, invite_channel="C0RANDOM"))) == snapshot("""\
❌ Coverage of @acme/∗: not read.
npm's registry does not answer.
I cannot post in #C0RANDOM, so it comes here. Type `/invite @npmtrust` there to have it there.
[Try again]\
""")
    assert "npm could not be asked." in read(render_coverage(replace(view, note="", state=ScanState.DONE)))


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (a_coverage(()), "no package that the public can see"),
        (a_coverage([a_record("@acme/x", EvidenceKind.UNPUBLISHED)]), "1 package, none that counts"),
        (a_coverage([a_record("@acme/x", EvidenceKind.TRUSTED)]), "100 % publish through a trusted publisher"),
        (a_coverage([a_record("@acme/x", problem="npm answered with 503")], selection=""), "all known packages: 0 %"),
        (a_coverage(csv_note="Slack says missing_scope."), "No CSV: Slack says missing_scope."),
        (a_coverage(note="2 packages could not be read."), "⚠️ 2 packages could not be read."),
        (a_coverage(invite_channel="C0RANDOM"), "I cannot post in #C0RANDOM, so it comes here."),
    ],
)
def test_the_odd_cases_are_said(view: CoverageView, words: str) -> None:
    assert words in read(render_coverage(view))


def test_packages_that_only_an_account_sees_are_never_named() -> None:
    secret = a_record("@acme/secret", EvidenceKind.TRUSTED, account_only=True, configuration_id=ID)
    assert "secret" not in read(render_coverage(a_coverage([secret], records=(secret,))))


@pytest.mark.parametrize("number", [0, 1, 2, 16, 5000])
def test_slack_takes_a_coverage_of_any_size(number: int) -> None:
    records = tuple(
        replace(record, name=f"@{'s' * 100}/{'p' * 100}{at}", repository="r" * 200, maintainers=("m" * 80,) * 9)
        for at, record in enumerate(many_records(number))
    )
    message = render_coverage(a_coverage(records, records=records if number < 16 else ()))
    assert check_message_blocks(list(message.blocks)) == []
    assert sum(len(str(block)) for block in message.blocks) < 40_000
    assert "…" not in message.blocks[0]["text"]["text"]


def test_a_pattern_that_matches_nothing_is_answered_with_how_patterns_work() -> None:
    assert read(render_nothing_known("@acmee/*")) == snapshot("""\
I know of no package that matches `@acmee/*`.
`*` stands for any letters but `/`, and capitals count. npm's search finds only public packages.
Name a package or a scope as below; `/npmtrust login` by an owner shows me npm's own list.
| /npmtrust coverage @acme/ui
| /npmtrust coverage @acme/*\
""")


def test_the_file_has_a_name_that_every_system_takes() -> None:
    assert [coverage_csv_name(each, NOW) for each in ("@acme/* !@acme/old-*", "", "../../ü")] == snapshot(
        ["coverage-acme-all-acme-old-all-2026-11-23.csv", "coverage-all-2026-11-23.csv", "coverage-all-2026-11-23.csv"]
    )
    assert [coverage_csv_title(each) for each in ("@acme/*", "")] == snapshot(
        ["Coverage of @acme/*", "Coverage of all known packages"]
    )
