"""Account links: which Slack person is which npm user, and how each of them hears of it."""

from enum import StrEnum
from typing import assert_never

from bot.domain.overview import LinkState, LinkView
from bot.messages._blocks import actions, answer, button, confirmation, message, section
from bot.messages._text import bold, mention, safe, when
from bot.messages.ids import Action
from bot.messages.message import Block, Message


class LinkRefusal(StrEnum):
    """Why a login made no link."""

    TWO_FACTOR_OFF = "two_factor_off"
    NPM_USER_TAKEN = "npm_user_taken"
    """It belongs to another person of this Slack."""
    OTHER_NPM_USER = "other_npm_user"
    """The person is linked to another npm user."""
    NO_ADMINS = "no_admins"
    """It must be confirmed, and nobody may."""


def render_link_announcement(link: LinkView) -> Message:
    """Tell the channel of a new link."""
    line = f"🔗 {mention(link.slack_user)} is npm user {safe(link.npm_user, 60)} ({_proof(link)})."
    return answer(line, "From now on they can approve for the packages that this npm user maintains.")


def render_link_left(npm_user: str) -> Message:
    """Tell the person that their link is over since they maintain nothing any more."""
    return answer(
        f"Your link to npm user {bold(safe(npm_user, 60))} is closed: it maintains no package that I know any more.",
        "What you approved and has not run counts no more. If you maintain one again: `/npmtrust login`.",
    )


def render_link_outcome(link: LinkView) -> Message:
    """Tell the person what became of their login."""
    user = bold(safe(link.npm_user, 60))
    match link.state:
        case LinkState.LINKED:
            until = f" The session lasts until {when(link.session_until)}." if link.session_until else ""
            return answer(
                f"✅ You are linked to npm user {user} ({_proof(link)}).{until}",
                "You can approve for the packages that it maintains; `/npmtrust pending` shows what waits.",
            )
        case LinkState.PENDING:
            return answer(
                f"⏳ You logged in as npm user {user}. One thing is missing: an admin must confirm that this is you.",
                "npm's e-mail is not the one in Slack, so I asked the admins. I tell you here what they say.",
            )
        case LinkState.CLOSED if not link.confirmed_by:
            return answer(f"You logged in as npm user {user}; that login is over, and nothing was done with it.")
        case LinkState.CLOSED:
            return answer(
                f"❌ An admin did not confirm that you are npm user {user}.",
                "The session is wiped. If it is you, talk to an admin, then `/npmtrust login` again.",
            )
        case _:
            assert_never(link.state)


def render_link_refused(refusal: LinkRefusal, *, npm_user: str, linked_as: str = "") -> Message:
    """Tell the person why their login made no link, and what to do."""
    user = safe(npm_user, 60)
    match refusal:
        case LinkRefusal.TWO_FACTOR_OFF:
            why = f"npm user {user} has two-factor authentication off, and npm lets only accounts with it change trust."
            out = "Turn it on in npm's account settings, then `/npmtrust login` again."
        case LinkRefusal.NPM_USER_TAKEN:
            why = f"npm user {user} belongs to another person here, and one npm user belongs to one person."
            out = "If it is yours, talk to an admin: the other link must be closed first, with `/npmtrust logout`."
        case LinkRefusal.OTHER_NPM_USER:
            why = f"You logged in as npm user {user}, but you are linked to {safe(linked_as, 60) or 'another one'}."
            out = "Log in with that account, or close the link first with `/npmtrust logout`."
        case LinkRefusal.NO_ADMINS:
            why = f"npm's e-mail of {user} is not yours in Slack, so an admin must confirm it, and none is set."
            out = "Use the same verified e-mail in both, or have `NPMTRUST_ADMINS` set to Slack ids other than yours."
        case _:
            assert_never(refusal)
    return answer(f"❌ {bold('Not linked.')} {why}", f"{out} The session is wiped.")


def render_link_request(link: LinkView) -> Message:
    """Ask an admin whether two identities are one person."""
    return message(_link_question(link), *link_request_blocks(link))


def _link_question(link: LinkView) -> str:
    return f"Is {mention(link.slack_user)} npm user {safe(link.npm_user, 60)}?"


def link_request_blocks(link: LinkView) -> list[Block | None]:
    """Draw the question, wherever it is put."""
    yes = confirmation(
        "Are they the same?",
        f"{link.slack_name or link.slack_user} is npm user {link.npm_user}. Confirm only what you know another way.",
        yes="They are",
    )
    buttons = actions(
        button("Confirm", Action.CONFIRM_LINK, link.id, style="primary", confirm=yes),
        button("Refuse", Action.REFUSE_LINK, link.id, style="danger"),
    )
    return [section(bold(_link_question(link)), *_identity_lines(link)), buttons]


def render_link_decided(link: LinkView, *, by: str) -> Message:
    """Put the decision in the place of the question, for every admin who was asked."""
    verdict = "is" if link.state is LinkState.LINKED else "is not"
    sign = "✅" if link.state is LinkState.LINKED else "❌"
    return answer(
        f"{sign} {mention(by)} decided: {mention(link.slack_user)} {verdict} npm user {safe(link.npm_user, 60)}.",
        *_identity_lines(link)[:2],
    )


def render_link_request_over(link: LinkView) -> Message:
    """The question has answered itself: the person logged in anew, or closed the link."""
    return answer(f"Nothing to decide any more: {mention(link.slack_user)} as npm user {safe(link.npm_user, 60)}.")


def render_security_notice(slack_user: str, npm_user: str, *, what: str, ended_session: bool) -> Message:
    """Tell the admins that somebody was sent a link of npm's and said that it was not them."""
    person = mention(slack_user)
    return answer(
        f"🛑 {bold(f'{person} says: a request to npm was not mine.')}",
        f"It was for: {safe(what, 700)} · as npm user {safe(npm_user, 60) or 'not known yet'}",
        f"Done: what the link was for is stopped. {_session_words(ended=ended_session)}",
        f"Next: an admin talks to {person} in person. If somebody else uses their Slack, end its sessions there.",
    )


def render_security_advice(*, what: str, ended_session: bool) -> Message:
    """Tell the person who pressed "Not me" what was done and what to do."""
    return answer(
        f"🛑 {bold('Stopped. Thank you for saying so.')}",
        f"It was for: {safe(what, 700)}. That is stopped. {_session_words(ended=ended_session)} I told the admins.",
        "If you did not press or type anything for it, somebody may use your Slack: change its password, then npm's.",
        "When all is well again, `/npmtrust login` gives me a new session.",
    )


def _session_words(*, ended: bool) -> str:
    return "The npm session is wiped here and I told npm to end it." if ended else "There was no npm session to end."


def _proof(link: LinkView) -> str:
    return f"confirmed by {mention(link.confirmed_by)}" if link.confirmed_by else safe(link.proof, 200) or "proven"


def _identity_lines(link: LinkView) -> list[str]:
    slack_name, slack_email = safe(link.slack_name, 100) or "no name", safe(link.slack_email, 200) or "no e-mail"
    return [
        f"Slack: {mention(link.slack_user)} · {slack_name} · {slack_email}",
        f"npm: {safe(link.npm_user, 60)} · {safe(link.npm_email, 200) or 'no e-mail'}",
        "The login came by a link that I sent to this person. Links can be forwarded: confirm only what you know.",
    ]
