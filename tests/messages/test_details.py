# ruff: noqa: E501 -- what people read is not wrapped
from inline_snapshot import snapshot

from bot.domain.evidence import EvidenceKind
from bot.domain.lifecycle import State
from bot.domain.overview import DecisionView
from bot.domain.publishers import CircleCI
from bot.messages.details import _EXPLAINED, render_details
from tests.messages.examples import (
    APPROVAL,
    APPROVED,
    CREATE,
    ID,
    OLD,
    OLGA,
    REPLACE,
    REVOKE,
    a_step,
    a_view,
    an_ended_step,
)
from tests.messages.reading import read


def test_details_show_all_that_an_approval_binds_to() -> None:
    assert read(render_details(a_view(), may_see_configurations=True)) == snapshot("""\
C-42: everything I know
Asked by @U0RITA Mon 14:00 UTC · until Thu 14:05 UTC
Why:
drop tokens
let acme/ui → release.yml publish @acme/ui
May: publish directly, stage · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
A configuration can stand all the same: public data shows only what was published through one.
npm's maintainers: otto-npm (@U0OTTO), olga-npm (@U0OLGA), ana-npm (not linked)
May approve: @U0OTTO, @U0OLGA
Needs 1 of @U0OTTO, @U0OLGA · not linked: ana-npm
| {
|   "package": "@acme/ui",
|   "create": [
|     {
|       "type": "github",
|       "claims": {
|         "repository": "acme/ui",
|         "workflow_ref": {
|           "file": "release.yml"
|         }
|       },
|       "permissions": [
|         "createPackage",
|         "createStagedPackage"
|       ]
|     }
|   ]
| }
(An approval counts for exactly this content. Whatever of it changes, earlier approvals no longer count.)\
""")


def test_details_tell_every_decision_with_its_time() -> None:
    rejection = DecisionView(slack_user=OLGA, approved=False, reason="wrong file", at=APPROVED)
    step = a_step(decisions=(APPROVAL.model_copy(update={"void": True}), rejection), maintainers=(), reviewers=())
    told = read(render_details(a_view(step, reason=""), may_see_configurations=True)).splitlines()
    assert [line for line in told if line.startswith(("@", "Why", "npm's maint", "May approve"))] == snapshot(
        [
            "Why: not said",
            "npm's maintainers: npm names none",
            "May approve: nobody yet",
            "@U0OTTO approved as npm user otto-npm Mon 14:03 UTC (no longer counts)",
            '@U0OLGA rejected Mon 14:03 UTC: "wrong file"',
        ]
    )


def test_a_configuration_is_shown_to_those_who_may_see_it() -> None:
    assert read(render_details(a_view(a_step(REVOKE)), may_see_configurations=True)) == snapshot("""\
C-42: everything I know
Asked by @U0RITA Mon 14:00 UTC · until Thu 14:05 UTC
Why:
drop tokens
revoke configuration eebc175d… of @acme/ui
Nothing can publish through it afterwards. It cannot be undone, only set up anew.
Now: no trusted publishing seen (public data) · npm's own list not read
A configuration can stand all the same: public data shows only what was published through one.
npm's maintainers: otto-npm (@U0OTTO), olga-npm (@U0OLGA), ana-npm (not linked)
May approve: @U0OTTO, @U0OLGA
Needs 1 of @U0OTTO, @U0OLGA · not linked: ana-npm
What is revoked: acme/old → ci.yml, Environment: any (publish), id eebc175d-4720-4fc8-a31a-6491ca36fb47
| {
|   "package": "@acme/ui",
|   "selector": {
|     "id": "eebc175d-4720-4fc8-a31a-6491ca36fb47"
|   },
|   "revoke": {
|     "id": "eebc175d-4720-4fc8-a31a-6491ca36fb47",
|     "type": "github",
|     "claims": {
|       "repository": "acme/old",
|       "workflow_ref": {
|         "file": "ci.yml"
|       }
|     },
|     "permissions": [
|       "createPackage"
|     ]
|   }
| }
(An approval counts for exactly this content. Whatever of it changes, earlier approvals no longer count.)\
""")


def test_a_configuration_is_not_shown_to_anybody_else() -> None:
    for step in (a_step(REVOKE), a_step(REPLACE), an_ended_step(State.CONFLICT, existing=(OLD,))):
        message = render_details(a_view(step), may_see_configurations=False)
        assert "What was read at npm is shown to people whose linked npm account" in read(message)
        assert "acme/old" not in str(message.blocks)


def test_what_stands_in_the_way_is_shown_after_a_conflict() -> None:
    step = an_ended_step(State.CONFLICT, existing=(OLD,), configuration_id=ID)
    told = read(render_details(a_view(step), may_see_configurations=True)).splitlines()
    assert [line for line in told if "Stands already" in line or "full id" in line] == snapshot(
        [
            "npm's full id: eebc175d-4720-4fc8-a31a-6491ca36fb47",
            "Stands already: acme/old → ci.yml, Environment: any (publish), id eebc175d-4720-4fc8-a31a-6491ca36fb47",
        ]
    )


def test_both_sides_of_a_replace_are_shown_and_what_was_approved_before() -> None:
    other = OLD.model_copy(update={"permissions": ("createPackage", "fly"), "other": {"lastUsed": "2026-11-01"}})
    step = a_step(REPLACE, approved_before=other, difference="npm's list changed since then.")
    told = read(render_details(a_view(step), may_see_configurations=True))
    assert [line for line in told.splitlines() if line.startswith(("What", "Order", "🔁"))] == snapshot(
        [
            "Order: the new one is made first, then the old one is revoked.",
            "🔁 Back in review, earlier approvals no longer count: npm's list changed since then.",
            "What was approved to go: acme/old → ci.yml, Environment: any (publish, fly), id eebc175d-4720-4fc8-a31a-6491ca36fb47, lastUsed=2026-11-01",
            "What is revoked: acme/old → ci.yml, Environment: any (publish), id eebc175d-4720-4fc8-a31a-6491ca36fb47",
            "What is asked for: acme/ui → release.yml, Environment: any (publish, stage)",
        ]
    )
    assert '"create"' in told
    assert '"revoke"' in told
    assert "acme/old" not in read(render_details(a_view(step), may_see_configurations=False))


def test_of_several_configurations_each_can_be_chosen_by_those_who_may_see_them() -> None:
    selector = {"old": None, "configuration_id": "", "from_repository": "acme/old"}
    second = OLD.model_copy(update={"id": "0d7a3b1e-4a51"})
    step = a_step(REPLACE.model_copy(update=selector), needs_look=True, existing=(OLD, second), position=3)
    message = render_details(a_view(step), may_see_configurations=True)
    told = read(message)
    assert "Order: told here once the old one was read." in told
    assert "[Choose eebc175d…]\n[Choose 0d7a3b1e…]" in told
    values = [each["value"] for block in message.blocks for each in block.get("elements", ()) if each.get("value")]
    assert values == ["offer-1:3:0", "offer-1:3:1"]
    for unseen in (
        render_details(a_view(step), may_see_configurations=False),
        render_details(a_view(step.model_copy(update={"existing": (OLD,)})), may_see_configurations=True),
        render_details(a_view(step.model_copy(update={"state": State.CANCELLED})), may_see_configurations=True),
    ):
        assert "Choose" not in read(unseen)


def test_every_kind_of_evidence_is_explained() -> None:
    assert set(_EXPLAINED) == set(EvidenceKind)


def test_beyond_twenty_steps_the_rest_is_counted_in_details() -> None:
    message = render_details(a_view(*(a_step() for _ in range(21))), may_see_configurations=True)
    assert "(… and 1 more change)" in read(message)


def test_what_slack_has_no_room_for_is_left_out_and_said() -> None:
    contexts = tuple(f"550e8400-e29b-41d4-a716-{number:012}" for number in range(150))
    publisher = CircleCI(
        org_id=ID, project_id=ID, pipeline_definition_id=ID, vcs_origin="github.com/a/b", context_ids=contexts
    )
    step = a_step(CREATE.model_copy(update={"publisher": publisher}))
    message = render_details(a_view(*(step for _ in range(20))), may_see_configurations=True)
    assert len(message.blocks) == 50
    assert read(message).splitlines()[-1] == snapshot("(… and 34 more parts that Slack has no room for)")
