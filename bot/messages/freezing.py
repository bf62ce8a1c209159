"""The freeze: while it stands, nothing goes out to npm through anybody's account, and everything that waits says so."""

from datetime import datetime

from bot.messages._blocks import answer, message, section
from bot.messages._text import bold, mention, safe, when
from bot.messages._words import COMMAND, package_words
from bot.messages.message import Message


def frozen_words(actor: str, reason: str) -> str:
    """Say who stopped everything and why, as markup: `frozen by @ana: a token leaked`."""
    return f"frozen by {mention(actor)}: {safe(reason, 300)}" if reason else f"frozen by {mention(actor)}"


def frozen_line(actor: str, reason: str) -> str:
    """Say in a message of what waits that nothing goes out."""
    return f"❄️ {frozen_words(actor, reason)}. Nothing goes out to npm before an admin unfreezes."


def render_frozen() -> Message:
    """An admin has stopped everything."""
    return answer(
        "❄️ Frozen: no call, no read and no link of npm's from now on. A call under way is finished and recorded.",
        f"What people ask for and decide is kept, and deadlines go on. `{COMMAND} unfreeze` lets it go on.",
    )


def render_frozen_already(actor: str, reason: str, at: datetime) -> Message:
    """It was stopped before."""
    return answer(f"It is {frozen_words(actor, reason)}, since {when(at)}. `{COMMAND} unfreeze` lets it go on.")


def render_unfrozen() -> Message:
    """An admin lets everything go on."""
    return answer(
        "▶️ Unfrozen: what waited goes on, at npm's pace. Who is not there is asked to press “I'm ready” first."
    )


def render_not_frozen() -> Message:
    """There is nothing to let go on."""
    return answer(f"Nothing is frozen. `{COMMAND} freeze [REASON]` stops every call, read and link at once.")


def render_waits_frozen(actor: str, reason: str) -> Message:
    """Somebody wants what would go out to npm."""
    return answer(
        f"❄️ npmtrust is {frozen_words(actor, reason)}. I ask npm for nothing now, so there is no link.",
        "When an admin has unfrozen it, press or type it again.",
    )


def render_package_stopped(package: str, actor: str, reason: str) -> Message:
    """Somebody names a package that only an account could look at."""
    name = safe(package_words(package), 300)
    return answer(
        f"❄️ {name} is not public, and npmtrust is {frozen_words(actor, reason)}: no account looks at anything now.",
        "When an admin has unfrozen it, type it again. Public packages can be looked at meanwhile.",
    )


def render_freeze_notice(
    *,
    actor: str,
    reason: str,
    at: datetime,
    ended_by: str = "",
    ended_at: datetime | None = None,
    is_admin: bool = False,
) -> Message:
    """Tell the channel and the admins that everything stands, and later that it goes on."""
    if ended_at is not None:
        title = "npmtrust goes on"
        why = f" ({safe(reason, 300)})" if reason else ""
        line = f"{mention(actor)} had frozen it {when(at)}{why}; {mention(ended_by)} unfroze it {when(ended_at)}."
        return message(f"▶️ {title}", section(f"▶️ {bold(title)}", line))
    title = "npmtrust is frozen"
    why = f": {safe(reason, 300)}" if reason else ", without a reason"
    return message(
        f"❄️ {title}",
        section(
            f"❄️ {bold(title)}",
            f"{mention(actor)} stopped every call to npm {when(at)}{why}.",
            "Nothing is lost: requests and approvals are kept, and wait.",
            f"`{COMMAND} unfreeze` lets it go on." if is_admin else "An admin can unfreeze it.",
        ),
    )
