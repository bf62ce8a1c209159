"""What `npmtrust check` and `/npmtrust doctor` say of each thing: plain text, one function a finding.

What was seen may hold text from outside; the way to mend it holds none.
"""

from collections.abc import Iterable
from datetime import timedelta

from bot.domain.findings import Finding, Verdict
from bot.messages._text import clean, count, cut

SETTINGS, POLICY, DATABASE, KEYS, DISK = "Settings", "Policy", "Database", "Keys", "Disk"
SLACK_TOKEN, SLACK_SCOPES, SLACK_CLOCK, SLACK_SOCKET = "Slack token", "Slack scopes", "Clock and Slack", "Socket Mode"
CHANNEL, ADMINS = "Channel", "Admins"
REGISTRY, REGISTRY_CLOCK, EVIDENCE, WEBSITE = "Registry", "Clock and registry", "Evidence", "npm's website"

_MIB = 1024 * 1024


def settings_read(registry: str, *, socket_mode: bool) -> Finding:
    """All of them have values that can be used."""
    mode = "Socket Mode" if socket_mode else "HTTP mode"
    return _ok(SETTINGS, f"{mode}, registry {registry}")


def settings_wrong(problem: str) -> Finding:
    """Something is missing or wrong, and nothing else can be looked at."""
    mend = "The README's table says what each variable holds; `npmtrust init` writes a .env that works"
    return _failed(SETTINGS, problem, mend)


def policy_read(file: str, rules: int) -> Finding:
    """It can be used."""
    return _ok(POLICY, f"{file} has {count(rules, 'rule')}")


def policy_without_rules(file: str) -> Finding:
    """It is right, and allows nothing."""
    mend = "Write a [[rule]] for your packages: docs/policy.md has examples"
    return _warning(POLICY, f"{file} has no rules, so every request is refused", mend)


def policy_broken(file: str, why: str, *, is_running: bool) -> Finding:
    """It cannot be used."""
    kept = "; the last good one is in force until the next start, which will fail" if is_running else ""
    mend = "`npmtrust policy check` tells every mistake with its line"
    return _failed(POLICY, f"{file} cannot be used: {why}{kept}", mend)


def database_to_come(file: str) -> Finding:
    """There is none yet, and it can be made."""
    return _ok(DATABASE, f"none yet; the first `npmtrust run` makes {file}")


def folder_closed(folder: str) -> Finding:
    """The SQLite file cannot be made or written."""
    mend = "Give this user write access to it, or set NPMTRUST_DATABASE_URL to another place"
    return _failed(DATABASE, f"{folder} cannot be written", mend)


def database_current(where: str) -> Finding:
    """It answers and has the right schema."""
    return _ok(DATABASE, f"{where} answers and has the schema of this version")


def database_older(where: str) -> Finding:
    """Migrations are missing."""
    mend = "`npmtrust migrate`, or simply `npmtrust run`, brings it up to date; make a backup first"
    return _warning(DATABASE, f"{where} has no schema yet, or that of an older version", mend)


def database_newer(where: str) -> Finding:
    """A newer version has migrated it."""
    mend = "Run the newer version, or go back to a backup from before it"
    return _failed(DATABASE, f"{where} has the schema of a newer version", mend)


def database_down(where: str, why: str, *, is_file: bool) -> Finding:
    """It does not answer, or with a no."""
    server = "Let it run, and have the database on it that NPMTRUST_DATABASE_URL names (`createdb` makes one)"
    file = "Look at NPMTRUST_DATABASE_URL; in the place of a broken file `npmtrust restore` puts a backup"
    return _failed(DATABASE, f"{where} cannot be used: {why}", file if is_file else server)


def database_unusable(why: str) -> Finding:
    """Its address names nothing that could be one; what rests on it cannot be looked at."""
    return _failed(DATABASE, f"it cannot be used: {why}", "Look at NPMTRUST_DATABASE_URL")


def keys_open() -> Finding:
    """The keys are those of the database."""
    return _ok(KEYS, "NPMTRUST_SECRET_KEYS opens what the database holds")


def keys_unused() -> Finding:
    """Nothing was sealed yet."""
    return _ok(KEYS, "NPMTRUST_SECRET_KEYS is a key; nothing is sealed with it yet")


def keys_wrong() -> Finding:
    """Sessions and deliveries in the database could not be read."""
    mend = "Put the key back with which it was made, behind the new one: NPMTRUST_SECRET_KEYS=new,old"
    return _failed(KEYS, "none of NPMTRUST_SECRET_KEYS opens what the database holds", mend)


def disk_free(folder: str, free: int) -> Finding:
    """Tell how many bytes are free where the database is."""
    what, mend = f"{free // _MIB:,} MiB free at {folder}", "Make room: a full disk stops every change"
    if free < 100 * _MIB:
        return _failed(DISK, what, mend)
    return _warning(DISK, what, mend) if free < 1024 * _MIB else _ok(DISK, what)


def token_accepted(team: str, bot_user: str) -> Finding:
    """Slack knows the bot."""
    return _ok(SLACK_TOKEN, f"accepted: the bot is {bot_user} of workspace {team}")


def token_of_person() -> Finding:
    """It works, but posts as a person."""
    mend = "Set SLACK_BOT_TOKEN to the Bot User OAuth Token of the app (xoxb-…)"
    return _failed(SLACK_TOKEN, "this token is a person's and not the bot's", mend)


def token_refused(why: str) -> Finding:
    """Slack does not know the bot."""
    mend = "Install the app in the workspace, and copy the Bot User OAuth Token anew from OAuth & Permissions"
    return _failed(SLACK_TOKEN, f"Slack refuses SLACK_BOT_TOKEN: {why}", mend)


def slack_down(why: str) -> Finding:
    """Nobody answers."""
    mend = "Look at the network and at the proxy of the environment (HTTPS_PROXY); SLACK_API_URL is rarely set"
    return _failed(SLACK_TOKEN, f"Slack cannot be reached: {why}", mend)


def scopes_complete(number: int) -> Finding:
    """Slack allows what the manifest asks for."""
    return _ok(SLACK_SCOPES, f"all {number} of the manifest are granted")


def scopes_missing(scopes: Iterable[str]) -> Finding:
    """The app is older than this version, or was made by hand."""
    mend = "Put what `npmtrust manifest` prints into App Manifest of the app, then install it anew"
    return _failed(SLACK_SCOPES, f"not granted: {', '.join(scopes)}", mend)


def scopes_beyond(scopes: Iterable[str]) -> Finding:
    """A stolen token could do more than it has to."""
    mend = "Take them from the app and install it anew: npmtrust does not use them"
    return _warning(SLACK_SCOPES, f"granted, and not in the manifest: {', '.join(scopes)}", mend)


def scopes_untold() -> Finding:
    """Slack did not name them."""
    return _warning(SLACK_SCOPES, "Slack's answer does not name what is granted", "Compare them with the manifest")


def socket_opens() -> Finding:
    """The app token is good for connections."""
    return _ok(SLACK_SOCKET, "SLACK_APP_TOKEN opens connections")


def socket_untried(why: str) -> Finding:
    """Nobody answers."""
    return _failed(SLACK_SOCKET, f"Slack cannot be reached: {why}", "Look at the network, then try again")


def socket_refused(why: str) -> Finding:
    """No command would arrive."""
    mend = (
        "Turn on Socket Mode in the app, and make an app-level token with connections:write under Basic Information,"
        " App-Level Tokens"
    )
    return _failed(SLACK_SOCKET, f"Slack opens no connection for SLACK_APP_TOKEN: {why}", mend)


def clock_compared(subject: str, ahead: timedelta) -> Finding:
    """Compare this machine's clock with that of an answer; positive when ours is ahead."""
    seconds = round(ahead.total_seconds())
    off = f"{count(abs(seconds), 'second')} {'ahead' if seconds > 0 else 'behind'}"
    mend = "Let the machine keep its clock by NTP; beyond five minutes commands over HTTP are refused"
    if abs(seconds) < 10:  # noqa: PLR2004 -- the way there and back, and the whole seconds of a header
        return _ok(subject, "the clocks agree")
    if abs(seconds) < 120:  # noqa: PLR2004 -- times in messages are off, and nothing else
        return _warning(subject, f"this machine's clock is {off}", mend)
    return _failed(subject, f"this machine's clock is {off}", mend)


def clock_untold(subject: str) -> Finding:
    """The answer has no date that can be read."""
    return _warning(subject, "the answer has no date to compare with", "Make sure that the clock is kept by NTP")


def channel_open(channel: str, what_for: str) -> Finding:
    """The bot can post in it."""
    return _ok(CHANNEL, f"{channel} ({what_for}) can be posted in")


def channel_closed(channel: str, what_for: str, why: str) -> Finding:
    """The bot cannot post in it."""
    mends = {
        "not_in_channel": "Type /invite @npmtrust there",
        "is_archived": "Unarchive it, or choose another one",
        "channel_not_found": "Type /invite @npmtrust there if it is private; else look at the id",
    }
    return _failed(CHANNEL, f"{channel} ({what_for}) cannot be posted in: {why}", mends.get(why, "Look at the id"))


def channel_of_command() -> Finding:
    """None is set, and no watch is."""
    return _ok(CHANNEL, "requests go to the channel of their command: invite the bot where people ask")


def admins_missing() -> Finding:
    """None is set."""
    mend = "Set NPMTRUST_ADMINS to the Slack ids of two or more people"
    what = "none: nobody can confirm account links or review what a package's only maintainer asks for"
    return _warning(ADMINS, what, mend)


def admins_known(number: int) -> Finding:
    """All of them can act."""
    if number == 1:
        mend = "Name a second one in NPMTRUST_ADMINS: nobody confirms a link, or reviews a request, of their own"
        return _warning(ADMINS, "one, who can act", mend)
    return _ok(ADMINS, f"{number}, and all can act")


def admin_useless(user: str, why: str) -> Finding:
    """Somebody who is set cannot act."""
    return _failed(ADMINS, f"{user} {why}", "Take this id out of NPMTRUST_ADMINS, or name the right person")


def people_unread(why: str) -> Finding:
    """Slack does not say who the admins are."""
    return _failed(ADMINS, f"Slack does not tell who they are: {why}", "Give the app the scopes of the manifest")


def registry_answers(url: str) -> Finding:
    """It is there."""
    return _ok(REGISTRY, f"{url} answers")


def registry_down(url: str, why: str) -> Finding:
    """It is not."""
    mend = "Look at the network, at the proxy of the environment, and at NPMTRUST_REGISTRY_URL"
    return _failed(REGISTRY, f"{url}: {why}", mend)


def evidence_shown(package: str) -> Finding:
    """The registry shows who published."""
    return _ok(EVIDENCE, f"the registry shows how versions were published (looked at {package})")


def evidence_hidden(package: str) -> Finding:
    """A mirror drops the fields."""
    mend = "Set NPMTRUST_REGISTRY_URL to npm's own registry: a mirror drops what coverage and digests rest on"
    return _warning(EVIDENCE, f"the registry does not show how versions were published (looked at {package})", mend)


def evidence_unread(why: str = "") -> Finding:
    """No package could be read."""
    what = f"no package could be read{f': {why}' if why else ''}"
    return _warning(EVIDENCE, what, "Look again once `/npmtrust coverage` has read a package of yours")


def website_right(host: str) -> Finding:
    """Npm's links lead where we let people go."""
    return _ok(WEBSITE, f"the registry's login link leads to a host of NPMTRUST_AUTH_HOSTS ({host} is the first)")


def website_wrong(why: str) -> Finding:
    """Nobody could log in or confirm."""
    mend = "Set NPMTRUST_AUTH_HOSTS to the host of npm's website, to which this registry sends people"
    return _failed(WEBSITE, why, mend)


def took_too_long(subject: str, seconds: float) -> Finding:
    """A look did not come to its end."""
    return _failed(subject, f"no answer within {seconds:g} seconds", "Look at the network, then try again")


def _ok(subject: str, what: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.OK, what=_line(what))


def _warning(subject: str, what: str, mend: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.WARNING, what=_line(what), mend=mend)


def _failed(subject: str, what: str, mend: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.FAILED, what=_line(what), mend=mend)


def _line(text: str) -> str:
    """Some of it comes from outside, and is printed to a terminal."""
    return cut(clean(text), 500)
