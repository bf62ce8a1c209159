"""What `help` tells of each command."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.domain.publishers import PROVIDERS, Provider


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """One command."""

    usage: str
    """Without `/npmtrust`; placeholders in capitals, what may be left out in brackets."""
    summary: str
    """One sentence."""
    examples: tuple[str, ...]
    """Lines that parse, without `/npmtrust`."""
    notes: tuple[tuple[str, str], ...] = ()
    """What usage and summary leave open: a part of the line, and what it means."""


_OWN = "may be left out: then it is the one that each package names itself"
_SET_UP_NOTES = (
    ("@acme/* !@acme/old-*", "patterns are shown to you first, to choose from, and so are more than 20 names"),
    ("{name} {unscoped}", "stand for the package in a flag: with its scope, and without"),
    ("--hold", "collects approvals for up to 30 days; nothing runs before somebody presses Run now"),
    ("--allow-publish --allow-stage-publish", "what it may do; without both: publish, if no policy says otherwise"),
    ("--dry-run", "shows what would be asked; nothing is stored and nobody is told"),
)


def _set_up_help(provider: Provider, *examples: str) -> CommandHelp:
    spec = PROVIDERS[provider]
    flags = [flag.usage if flag.required else f"[{flag.usage}]" for flag in spec.flags]
    flags = [flag + "..." if written.repeatable else flag for flag, written in zip(flags, spec.flags, strict=True)]
    switches = "[--allow-publish] [--allow-stage-publish] [--hold] [--reason TEXT] [--dry-run] [--json]"
    return CommandHelp(
        usage=f"{provider} PACKAGE... {' '.join(flags)} {switches}",
        summary=f"Ask that {spec.title} may publish packages; without anything else it opens a form.",
        examples=examples,
        notes=(*((f"--{spec.source_flag}", _OWN) for host in (spec.host,) if host), *_SET_UP_NOTES),
    )


_UUID = "550e8400-e29b-41d4-a716-446655440000"

HELP: Mapping[str, CommandHelp] = MappingProxyType(
    {
        "list": CommandHelp(
            usage="list [PACKAGE...] [--json]",
            summary="Show who may publish packages, through your own npm account; without a package: what you own. "
            "Of a pattern: one after the other, with a file of all.",
            examples=("list", "list @acme/ui @acme/core", "list @acme/* !@acme/old-*"),
        ),
        "coverage": CommandHelp(
            usage="coverage [PATTERN...] [--refresh]",
            summary="Count which packages publish through a trusted publisher, from public data: no login is needed.",
            examples=("coverage @acme/*", "coverage @acme/* !@acme/old-* --refresh", "coverage"),
        ),
        "github": _set_up_help(
            Provider.GITHUB,
            "github @acme/ui --repo acme/ui --file release.yml",
            'github @acme/ui --file release.yml --environment production --allow-publish --reason "drop tokens"',
            "npm trust github @acme/ui --file release.yml --repository acme/ui --allow-stage-publish",
            "github @acme/* !@acme/old-* --file release.yml --hold",
            "github @acme/* --file {unscoped}.yml --repo acme/{unscoped}",
            "github",
        ),
        "gitlab": _set_up_help(
            Provider.GITLAB, "gitlab @acme/ui --project acme/web/ui --file .gitlab-ci.yml --allow-publish", "gitlab"
        ),
        "circleci": _set_up_help(
            Provider.CIRCLECI,
            f"circleci @acme/ui --org-id {_UUID} --project-id {_UUID} --pipeline-definition-id {_UUID}"
            " --vcs-origin github.com/acme/ui",
            "circleci",
        ),
        "revoke": CommandHelp(
            usage="revoke PACKAGE... (--id ID | --from-repo OWNER/REPO) [--reason TEXT] [--dry-run] [--json]",
            summary="Ask that trust is taken back, of the configuration with this id or from this repository.",
            examples=(
                "revoke @acme/ui --id eebc175d-4720-4fc8-a31a-6491ca36fb47",
                'revoke @acme/* --from-repo acme/old --reason "the repository has moved"',
            ),
        ),
        "replace": CommandHelp(
            usage="replace PACKAGE... (--id ID | --from-repo OWNER/REPO) with github|gitlab|circleci FLAGS",
            summary="Ask that another publisher takes the place of one, as after a repository was renamed.",
            examples=(
                "replace @acme/ui @acme/core --from-repo acme/old with github --repo acme/new --file release.yml",
                "replace @acme/ui --id eebc175d-4720-4fc8-a31a-6491ca36fb47 with gitlab --file .gitlab-ci.yml",
            ),
        ),
        "watch": CommandHelp(
            usage="watch [PATTERN...] [--cron CRON] [--tz ZONE] [--channel CHANNEL]",
            summary="Get a digest of these packages, Mondays at 9:00 or by cron; without a pattern: what is watched.",
            examples=(
                "watch @acme/*",
                'watch @acme/* !@acme/old-* --cron "30 8 1 * *" --tz Europe/Paris --channel #releases',
                "watch",
            ),
        ),
        "unwatch": CommandHelp(
            usage="unwatch PATTERN...", summary="Get no more digests of these packages.", examples=("unwatch @acme/*",)
        ),
        "digest": CommandHelp(
            usage="digest [PATTERN...]",
            summary="Show now what the next digest would say.",
            examples=("digest @acme/*", "digest"),
        ),
        "bulk": CommandHelp(
            usage="bulk",
            summary="Open a form for many packages: a CSV or JSON file, pasted names or lines, or a scope.",
            examples=("bulk",),
            notes=(
                ("package,provider,repository,file,environment,permissions", "the columns of a CSV; package suffices"),
                ("@acme/ui @acme/core", "names or patterns, one a line or with spaces"),
                ("npm trust github @acme/ui --file release.yml", "lines, as a shell has run or shown them"),
                ("{name} {unscoped}", "stand for the package in a field: with its scope, and without"),
            ),
        ),
        "check": CommandHelp(
            usage="check PACKAGE",
            summary="Look whether the workflow of a package's repository can publish through a trusted publisher.",
            examples=("check @acme/ui",),
        ),
        "status": CommandHelp(
            usage="status [C-NUMBER]",
            summary="Show one request, or yours.",
            examples=("status", "status C-42", "status 42"),
        ),
        "pending": CommandHelp(usage="pending", summary="Show what waits, and for whom.", examples=("pending",)),
        "cancel": CommandHelp(usage="cancel C-NUMBER", summary="Stop a request of yours.", examples=("cancel C-42",)),
        "pause": CommandHelp(
            usage="pause C-NUMBER",
            summary="Let nothing more of a request begin; what runs is finished.",
            examples=("pause C-42",),
        ),
        "resume": CommandHelp(
            usage="resume C-NUMBER", summary="Let a paused request go on.", examples=("resume C-42",)
        ),
        "retry": CommandHelp(
            usage="retry C-NUMBER",
            summary="Ask for what has failed in a request once more, as a new request.",
            examples=("retry C-42",),
        ),
        "policy": CommandHelp(
            usage="policy PACKAGE",
            summary="Show which rule is in force for a package: who decides, and what may be asked.",
            examples=("policy @acme/ui",),
        ),
        "audit": CommandHelp(
            usage="audit [PACKAGE|C-NUMBER|PERSON] [--since DAY] [--until DAY] [--csv]",
            summary="Show what is on record of a package, a request or a person.",
            examples=("audit @acme/ui", "audit C-42 --csv", "audit --since 2026-11-23"),
        ),
        "freeze": CommandHelp(
            usage="freeze [REASON]",
            summary="For admins: let nothing go to npm any more.",
            examples=("freeze", "freeze a laptop was stolen"),
        ),
        "unfreeze": CommandHelp(
            usage="unfreeze", summary="For admins: let things go to npm again.", examples=("unfreeze",)
        ),
        "login": CommandHelp(
            usage="login",
            summary="Link your npm account, or renew its session, by npm's link in a DM. I never ask for a code.",
            examples=("login",),
        ),
        "logout": CommandHelp(
            usage="logout", summary="End your session, here and at npm, and close the link.", examples=("logout",)
        ),
        "whoami": CommandHelp(usage="whoami", summary="Show which npm account is linked to you.", examples=("whoami",)),
        "doctor": CommandHelp(
            usage="doctor", summary="For admins: check that all is in order here.", examples=("doctor",)
        ),
        "help": CommandHelp(
            usage="help [COMMAND]", summary="Show the commands, or how to write one.", examples=("help", "help github")
        ),
    }
)
"""By the name of the command, in the order in which people read them."""
