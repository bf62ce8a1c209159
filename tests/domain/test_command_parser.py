"""Text to command, and every way to be wrong."""

import pytest

from bot.domain.command_arguments import MOST_MISTAKES
from bot.domain.command_help import NOT_BUILT
from bot.domain.command_line import YES_REMARK
from bot.domain.command_parser import HELP, MOST_LETTERS, parse_command
from bot.domain.command_secrets import MARKER
from bot.domain.commands import (
    Cancel,
    Coverage,
    Doctor,
    FormDraft,
    Help,
    ListTrust,
    ListWatches,
    Misunderstood,
    OpenForm,
    ReplaceTrust,
    RevokeTrust,
    SetUp,
    ShowDigest,
    Status,
    Unwatch,
    Watch,
)
from bot.domain.patterns import MOST_PATTERNS, selection_of
from bot.domain.publishers import Permission, Provider

UUID = "eebc175d-4720-4fc8-a31a-6491ca36fb47"


def misunderstood(text: str) -> Misunderstood:
    answer = parse_command(text)
    assert isinstance(answer, Misunderstood)
    return answer


def set_up(text: str) -> SetUp:
    answer = parse_command(text)
    assert isinstance(answer, SetUp)
    return answer


@pytest.mark.parametrize(
    "text",
    [
        "github @acme/ui --repo acme/ui --file release.yml",
        "npm trust github @acme/ui --repo acme/ui --file release.yml",
        "npx npm trust github @acme/ui --repo acme/ui --file release.yml",
        "$ npx -y npm@latest trust github @acme/ui --repo acme/ui --file release.yml",
        "/npmtrust github @acme/ui --repo acme/ui --file release.yml",
        "/npmtrust\nnpm trust github @acme/ui --repo acme/ui --file release.yml",
        "`/npmtrust /npmtrust github @acme/ui --repo acme/ui --file release.yml`",
        "```\nnpm trust github \\\n  @acme/ui \\\n  --repo acme/ui --file release.yml\n```",
        "GitHub @acme/ui --repo=acme/ui --file=release.yml",
        "github --file release.yml --repository acme/ui @acme/ui, @acme/ui",
        "github @acme/ui \u2014file release.yml \u2014repo <https://github.com/acme/ui|github.com/acme/ui>",
        "github @acme/ui --file \u201crelease.yml\u201d --repo\u00a0acme/ui",
        "github `@acme/ui` --file `release.yml` --repo `acme/ui`",
        "github <@U012|acme>/ui --file release.yml --repo https://github.com/acme/ui.git",
        "github @acme/ui --file release.yml --repo git@github.com:acme/ui.git --repo github:acme/ui",
        "github @acme/ui --file release.yml --repo acme/ui --json=false --no-dry-run --no-yes",
    ],
)
def test_a_line_is_understood_however_it_was_pasted(text: str) -> None:
    assert set_up(text) == SetUp(
        provider=Provider.GITHUB,
        packages=("@acme/ui",),
        fields={"repo": ("acme/ui",), "file": ("release.yml",)},
        permissions=(Permission.PUBLISH,),
        permissions_stated=False,
    )


@pytest.mark.parametrize(
    ("flags", "permissions", "stated"),
    [
        ("", (Permission.PUBLISH,), False),
        ("--allow-publish", (Permission.PUBLISH,), True),
        ("--allow-staged-publish", (Permission.STAGE,), True),
        ("--allow-stage-publish --allow-publish=true", (Permission.PUBLISH, Permission.STAGE), True),
        ("--no-allow-publish", (Permission.PUBLISH,), False),
        # npm takes the word that follows; it would pass for a package otherwise.
        ("--allow-stage-publish true --allow-publish false", (Permission.STAGE,), True),
    ],
)
def test_without_a_permission_it_is_publish_and_not_stated(
    *, flags: str, permissions: tuple[Permission, ...], stated: bool
) -> None:
    command = set_up(f"github a --file a.yml {flags}")
    assert (command.permissions, command.permissions_stated) == (permissions, stated)


@pytest.mark.parametrize("flag", ["-y", "--yes", "\u2013y", "-yes"])
def test_yes_is_accepted_with_a_remark(flag: str) -> None:
    assert set_up(f"github a --file a.yml {flag}").remarks == (YES_REMARK,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("--reason drop old tokens", "drop old tokens"),
        ("--reason=drop old tokens --json", "drop old tokens"),
        ('--reason "drop  old\n tokens"', "drop old tokens"),
        ("--reason don't wait", "don't wait"),
        ("--reason '--dry was asked for'", "--dry was asked for"),
        ("--reason \u201cR&amp;D\u201d", "R&D"),
    ],
)
def test_a_reason_reaches_to_the_next_flag(text: str, reason: str) -> None:
    command = set_up(f"github a --file a.yml {text}")
    assert (command.packages, command.reason) == (("a",), reason)


@pytest.mark.parametrize("provider", Provider)
def test_a_provider_alone_opens_its_form(provider: Provider) -> None:
    assert parse_command(f"npm trust {provider}") == OpenForm(draft=FormDraft(provider=provider))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Help()),
        (" \n ", Help()),
        ("npm trust", Help()),
        ("--help", Help()),
        ("github --help", Help(topic="github")),
        ("revoke a \u2014help", Help(topic="revoke")),
        ("list -h", Help(topic="list")),
        ("help GitHub", Help(topic="github")),
        ("list", ListTrust()),
        ("list @acme/ui JSONStream --json", ListTrust(packages=("@acme/ui", "JSONStream"), as_json=True)),
        ("list --registry <http://r.example>", ListTrust(registry="http://r.example")),
        ("revoke a --id x/1", RevokeTrust(packages=("a",), configuration_id="x/1")),
        (
            "revoke a --from-repo acme/ui -y",
            RevokeTrust(packages=("a",), from_repository="acme/ui", remarks=(YES_REMARK,)),
        ),
        ("status", Status()),
        ("status C-42", Status(number=42)),
        ("status 42", Status(number=42)),
        ("cancel c-42", Cancel(number=42)),
        ("coverage", Coverage()),
        ("coverage @acme/* --refresh", Coverage(selection=selection_of("@acme/*"), refresh=True)),
        ("coverage JSONStream,!@acme/old-* *", Coverage(selection=selection_of("* JSONStream !@acme/old-*"))),
        ("coverage <@U012|acme>/*", Coverage(selection=selection_of("@acme/*"))),
        ("watch", ListWatches()),
        ("watch @acme/*", Watch(selection=selection_of("@acme/*"))),
        (
            "watch \u2014cron \u201c30 8 1 * *\u201d \u2014tz Europe/Paris \u2014channel <#C0123|> @acme/*",
            Watch(selection=selection_of("@acme/*"), cron="30 8 1 * *", timezone="Europe/Paris", channel="C0123"),
        ),
        ("unwatch @acme/*", Unwatch(selection=selection_of("@acme/*"))),
        ("digest", ShowDigest()),
        ("digest a b", ShowDigest(selection=selection_of("a b"))),
        ("doctor", Doctor()),
        ("watch --help", Help(topic="watch")),
    ],
)
def test_each_command_is_understood(text: str, command: object) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "replace @acme/ui --from-repo acme/old with github --repo acme/new --file a.yml",
        "replace --from-repository=<https://github.com/acme/old> @acme/ui WITH GitHub --file a.yml --repo acme/new",
        "replace with gh --file a.yml --repo acme/new @acme/ui --from-repo acme/old",
        "replace @acme/ui \u2014from-repo acme/old with\u00a0github \u2014repo acme/new \u2014file \u201ca.yml\u201d",
    ],
)
def test_a_replacement_is_understood_in_any_order(text: str) -> None:
    assert parse_command(text) == ReplaceTrust(
        packages=("@acme/ui",),
        from_repository="acme/old",
        provider=Provider.GITHUB,
        fields={"repo": ("acme/new",), "file": ("a.yml",)},
        permissions=(Permission.PUBLISH,),
        permissions_stated=False,
    )


@pytest.mark.parametrize(
    ("text", "packages", "provider", "reason"),
    [
        # the words between may also be names, and stand in a reason
        ("replace with github --id 1 with gitlab --file a.yml", ("with", "github"), Provider.GITLAB, ""),
        (
            "replace a --id 1 with github --file a.yml --reason as with gitlab",
            ("a",),
            Provider.GITHUB,
            "as with gitlab",
        ),
        ("replace a with gitlab --file a.yml --id 1 -y", ("a",), Provider.GITLAB, ""),
        ("replace a --reason 'with gitlab' --id 1 with github --file a.yml", ("a",), Provider.GITHUB, "with gitlab"),
    ],
)
def test_what_stands_after_with_is_told_from_names_and_reasons(
    text: str, packages: tuple[str, ...], provider: Provider, reason: str
) -> None:
    command = parse_command(text)
    assert isinstance(command, ReplaceTrust)
    assert (command.packages, command.provider, command.reason) == (packages, provider, reason)
    assert command.configuration_id == "1"


@pytest.mark.parametrize(
    ("text", "what", "suggestion", "corrected"),
    [
        # commands
        ("gihtub a --file a.yml", "There is no such command.", "github", "github a --file a.yml"),
        ("remove a --id 1", "There is no such command.", "revoke", "revoke a --id 1"),
        ("frobnicate a", "There is no such command.", "", "help"),
        ("help gitlb", "There is no help on this.", "gitlab", "help gitlab"),
        ("help me with it", "There is no help on this.", "", "help"),
        ("login otto", "This command takes nothing more.", "", "login"),
        ("bulk @acme/*", "The command bulk is not available in this version.", "help github", "help github"),
        # numbers
        ("cancel", "This command needs the number of one request.", "", "cancel C-NUMBER"),
        ("cancel C-NUMBER", "This command needs the number of one request.", "", "cancel C-NUMBER"),
        ("cancel 1 2", "This command needs the number of one request.", "", "cancel C-NUMBER"),
        ("status 42 please", "This command needs the number of one request.", "C-42", "status C-42"),
        ("status 0", "This command needs the number of one request.", "", "status C-NUMBER"),
        ("status 12345678901", "This command needs the number of one request.", "", "status C-NUMBER"),
        # packages
        ("github --file a.yml", "Package name must be specified.", "", "github PACKAGE --file a.yml"),
        ("github PACKAGE --file a.yml", "PACKAGE stands for a name", "", "github PACKAGE --file a.yml"),
        ("list @acme/ui@1.0.0", "Trust is given for a package", "@acme/ui", "list @acme/ui"),
        ("list <!channel>", "This holds a mention of Slack's.", "", "list PACKAGE"),
        # patterns
        ("coverage @acme", "This is a scope, not its packages.", "@acme/*", "coverage @acme/*"),
        ("coverage !@acme/old-*", "This says only what to leave out.", "", "coverage PATTERN !@acme/old-*"),
        ("digest PATTERN a", "PATTERN stands for a pattern", "", "digest PATTERN a"),
        ("coverage !PATTERN a", "PATTERN stands for a pattern", "", "coverage a !PATTERN"),
        ("coverage !@acme @b/*", "This is a scope", "!@acme/*", "coverage @b/* !@acme/*"),
        ("coverage @acme/* --cron x", "There is no such flag here.", "", "coverage @acme/*"),
        ("unwatch", "No packages were named.", "", "unwatch PATTERN"),
        ("watch --tz UTC", "No packages were named.", "", "watch PATTERN --tz UTC"),
        ("watch a --cron", "--cron needs a value.", "", "watch a --cron CRON"),
        ("watch a --cron @daily", "A schedule has five fields.", "", "watch a --cron CRON"),
        ("watch a --cron '0 9 * * 1 2026'", "A schedule has five fields.", "", "watch a --cron CRON"),
        ("watch a --cron 0 9 * * $", "A schedule has five fields.", "", "watch a --cron CRON"),
        ("watch a --tz 'Central European'", "This is no time zone.", "", "watch a --tz ZONE"),
        ("watch a --tz ../../etc/passwd", "This is no time zone.", "", "watch a --tz ZONE"),
        ("watch a --channel <@U012>", "This is no channel.", "", "watch a --channel CHANNEL"),
        ("watch a --channel CHANNEL", "CHANNEL stands for a value", "", "watch a --channel CHANNEL"),
        ("doctor now", "This command takes nothing more.", "", "doctor"),
        # flags
        ("github a --flie a.yml", "There is no such flag here.", "--file", "github a --file a.yml"),
        ("github a --file a.yml --verbose yes", "There is no such flag here.", "", "github a --file a.yml"),
        ("github --verbose a --file a.yml", "There is no such flag here.", "", "github a --file a.yml"),
        ("github a --file a.yml --x=b", "There is no such flag here.", "", "github a --file a.yml"),
        ("list a --no-file", "There is no such flag here.", "", "list a"),
        ("github a --file a.yml -v", "There is no such flag here.", "", "github a --file a.yml"),
        ("github a --file", "--file needs a value.", "", "github a --file FILE.yml"),
        ("github a --file --json", "--file needs a value.", "", "github a --file FILE.yml --json"),
        ("github a --file a.yml --env=", "--environment needs", "", "github a --file a.yml --environment NAME"),
        ("github a --file a.yml --repo ''", "--repo needs a value.", "", "github a --repo OWNER/REPO --file a.yml"),
        ("github a --file a.yml --reason", "--reason needs a value.", "", 'github a --file a.yml --reason "TEXT"'),
        ("github a --file a.yml --file b.yml", "--file was given more than once.", "", "github a --file b.yml"),
        ("github a --file a.yml --json=1", "--json takes no value.", "", "github a --file a.yml"),
        (
            "github a --file a.yml --json --no-json",
            "--json was given, and its opposite.",
            "",
            "github a --file a.yml --json",
        ),
        # fields
        ("github a", "GitHub Actions Workflow must be specified with the file option.", "", "github a --file FILE.yml"),
        (
            "github a --file .github/workflows/release.yml",
            "GitHub Actions workflow must be just a file not a path.",
            "release.yml",
            "github a --file release.yml",
        ),
        (
            "github a --file a.yml --repo acme",
            "GitHub repository must be specified in the format owner/repository.",
            "",
            "github a --repo OWNER/REPO --file a.yml",
        ),
        # revoke
        ("revoke a", "ID of the trusted relationship to revoke must be specified", "", "revoke a --id ID"),
        ("revoke a --id ID", "ID stands for a value", "", "revoke a --id ID"),
        ("revoke a --id 'x y'", "This is no id of a configuration.", "", "revoke a --id ID"),
        (f"revoke a {UUID}", "ID of the trusted relationship", f"--id {UUID}", f"revoke a --id {UUID}"),
        ("revoke a --id 1 --from-repo b/c", "ID of the trusted relationship", "", "revoke a --id 1"),
        ("revoke a --from-repo b", "This is no repository.", "", "revoke a --from-repo OWNER/REPO"),
        # replace
        (
            "replace a with github --file a.yml",
            "ID of the trusted relationship to replace must",
            "",
            "replace a --id ID with github --file a.yml",
        ),
        ("replace a --id 1", "What takes its place must be", "", "replace a --id 1 with github --file FILE.yml"),
        ("replace a --id 1 with", "What takes its place", "", "replace a --id 1 with github --file FILE.yml"),
        ("replace a --id 1 with --file a.yml", "What takes", "", "replace a --id 1 with github --file a.yml"),
        (
            "replace a --id 1 with gitlb --file a.yml",
            "What takes its place",
            "with gitlab",
            "replace a --id 1 with gitlab --file a.yml",
        ),
        (
            "replace a --id 1 gitlab --file a.yml",
            "What takes its place",
            "with gitlab",
            "replace a --id 1 with gitlab --file a.yml",
        ),
        (
            "replace a --id 1 with the new gitlab --file a.yml",
            "What takes its place",
            "with gitlab",
            "replace a the new --id 1 with gitlab --file a.yml",
        ),
        # the line itself
        ('list a "b', "A quote was not closed.", "", "list a b"),
        ("github a --file a.yml --reason 'drop it", "A quote was not", "", 'github a --file a.yml --reason "drop it"'),
        ("list a\nnpm trust list b", "These are several commands.", "", "list a"),
        # secrets
        ("github a --file a.yml --otp 123456", "This line held a one-time password", "", "github a --file a.yml"),
        ("github a --file a.yml --otp", "This line held a one-time password", "", "github a --file a.yml"),
        (f"github a --file a.yml --otp={MARKER}", "This line held a one-time password", "", "github a --file a.yml"),
        (f"list a npm_{'x1' * 18}", "This line held a one-time password", "", "list a"),
        ("--otp 123456", "This line held a one-time password", "", "help"),
    ],
)
def test_a_mistake_tells_what_is_wrong_and_the_line_as_it_could_be_right(
    text: str, what: str, suggestion: str, corrected: str
) -> None:
    answer = misunderstood(text)
    assert answer.mistakes[0].what.startswith(what)
    assert answer.mistakes[0].suggestion == suggestion
    assert answer.corrected == corrected


def test_all_mistakes_are_told_at_once_and_the_form_is_filled_with_what_is_known() -> None:
    answer = misunderstood(
        "gitlab x@1.2.3 @acme/* --repo acme --fil .gitlab/ci.yml --env prod --allow-publish --reason drop tokens"
    )
    assert [(mistake.got, mistake.suggestion, mistake.field) for mistake in answer.mistakes] == [
        ("--fil", "--file", ""),
        ("x@1.2.3", "x", "package"),
        ("@acme/*", "", "package"),
        ("acme", "", "project"),
        (".gitlab/ci.yml", "ci.yml", "file"),
    ]
    assert answer.corrected == (
        "gitlab x PACKAGE --project GROUP/PROJECT --file ci.yml --environment prod --allow-publish"
        ' --reason "drop tokens"'
    )
    assert answer.draft == FormDraft(
        provider=Provider.GITLAB,
        package="x@1.2.3 @acme/*",
        fields={"project": "acme", "file": "ci.yml", "environment": "prod"},
        permissions=(Permission.PUBLISH,),
        reason="drop tokens",
    )


def test_a_command_that_is_right_but_for_a_secret_fills_the_form_too() -> None:
    answer = misunderstood("github a --file a.yml --otp 123456")
    assert answer.draft == FormDraft(provider=Provider.GITHUB, package="a", fields={"file": "a.yml"})
    assert "123456" not in answer.model_dump_json()


def test_a_reason_may_have_500_letters() -> None:
    assert len(set_up(f"github a --file a.yml --reason {'x' * 500}").reason) == 500
    answer = misunderstood(f"github a --file a.yml --reason {'x' * 501}")
    assert answer.mistakes[0].what == "The reason is too long."
    assert set_up(answer.corrected).reason == "x" * 500


def test_a_request_may_have_20_packages() -> None:
    names = [f"p{number}" for number in range(21)]
    assert len(set_up(f"github {' '.join(names[:20])} --file a.yml").packages) == 20
    answer = misunderstood(f"github {' '.join(names)} --file a.yml")
    assert (answer.mistakes[0].expected, answer.mistakes[0].got) == ("at most 20 packages", "21 packages")
    assert set_up(answer.corrected).packages == tuple(names[:20])


def test_a_selection_may_have_20_patterns() -> None:
    names = [f"p{number:02}*" for number in range(MOST_PATTERNS + 1)]
    assert parse_command(f"digest {' '.join(names[:-1])}") == ShowDigest(selection=selection_of(" ".join(names[:-1])))
    answer = misunderstood(f"digest {' '.join(names)}")
    assert (answer.mistakes[0].expected, answer.mistakes[0].got) == ("at most 20 patterns", "21 patterns")
    assert parse_command(answer.corrected) == ShowDigest(selection=selection_of(" ".join(names[:-1])))


def test_a_line_may_have_3000_letters() -> None:
    line = "github a --file a.yml --env "
    assert set_up(line + "x" * 255 + " " * (MOST_LETTERS - len(line) - 255)).fields["environment"] == ("x" * 255,)
    answer = misunderstood("x" * (MOST_LETTERS + 1))
    assert answer.mistakes[0].got == "3001 characters"


def test_no_more_than_ten_mistakes_are_told() -> None:
    assert len(misunderstood("github " + "--frob " * 50 + "--otp").mistakes) == MOST_MISTAKES
    assert len(misunderstood("list " + " ".join(f"@acme/{number}*" for number in range(50))).mistakes) == MOST_MISTAKES


@pytest.mark.parametrize("name", NOT_BUILT)
def test_a_command_that_is_not_there_yet_says_what_to_use_instead(name: str) -> None:
    answer = misunderstood(f"{name} @acme/ui --json")
    assert answer.mistakes[0].what == f"The command {name} is not available in this version."
    assert name not in HELP
    assert not isinstance(parse_command(answer.corrected), Misunderstood)


@pytest.mark.parametrize(("name", "example"), [(name, line) for name, text in HELP.items() for line in text.examples])
def test_every_example_of_the_help_is_understood(name: str, example: str) -> None:
    assert not isinstance(parse_command(example), Misunderstood)
    assert example.removeprefix("npm trust ").startswith(name)
    assert HELP[name].usage.startswith(name)
