# ruff: noqa: E501 -- what people read is not wrapped
import pytest
from inline_snapshot import snapshot

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.lifecycle import State, WaitFor
from bot.domain.overview import Maintainer, PackageListing
from bot.messages.change_set import render_change_set
from bot.messages.listings import (
    render_dry_run,
    render_listings,
    render_no_such_change_set,
    render_pending,
    render_status,
)
from tests.messages.examples import (
    APPROVED,
    MAINTAINERS,
    NO_EVIDENCE,
    OLD,
    REVOKE,
    a_step,
    a_view,
    a_waiting_step,
    an_approved_step,
    an_ended_step,
)
from tests.messages.reading import read, read_notification

UI = PackageListing(package="@acme/ui", evidence=NO_EVIDENCE, maintainers=MAINTAINERS)


def test_a_package_is_listed_with_what_was_read_and_what_is_public() -> None:
    message = render_listings(
        [UI.model_copy(update={"configurations": (OLD,), "read_at": APPROVED, "pending": (41, 42)})]
    )
    assert read(message) == snapshot("""\
@acme/ui
1 trusted publisher (npm's own list, read Mon 14:03 UTC):
• acme/old → ci.yml, Environment: any (publish), id eebc175d-4720-4fc8-a31a-6491ca36fb47
Public data: no trusted publishing seen
Maintainers: otto-npm (@U0OTTO), olga-npm (@U0OLGA), ana-npm (not linked)
Open: C-41, C-42\
""")
    assert read_notification(message) == "Trust of @acme/ui"


def test_what_was_not_read_or_not_found_is_said() -> None:
    listings = [
        UI.model_copy(update={"maintainers": ()}),
        UI.model_copy(
            update={"configurations": (), "maintainers": tuple(Maintainer(npm_user=f"m{at}") for at in range(12))}
        ),
        UI.model_copy(update={"problem": "Your account may not read it.", "maintainers": ()}),
        UI.model_copy(update={"problem": "The list is 3 hours old.", "configurations": (), "maintainers": ()}),
    ]
    assert read(render_listings(listings)) == snapshot("""\
@acme/ui
npm's own list was not read.
Public data: no trusted publishing seen
@acme/ui
No trusted publisher.
Public data: no trusted publishing seen
Maintainers: m0 (not linked), m1 (not linked), m2 (not linked), m3 (not linked), m4 (not linked), m5 (not linked), m6 (not linked), m7 (not linked), m8 (not linked), m9 (not linked), and 2 more
@acme/ui
⚠️ Your account may not read it.
Public data: no trusted publishing seen
@acme/ui
⚠️ The list is 3 hours old.
No trusted publisher.
Public data: no trusted publishing seen\
""")


EVIDENCE = {
    EvidenceKind.TRUSTED: Evidence(kind=EvidenceKind.TRUSTED, provider="github", version="1.5.0"),
    EvidenceKind.DOWNGRADED: Evidence(kind=EvidenceKind.DOWNGRADED, version="1.5.0", by="otto-npm"),
    EvidenceKind.PROVENANCE_ONLY: Evidence(kind=EvidenceKind.PROVENANCE_ONLY, version="1.5.0"),
    EvidenceKind.NONE: NO_EVIDENCE,
    EvidenceKind.UNPUBLISHED: Evidence(kind=EvidenceKind.UNPUBLISHED),
    EvidenceKind.NOT_VISIBLE: Evidence(kind=EvidenceKind.NOT_VISIBLE),
}


def test_every_kind_of_evidence_has_its_words() -> None:
    told = {
        kind.value: read(render_listings([UI.model_copy(update={"evidence": evidence})])).splitlines()[2]
        for kind, evidence in EVIDENCE.items()
    }
    assert told == snapshot(
        {
            "trusted": "Public data: the newest version (1.5.0) came through a trusted publisher from github",
            "downgraded": "Public data: an older version came through a trusted publisher, the newest (1.5.0) did not: otto-npm published it",
            "provenance only": "Public data: the newest version (1.5.0) has provenance, no trusted publishing seen",
            "none": "Public data: no trusted publishing seen",
            "unpublished": "Public data: no version is published",
            "not visible here": "Public data: this registry does not show how versions were published",
        }
    )
    assert set(EVIDENCE) == set(EvidenceKind)


def test_without_a_package_the_list_says_how_to_name_one() -> None:
    assert read(render_listings([])) == snapshot(
        "I know of no package of yours. Name one: `/npmtrust list @acme/ui`, or link yourself: `/npmtrust login`."
    )


def test_the_status_of_one_is_its_message() -> None:
    assert render_status([a_view()]) == render_change_set(a_view())


def test_the_status_of_several_is_a_line_each() -> None:
    views = [a_view(), a_view(an_ended_step(State.APPLIED), number=41), a_view(a_step(), a_step(), number=40)]
    assert read(render_status(views)) == snapshot("""\
C-42: @U0RITA asks: let acme/ui → release.yml publish @acme/ui
asked Mon 14:00 UTC · until Thu 14:05 UTC
C-41: ✅ @acme/ui now trusts acme/ui → release.yml
asked Mon 14:00 UTC
C-40: @U0RITA asks for 2 changes · 2 in review
asked Mon 14:00 UTC · until Thu 14:05 UTC\
""")
    assert read(render_status([])) == snapshot(
        "You asked for nothing yet. Try `/npmtrust github @acme/ui --file release.yml`, or `/npmtrust help`."
    )


def test_a_number_that_was_never_given_is_answered() -> None:
    assert read(render_no_such_change_set(7)) == snapshot(
        "There is no C-7 here. `/npmtrust status` shows yours, `/npmtrust pending` what is open."
    )


WAITING = {
    "review": a_step(),
    "nobody linked": a_step(reviewers=()),
    "login": a_waiting_step(WaitFor.LOGIN),
    "account": a_waiting_step(WaitFor.ACCOUNT),
    "running": an_approved_step(State.CALLING),
    "npm is down": an_approved_step(State.READY, trouble="npm cannot be reached"),
}


@pytest.mark.parametrize("name", WAITING)
def test_pending_says_for_whom_it_waits(name: str) -> None:
    expected = snapshot(
        {
            "review": "Waits for 1 of @U0OTTO, @U0OLGA to approve · not linked: ana-npm",
            "nobody linked": "Waits for a maintainer who links an npm account · not linked: ana-npm",
            "login": "Waits for @U0OTTO, at npm: the link is in their DM",
            "account": "Waits for a maintainer who runs it with their npm account",
            "running": "Runs; nobody must do anything",
            "npm is down": "Waits, and nobody must do anything: npm cannot be reached",
        }
    )
    assert read(render_pending([a_view(WAITING[name])])).splitlines()[2] == expected[name]


def test_pending_shows_what_is_open_only() -> None:
    views = [a_view(), a_view(an_ended_step(State.APPLIED), number=41), a_view(a_step(), a_step(), number=40)]
    assert read(render_pending(views)) == snapshot("""\
2 requests open
C-42 · @U0RITA asks: let acme/ui → release.yml publish @acme/ui
Waits for 1 of @U0OTTO, @U0OLGA to approve · not linked: ana-npm
asked Mon 14:00 UTC · until Thu 14:05 UTC
C-40: @U0RITA asks for 2 changes
Waits for 1 of @U0OTTO, @U0OLGA to approve · not linked: ana-npm
asked Mon 14:00 UTC · until Thu 14:05 UTC\
""")


def test_without_anything_open_pending_teaches() -> None:
    assert read(render_pending([a_view(an_ended_step(State.APPLIED))])) == snapshot(
        "Nothing is open. To ask: `/npmtrust github @acme/ui --file release.yml`, or `/npmtrust help`."
    )


def test_a_dry_run_shows_what_npm_would_get() -> None:
    assert read(render_dry_run(a_view(a_step(), a_step(REVOKE), number=0))) == snapshot("""\
Dry run: nothing was asked for and nobody was told.
Would ask: let acme/ui → release.yml publish @acme/ui
May: publish directly, stage · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Waits for 1 of @U0OTTO, @U0OLGA to approve · not linked: ana-npm
| [
|   {
|     "type": "github",
|     "claims": {
|       "repository": "acme/ui",
|       "workflow_ref": {
|         "file": "release.yml"
|       }
|     },
|     "permissions": [
|       "createPackage",
|       "createStagedPackage"
|     ]
|   }
| ]
Would ask: revoke configuration eebc175d… of @acme/ui
Nothing can publish through it afterwards. It cannot be undone, only set up anew.
Now: no trusted publishing seen (public data) · npm's own list not read
Waits for 1 of @U0OTTO, @U0OLGA to approve · not linked: ana-npm
(Leave out --dry-run to ask.)\
""")


def test_beyond_forty_the_rest_is_counted() -> None:
    assert "(… and 2 more)" in read(render_pending([a_view()] * 42))
