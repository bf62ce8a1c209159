# ruff: noqa: E501 -- what people read is not wrapped
from inline_snapshot import snapshot

from bot.domain.evidence import Evidence, EvidenceKind
from bot.domain.lifecycle import State, WaitFor
from bot.domain.operations import Revoke
from bot.domain.overview import Maintainer
from bot.domain.packages import PackageName
from bot.domain.publishers import CircleCI, Permission
from bot.messages.change_set import render_change_set, render_review_request
from bot.messages.ids import Action
from tests.messages.examples import (
    APPROVAL,
    APPROVED,
    CREATE,
    ENDED,
    OTTO,
    OVERLAPPING,
    REPLACE,
    REVOKE,
    RITA,
    UI,
    a_step,
    a_view,
    a_waiting_step,
    an_approved_step,
)
from tests.messages.reading import actions_of, read, read_notification


def test_a_request_says_who_asks_for_what_and_who_may_approve() -> None:
    message = render_change_set(a_view())
    assert read(message) == snapshot("""\
@U0RITA asks: let acme/ui → release.yml publish @acme/ui
May: publish directly, stage · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Why: drop tokens
Needs 1 of @U0OTTO, @U0OLGA · not linked: ana-npm
(until Thu 14:05 UTC · C-42)
[Approve] [Reject…] [Details] [I maintain this: link my npm account] [Cancel]\
""")
    assert read_notification(message) == snapshot("C-42: @U0RITA asks: let acme/ui → release.yml publish @acme/ui")


def test_the_dialog_before_an_approval_names_package_repository_file_and_permission() -> None:
    dialog = actions_of(render_change_set(a_view()))[Action.APPROVE]["confirm"]
    assert dialog["title"]["text"] == snapshot("Approve C-42?")
    assert dialog["text"]["text"] == snapshot("""\
May: publish directly, stage
Package: @acme/ui
Repository: acme/ui
File: release.yml
Environment: any\
""")
    assert (dialog["confirm"]["text"], dialog["deny"]["text"]) == ("Approve", "Not yet")


def test_the_dialog_of_a_provider_without_a_file_names_its_pipeline() -> None:
    uuid = "550e8400-e29b-41d4-a716-446655440000"
    circle = CircleCI(
        org_id=uuid, project_id=uuid, pipeline_definition_id=uuid, vcs_origin="github.com/acme/ui", context_ids=(uuid,)
    )
    message = render_change_set(a_view(a_step(CREATE.model_copy(update={"publisher": circle}))))
    assert actions_of(message)[Action.APPROVE]["confirm"]["text"]["text"] == snapshot("""\
May: publish directly, stage
Package: @acme/ui
Repository: github.com/acme/ui
Pipeline: 550e8400-e29b-41d4-a716-446655440000
Contexts: 550e8400-e29b-41d4-a716-446655440000\
""")
    assert read(message).splitlines()[:2] == snapshot(
        [
            "@U0RITA asks: let github.com/acme/ui → pipeline 550e8400… publish @acme/ui",
            "May: publish directly, stage · Contexts: 550e8400-e29b-41d4-a716-446655440000",
        ]
    )


def test_what_was_inferred_or_not_stated_or_warned_of_stands_in_the_request() -> None:
    step = a_step(
        repository_inferred=True,
        warnings=("The package names acme/web as its repository.",),
        evidence=Evidence(kind=EvidenceKind.DOWNGRADED, version="1.5.0", by="otto-npm"),
        configuration_read_at=APPROVED,
    )
    assert read(render_change_set(a_view(step, permissions_stated=False, reason=""))) == snapshot("""\
@U0RITA asks: let acme/ui → release.yml publish @acme/ui
May: publish directly, stage (assumed: none was named) · Environment: any
Repository: acme/ui, inferred from the package's own data
Now: an older version came through a trusted publisher, the newest (1.5.0) did not: otto-npm published it (public data) · npm's own list read 23 Nov 2026
⚠️ The package names acme/web as its repository.
Needs 1 of @U0OTTO, @U0OLGA · not linked: ana-npm
(until Thu 14:05 UTC · C-42)
[Approve] [Reject…] [Details] [I maintain this: link my npm account] [Cancel]\
""")


def test_a_difference_sends_it_back_and_says_what_differs() -> None:
    step = a_step(
        difference="olga-npm is no maintainer any more.",
        decisions=(APPROVAL.model_copy(update={"void": True}),),
        reviewers=(OTTO,),
    )
    assert read(render_change_set(a_view(step))) == snapshot("""\
@U0RITA asks: let acme/ui → release.yml publish @acme/ui
May: publish directly, stage · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
🔁 Back in review, earlier approvals no longer count: olga-npm is no maintainer any more.
Why: drop tokens
Needs 1 of @U0OTTO · not linked: ana-npm
(until Thu 14:05 UTC · C-42)
[Approve] [Reject…] [Details] [I maintain this: link my npm account] [Cancel]\
""")


def test_one_of_two_approvals_is_named_and_can_be_withdrawn() -> None:
    message = render_change_set(a_view(a_step(decisions=(APPROVAL,), approvals_missing=1)))
    assert read(message) == snapshot("""\
@U0RITA asks: let acme/ui → release.yml publish @acme/ui
May: publish directly, stage · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Why: drop tokens
Approved by @U0OTTO Mon 14:03 UTC · Needs 1 more of @U0OLGA · not linked: ana-npm
(until Thu 14:05 UTC · C-42)
[Approve] [Reject…] [Withdraw my approval] [Details] [I maintain this: link my npm account] [Cancel]\
""")


def test_without_a_linked_maintainer_nobody_can_approve_and_linking_is_offered() -> None:
    step = a_step(reviewers=(), maintainers=(Maintainer(npm_user="otto-npm"), Maintainer(npm_user="olga-npm")))
    message = render_change_set(a_view(step))
    assert read(message) == snapshot("""\
@U0RITA asks: let acme/ui → release.yml publish @acme/ui
May: publish directly, stage · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Why: drop tokens
Nobody can approve yet: first a maintainer must link an npm account · not linked: otto-npm, olga-npm
(until Thu 14:05 UTC · C-42)
[Reject…] [Details] [I maintain this: link my npm account] [Cancel]\
""")
    assert Action.APPROVE not in actions_of(message)


def test_admins_who_review_are_told_why() -> None:
    step = a_step(reviewers_are_admins=True, maintainers=(Maintainer(npm_user="rita-npm", slack_user=RITA),))
    assert "\n".join(read(render_change_set(a_view(step))).splitlines()[-3:-2]) == snapshot(
        "Needs 1 of the admins @U0OTTO, @U0OLGA, since the only maintainer is who asks"
    )


def test_nobody_approves_what_has_not_been_read() -> None:
    message = render_change_set(a_view(a_step(Revoke(package=UI, from_repository="acme/old"), needs_look=True)))
    assert read(message) == snapshot("""\
@U0RITA asks: revoke the configuration for acme/old of @acme/ui
Nothing can publish through it afterwards. It cannot be undone, only set up anew.
Now: no trusted publishing seen (public data) · npm's own list not read
Why: drop tokens
First a reviewer must press Look, since what stands behind this has not been read: @U0OTTO, @U0OLGA · not linked: ana-npm
(until Thu 14:05 UTC · C-42)
[Look] [Reject…] [Details] [I maintain this: link my npm account] [Cancel]\
""")
    assert Action.APPROVE not in actions_of(message)
    assert Action.LOOK in actions_of(message)


def test_what_was_read_and_is_not_one_configuration_cannot_be_approved_either() -> None:
    step = a_step(
        Revoke(package=UI, from_repository="acme/old"),
        needs_look=True,
        difference="2 configurations match: see Details.",
    )
    told = read(render_change_set(a_view(step)))
    assert "⚠️ 2 configurations match: see Details." in told
    assert "Nobody can approve this as it is; a reviewer can press Look again: @U0OTTO, @U0OLGA" in told
    assert "earlier approvals" not in told


def test_a_revoke_does_not_show_the_channel_what_was_read() -> None:
    message = render_change_set(a_view(a_step(REVOKE)))
    assert read(message) == snapshot("""\
@U0RITA asks: revoke configuration eebc175d… of @acme/ui
Nothing can publish through it afterwards. It cannot be undone, only set up anew.
Now: no trusted publishing seen (public data) · npm's own list not read
Why: drop tokens
Needs 1 of @U0OTTO, @U0OLGA · not linked: ana-npm
(until Thu 14:05 UTC · C-42)
[Approve] [Reject…] [Details] [I maintain this: link my npm account] [Cancel]\
""")
    assert "acme/old" not in str(message.blocks)


def test_a_replace_says_its_order() -> None:
    assert read(render_change_set(a_view(a_step(REPLACE)))).splitlines()[:4] == snapshot(
        [
            "@U0RITA asks: replace configuration eebc175d… of @acme/ui with acme/ui → release.yml",
            "May: publish directly, stage · Environment: any",
            "Order: the new one is made first, then the old one is revoked.",
            "Now: no trusted publishing seen (public data) · npm's own list not read",
        ]
    )
    assert read(render_change_set(a_view(a_step(OVERLAPPING)))).splitlines()[2] == snapshot(
        "Order: the two overlap, so the old one is revoked first; until the new one is made, neither can publish."
    )


def test_several_steps_are_summed_up_and_each_is_told() -> None:
    core = CREATE.model_copy(update={"package": PackageName("@acme/core"), "permissions": (Permission.STAGE,)})
    message = render_change_set(
        a_view(
            a_step(),
            an_approved_step(State.CALLING, core),
            a_waiting_step(WaitFor.LOGIN),
            ENDED[State.APPLIED],
            ENDED[State.REFUSED],
            ENDED[State.UNRESOLVED],
            paused=True,
        )
    )
    assert read(message) == snapshot("""\
@U0RITA asks for 6 changes
1 done, 1 running, 1 waiting for a person, 1 in review, 1 ended without change, 1 to look at
Why: drop tokens
⏸ Paused: no new call starts.
let acme/ui → release.yml publish @acme/ui
May: publish directly, stage · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
Needs 1 of @U0OTTO, @U0OLGA · not linked: ana-npm
let acme/ui → release.yml stage @acme/core
May: stage only: a maintainer releases each version at npm · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
⏳ Asking npm now, as npm user otto-npm.
let acme/ui → release.yml publish @acme/ui
May: publish directly, stage · Environment: any
Now: no trusted publishing seen (public data) · npm's own list not read
✋ Waits for @U0OTTO to log in at npm, as npm user otto-npm: the link is in their DM.
✅ @acme/ui now trusts acme/ui → release.yml (publish, stage)
Publish through it before Wed 14:06 UTC, or npm drops it.
asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC · id eebc175d…
❌ @acme/ui: nothing changed. npm: "permissions is required"
Mend what npm names, then ask again.
asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC
⚠️ @acme/ui: I could not find out whether npm acted.
An owner must look: npm's list shows what stands. Ask again only for what is missing.
asked @U0RITA · approved and run by @U0OTTO Mon 14:06 UTC
(until Thu 14:05 UTC · C-42)
[Approve…] [Reject…] [Withdraw my approval] [Details] [I maintain this: link my npm account] [Cancel] [Resume]\
""")
    assert read_notification(message) == snapshot(
        "C-42: @U0RITA asks for 6 changes · 1 done, 1 running, 1 waiting for a person, 1 in review, 1 ended without change, 1 to look at"
    )


def test_several_steps_are_approved_in_a_form_and_one_after_a_dialog() -> None:
    several = actions_of(render_change_set(a_view(a_step(), a_step(REVOKE))))
    assert "confirm" not in several[Action.APPROVE]
    assert Action.PAUSE in several
    assert Action.PAUSE not in actions_of(render_change_set(a_view()))
    revoke = actions_of(render_change_set(a_view(a_step(REVOKE))))[Action.APPROVE]["confirm"]
    assert revoke["text"]["text"] == snapshot("""\
Revoke configuration eebc175d… of @acme/ui.
Details shows what stands behind it.\
""")


def test_what_is_held_can_be_let_run() -> None:
    held = render_change_set(a_view(an_approved_step(State.READY, held=True), paused=True))
    assert "Approved by @U0OTTO Mon 14:03 UTC. ⏸ Held until somebody presses Run now." in read(held)
    buttons = actions_of(held)
    assert (buttons[Action.RUN_ALL_HELD]["value"], buttons[Action.RESUME]["value"]) == ("offer-1:", "offer-1")


def test_beyond_twenty_steps_the_rest_is_counted() -> None:
    assert "(… and 5 more changes)" in read(render_change_set(a_view(*(a_step() for _ in range(25)))))


def test_lines_to_go_on_come_when_all_steps_have_ended() -> None:
    refused, conflict = ENDED[State.REFUSED], ENDED[State.CONFLICT]
    assert read(render_change_set(a_view(refused, conflict))).splitlines()[-2:] == snapshot(
        [
            "| /npmtrust github @acme/ui --repo acme/ui --file release.yml --allow-publish --allow-stage-publish",
            "| /npmtrust list @acme/ui",
        ]
    )
    assert "| " not in read(render_change_set(a_view(refused, a_step())))


def test_a_reviewer_who_is_not_in_the_channel_gets_the_same_by_dm() -> None:
    view = a_view()
    message = render_review_request(view)
    assert read(message).splitlines()[0] == snapshot(
        "👋 Your review is asked for. You are not in #C0GENERAL, so here is what stands there."
    )
    assert message.blocks[1:] == render_change_set(view).blocks
    assert read_notification(message) == snapshot(
        "Your review is asked for: C-42: @U0RITA asks: let acme/ui → release.yml publish @acme/ui"
    )


def test_a_message_says_nothing_of_its_content_in_a_log() -> None:
    assert "acme" not in repr(render_change_set(a_view()))
