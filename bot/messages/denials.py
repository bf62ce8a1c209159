"""Answers to a press that does not count: why, and who can or what would help. Seen only by the person who pressed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from bot.domain.approval import Action as Wish
from bot.domain.approval import Denial
from bot.messages._blocks import actions, answer, button, message, section
from bot.messages._text import mention, mention_channel, mentions, names
from bot.messages.ids import Action
from bot.messages.message import Message


@dataclass(frozen=True, slots=True)
class Denied:
    """What was wanted, and of what."""

    wish: Wish
    number: int = 0
    """Of the change set; 0 where there is none."""
    requester: str = ""
    reviewers: Iterable[str] = ()
    """Slack ids of who can."""
    unlinked: Iterable[str] = ()
    """npm users among the maintainers who are not linked."""
    rule: str = ""
    """Where the rule that decides stands, as markup: `policy.toml, line 12`; empty without a policy."""
    gone: Iterable[str] = ()
    """Slack ids of reviewers who are no active members any more."""


def render_denial(denial: Denial, denied: Denied) -> Message:
    """Say why somebody may not do what they wanted."""
    match denial:
        case Denial.NOT_ACTIVE | Denial.GUEST | Denial.BOT | Denial.OTHER_WORKSPACE:
            return answer(f"{_ACCOUNTS[denial]} Nothing happened.")
        case Denial.NOT_LINKED:
            return _with_link(
                f"First I must know which npm user you are: link your npm account, then press again. {_who(denied)}"
            )
        case Denial.NOT_A_REVIEWER:
            return _not_a_reviewer(denied)
        case Denial.CHANGED:
            return render_changed(denied.number)
        case (
            Denial.OWN_REQUEST
            | Denial.LINK_PENDING
            | Denial.NOT_YOURS
            | Denial.NOT_AN_ADMIN
            | Denial.OWN_LINK
            | Denial.NEEDS_LOOK
            | Denial.NOT_APPROVED
            | Denial.CANNOT_WRITE
            | Denial.EXPIRED
            | Denial.FORBIDDEN
            | Denial.POLICY_CHANGED
            | Denial.GROUP_UNKNOWN
        ):
            return answer(_rule(denial, denied))
        case _:
            assert_never(denial)


def render_changed(number: int) -> Message:
    """The content is not what the pressed message showed."""
    return answer(
        f"C-{number} changed since this message was drawn, so your press did not count.",
        "I brought the message up to date: look again, then press.",
    )


def render_not_in_channel(channel: str) -> Message:
    """The bot cannot post where the press came from."""
    return answer(
        f"I cannot post in {mention_channel(channel)}, so nothing happened.",
        "Type `/invite @npmtrust` there, then try again.",
    )


_ACCOUNTS = {
    Denial.NOT_ACTIVE: "A deactivated account can neither ask for trust nor decide on it.",
    Denial.GUEST: "Guests can neither ask for trust nor decide on it: ask a full member.",
    Denial.BOT: "Bots can neither ask for trust nor decide on it: a person must.",
    Denial.OTHER_WORKSPACE: "People from another Slack can neither ask for trust nor decide on it: ask one of this.",
}


def _rule(denial: Denial, denied: Denied) -> str:
    name = f"C-{denied.number}" if denied.number else "this"
    rules = {
        Denial.OWN_REQUEST: f"You asked for {name} yourself, so somebody else must decide. {_who(denied)}",
        Denial.LINK_PENDING: "An admin must first confirm your npm account. I tell you by DM; then press again.",
        Denial.NOT_YOURS: _not_yours(denied, name),
        Denial.NOT_AN_ADMIN: "Only admins can confirm or refuse an account link.",
        Denial.OWN_LINK: "This is your own link, so another admin must confirm it.",
        Denial.NEEDS_LOOK: f"Nobody can approve {name} yet: press Look, and I read what stands behind it.",
        Denial.NOT_APPROVED: f"Your account is used only for what you approved, and you have not approved {name}.",
        Denial.CANNOT_WRITE: f"Your npm account does not maintain this package, so {name} cannot run with it.",
        Denial.FORBIDDEN: f"The policy ({denied.rule}) does not allow {name} any more, so nobody can approve it.",
        Denial.POLICY_CHANGED: f"The policy changed since the first approval of {name}, so it is reviewed anew.",
        Denial.GROUP_UNKNOWN: (
            f"Slack does not tell me now who is in the user group that decides on {name}, so your press did not count."
            " Press again in a minute."
        ),
        Denial.EXPIRED: f"The time of {name} is over. If it is still wanted, ask for it again.",
    }
    return rules[denial].strip()


def _not_yours(denied: Denied, name: str) -> str:
    if denied.wish is Wish.DIAGNOSE:
        return "Only the admins whom NPMTRUST_ADMINS names can look at how npmtrust is set up."
    if denied.wish is Wish.WITHDRAW:
        return f"No approval of yours counts for {name}, so there is nothing to withdraw."
    if denied.wish is Wish.FREEZE:
        return "Only the admins can freeze npmtrust and let it go on."
    if denied.wish in {Wish.PAUSE, Wish.RESUME, Wish.RETRY}:
        asker = f"{mention(denied.requester)}, who asked, " if denied.requester else "who asked, "
        done = f"let {name} go on" if denied.wish is Wish.RESUME else f"{denied.wish} {name}"  # [Run now] too
        return f"Only {asker}its reviewers and the admins can {done}."
    asked = (
        f"{mention(denied.requester)}, who asked, and the admins" if denied.requester else "who asked and the admins"
    )
    return f"Only {asked} can cancel {name}. If you review it, you can reject it."


def _not_a_reviewer(denied: Denied) -> Message:
    unlinked = list(denied.unlinked)
    whom = "This is for the maintainers of the package at npm, and your npm account is not one of them."
    if denied.rule:
        whom = f"This is for the reviewers whom the policy names ({denied.rule}), and you are not one of them."
    text = f"{whom} {_who(denied)}"
    if not unlinked:
        return answer(text.strip())
    return answer(text.strip(), f"Not linked yet: {names(unlinked)}. Ask them to press “I maintain this”.")


def _who(denied: Denied) -> str:
    reviewers = mentions(denied.reviewers)
    gone = mentions(denied.gone)
    away = f" No active members any more: {gone}." if gone else ""
    if reviewers:
        return f"Who can: {reviewers}.{away}"
    return f"Nobody can yet: first a maintainer must link an npm account.{away}"


def _with_link(text: str) -> Message:
    return message(text, section(text), actions(button("Link my npm account", Action.LINK_ACCOUNT, style="primary")))
