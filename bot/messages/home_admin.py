"""What admins see in App Home beside their own: links to confirm, the freeze, and what could not be done or shown."""

from collections.abc import Iterator

from bot.domain.home import AdminPart, FailedDelivery, Frozen, UnshownMessage
from bot.messages._blocks import actions, button, confirmation, context, header, plain, section
from bot.messages._text import bold, mention, mention_channel, safe, when
from bot.messages.forms import text_input
from bot.messages.freezing import frozen_words
from bot.messages.ids import Action, Callback, Field
from bot.messages.links import link_request_blocks
from bot.messages.message import Block, View

_PEOPLE = ("U", "W")


def admin_blocks(admin: AdminPart, frozen: Frozen | None) -> Iterator[Block | None]:
    """Draw the part of an admin."""
    yield header("For admins")
    for link in admin.pending:
        yield from link_request_blocks(link)
    left_out = admin.pending_in_all - len(admin.pending)
    if left_out > 0:
        yield context(f"… and {left_out} more links to confirm: they are in my DM")
    yield from _freeze(frozen)
    if admin.failed:
        yield section(bold("Could not be done lately:"), *map(_failed_line, admin.failed))
    if admin.unshown:
        yield section(bold("Slack does not take these messages:"), *map(_unshown_line, admin.unshown))
    if not (admin.pending or admin.failed or admin.unshown):
        yield context("No account link is to be confirmed, and nothing failed.")


def freeze_form(channel: str) -> View:
    """Ask why everything is stopped."""
    return View(
        callback_id=Callback.FREEZE,
        title="Freeze npmtrust",
        submit="Freeze",
        blocks=(
            {
                "type": "section",
                "text": plain(
                    "No call, no read and no link of npm's any more, for anybody, until an admin unfreezes it."
                    " What people ask for and decide is kept.",
                    500,
                ),
            },
            text_input(Field.REASON, "Why", hint="Everybody reads it.", optional=True),
        ),
        private_metadata=channel,
    )


def _freeze(frozen: Frozen | None) -> Iterator[Block | None]:
    if frozen is None:
        yield actions(button("Freeze…", Action.FREEZE, style="danger"))
        return
    dialog = confirmation(
        "Let everything go on?", "What waited is called at npm's pace, through people's accounts.", yes="Unfreeze"
    )
    yield section(f"❄️ npmtrust is {frozen_words(frozen.actor, frozen.reason)}, since {when(frozen.at)}.")
    yield actions(button("Unfreeze", Action.UNFREEZE, style="primary", confirm=dialog))


def _failed_line(failed: FailedDelivery) -> str:
    return f"• {when(failed.at)}: a {safe(failed.kind, 30)} of {mention(failed.person)}; the log has the error"


def _unshown_line(unshown: UnshownMessage) -> str:
    is_person = unshown.channel.startswith(_PEOPLE)
    where = mention(unshown.channel) if is_person else mention_channel(unshown.channel)
    return f"• a message about {safe(unshown.kind, 40)} for {where}: {safe(unshown.problem, 60)}"
