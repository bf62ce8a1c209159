"""What Slack says of the token, the clock, the channels and the admins."""

from pydantic import SecretStr

from bot.domain.approval import Denial, check_person
from bot.domain.findings import Finding
from bot.errors import SlackError, StorageError
from bot.manifest import SCOPES
from bot.messages import findings as say
from bot.notifications import SlackRefused, TokenFacts
from bot.services import Services
from bot.workflow.authorise import load_person

_REASONS = {
    Denial.NOT_ACTIVE: "is nobody who is active in this workspace",
    Denial.BOT: "is a bot",
    Denial.GUEST: "is a guest",
    Denial.OTHER_WORKSPACE: "belongs to another workspace",
}


async def check_token(services: Services) -> list[Finding]:
    """Look at the bot token, its scopes, and the clock."""
    try:
        facts = await services.notifier.inspect_token()
    except SlackRefused as refusal:
        return [say.token_refused(str(refusal))]
    except SlackError as err:
        return [say.slack_down(str(err))]
    services.database.workspace = services.database.workspace or facts.identity.team
    if not facts.identity.bot_id:
        return [say.token_of_person()]
    clock = say.clock_untold(say.SLACK_CLOCK)
    if facts.now:
        clock = say.clock_compared(say.SLACK_CLOCK, services.clock.now() - facts.now)
    accepted = say.token_accepted(facts.identity.team, facts.identity.bot_user)
    return [accepted, *_check_scopes(facts), clock]


def _check_scopes(facts: TokenFacts) -> list[Finding]:
    if not facts.scopes:
        return [say.scopes_untold()]
    missing = [scope for scope in SCOPES if scope not in facts.scopes]
    beyond = sorted(facts.scopes - SCOPES.keys())
    told = [say.scopes_missing(missing)] if missing else [say.scopes_complete(len(SCOPES))]
    return [*told, say.scopes_beyond(beyond)] if beyond else told


async def check_socket(services: Services, app_token: SecretStr) -> list[Finding]:
    """Look whether the app token opens connections; none is made."""
    try:
        await services.notifier.request_socket(app_token)
    except SlackRefused as refusal:
        return [say.socket_refused(str(refusal))]
    except SlackError as err:
        return [say.socket_untried(str(err))]
    return [say.socket_opens()]


async def check_people_and_places(services: Services) -> list[Finding]:
    """Look at the channels in which something is promised, and at the admins."""
    try:
        return [*await _check_channels(services), *await _check_admins(services)]
    except SlackRefused as refusal:
        return [say.people_unread(str(refusal))]
    except SlackError as err:
        return [say.slack_down(str(err))]


async def _check_channels(services: Services) -> list[Finding]:
    places = {services.options.channel: "NPMTRUST_CHANNEL"} if services.options.channel else {}
    for channel in await _watched_channels(services):
        places.setdefault(channel, "of a watch")
    findings = []
    for channel, what_for in places.items():
        access = await services.notifier.check_channel(channel)
        told = say.channel_open(channel, what_for)
        findings.append(told if access.postable else say.channel_closed(channel, what_for, access.why))
    return findings or [say.channel_of_command()]


async def _watched_channels(services: Services) -> list[str]:
    try:
        return await services.database.run(lambda store: [watch.channel for watch in store.watches.list_live()])
    except StorageError:
        return []  # there is no database yet, or it is said elsewhere what it lacks


async def _check_admins(services: Services) -> list[Finding]:
    admins = sorted(services.admins)
    denials = {admin: check_person(await load_person(services, admin)) for admin in admins}
    useless = [say.admin_useless(admin, _REASONS[denial]) for admin, denial in denials.items() if denial in _REASONS]
    if not admins:
        return [say.admins_missing()]
    return useless or [say.admins_known(len(admins))]
