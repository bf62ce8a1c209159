# ruff: noqa: E501 -- what people read is not wrapped
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from bot.domain.approval import Action as Wish
from bot.domain.approval import Denial
from bot.messages.denials import Denied, render_changed, render_denial, render_not_in_channel
from bot.messages.ids import Action
from tests.messages.examples import OLGA, OTTO, RITA
from tests.messages.reading import actions_of, read

APPROVAL = Denied(Wish.APPROVE, number=42, requester=RITA, reviewers=(OTTO, OLGA), unlinked=("ana-npm",))


def test_every_denial_says_why_and_who_can() -> None:
    by_policy = dict.fromkeys([Denial.FORBIDDEN], replace(APPROVAL, rule="policy.toml, line 12"))
    assert {each.value: read(render_denial(each, by_policy.get(each, APPROVAL))) for each in Denial} == snapshot(
        {
            "not_active": "A deactivated account can neither ask for trust nor decide on it. Nothing happened.",
            "guest": "Guests can neither ask for trust nor decide on it: ask a full member. Nothing happened.",
            "bot": "Bots can neither ask for trust nor decide on it: a person must. Nothing happened.",
            "other_workspace": "People from another Slack can neither ask for trust nor decide on it: ask one of this. Nothing happened.",
            "own_request": "You asked for C-42 yourself, so somebody else must decide. Who can: @U0OTTO, @U0OLGA.",
            "not_a_reviewer": """\
This is for the maintainers of the package at npm, and your npm account is not one of them. Who can: @U0OTTO, @U0OLGA.
Not linked yet: ana-npm. Ask them to press “I maintain this”.\
""",
            "not_linked": """\
First I must know which npm user you are: link your npm account, then press again. Who can: @U0OTTO, @U0OLGA.
[Link my npm account]\
""",
            "link_pending": "An admin must first confirm your npm account. I tell you by DM; then press again.",
            "not_yours": "Only @U0RITA, who asked, and the admins can cancel C-42. If you review it, you can reject it.",
            "not_an_admin": "Only admins can confirm or refuse an account link.",
            "own_link": "This is your own link, so another admin must confirm it.",
            "changed": """\
C-42 changed since this message was drawn, so your press did not count.
I brought the message up to date: look again, then press.\
""",
            "needs_look": "Nobody can approve C-42 yet: press Look, and I read what stands behind it.",
            "not_approved": "Your account is used only for what you approved, and you have not approved C-42.",
            "cannot_write": "Your npm account does not maintain this package, so C-42 cannot run with it.",
            "expired": "The time of C-42 is over. If it is still wanted, ask for it again.",
            "forbidden": "The policy (policy.toml, line 12) does not allow C-42 any more, so nobody can approve it.",
            "policy_changed": "The policy changed since the first approval of C-42, so it is reviewed anew.",
            "group_unknown": "Slack does not tell me now who is in the user group that decides on C-42, so your press did not count. Press again in a minute.",
        }
    )


def test_a_link_is_offered_to_who_is_not_linked() -> None:
    assert Action.LINK_ACCOUNT in actions_of(render_denial(Denial.NOT_LINKED, APPROVAL))


def test_what_is_not_yours_depends_on_what_you_wanted() -> None:
    assert read(render_denial(Denial.NOT_YOURS, Denied(Wish.WITHDRAW, number=42))) == snapshot(
        "No approval of yours counts for C-42, so there is nothing to withdraw."
    )
    assert read(render_denial(Denial.NOT_YOURS, Denied(Wish.CANCEL))) == snapshot(
        "Only who asked and the admins can cancel this. If you review it, you can reject it."
    )


@pytest.mark.parametrize("denial", [Denial.OWN_REQUEST, Denial.NOT_A_REVIEWER])
def test_without_a_reviewer_the_way_out_is_a_link(denial: Denial) -> None:
    assert "first a maintainer must link an npm account" in read(render_denial(denial, Denied(Wish.APPROVE, number=42)))


def test_a_channel_without_the_bot_says_how_to_invite_it() -> None:
    assert read(render_not_in_channel("C0RANDOM")) == snapshot("""\
I cannot post in #C0RANDOM, so nothing happened.
Type `/invite @npmtrust` there, then try again.\
""")


def test_a_change_asks_to_look_again() -> None:
    assert read(render_changed(42)) == read(render_denial(Denial.CHANGED, APPROVAL))


def test_a_policy_names_its_own_reviewers_and_who_of_them_has_left() -> None:
    denied = replace(APPROVAL, rule="policy.toml, line 12", gone=(RITA,), unlinked=())
    assert read(render_denial(Denial.NOT_A_REVIEWER, denied)) == snapshot(
        "This is for the reviewers whom the policy names (policy.toml, line 12), and you are not one of them. Who can: @U0OTTO, @U0OLGA. No active members any more: @U0RITA."
    )
