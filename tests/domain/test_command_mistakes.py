"""Text that is no command, in every way to be wrong: what is told, and the line as it could be right."""

import pytest

from bot.domain.command_arguments import MOST_MISTAKES
from bot.domain.command_parser import MOST_LETTERS, parse_command
from bot.domain.command_secrets import MARKER
from bot.domain.commands import FormDraft, Misunderstood, SetUp, ShowDigest
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
    ("text", "what", "suggestion", "corrected"),
    [
        # commands
        ("gihtub a --file a.yml", "There is no such command.", "github", "github a --file a.yml"),
        ("remove a --id 1", "There is no such command.", "revoke", "revoke a --id 1"),
        ("frobnicate a", "There is no such command.", "", "help"),
        ("help gitlb", "There is no help on this.", "gitlab", "help gitlab"),
        ("help me with it", "There is no help on this.", "", "help"),
        ("login otto", "This command takes nothing more.", "", "login"),
        ("bulk @acme/*", "This command takes nothing more.", "", "bulk"),
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
        # of one package
        ("check a b", "This command is about one package.", "a", "check a"),
        ("check", "Package name must be specified.", "", "check PACKAGE"),
        ("check @acme/*", "No pattern can stand here", "", "check PACKAGE"),
        ("policy a@1 a@2", "Trust is given for a package", "a", "policy a"),
        ("policy PACKAGE a", "PACKAGE stands for a name", "", "policy a"),
        ("audit --since monday", "This is no moment.", "", "audit --since DAY"),
        ("audit a b --csv", "This command is about one package.", "a", "audit a --csv"),
        ("audit <@U012ABC> <@U013ABC>", "This holds a mention of Slack's.", "", "audit PACKAGE"),
        ("freeze now --reason leak", "This command takes one reason and nothing more.", "", 'freeze --reason "leak"'),
        (f"freeze {'x' * 501}", "The reason is too long.", "x" * 500, f'freeze --reason "{"x" * 500}"'),
        (f"freeze --hold {'x' * 501}", "There is no such flag here.", "", f'freeze --reason "{"x" * 500}"'),
        ("pause", "This command needs the number of one request.", "", "pause C-NUMBER"),
        # patterns of packages
        ("github @acme --file a.yml", "npm has no packages with such", "", "github PACKAGE --file a.yml"),
        ("github !@acme/old-* --file a.yml", "This says only", "", "github PATTERN !@acme/old-* --file a.yml"),
        ("github PATTERN --file a.yml", "PATTERN stands for a pattern", "", "github PATTERN --file a.yml"),
        ("revoke PACKAGE @acme/* --id 1", "PACKAGE stands for a package", "", "revoke @acme/* PATTERN --id 1"),
        ("list @acme ui/*", "This is a scope", "@acme/*", "list @acme/* @ui/*"),
        # templates
        (
            "github @acme/* --file {unscope}.yml",
            "There is no template {unscope}.",
            "{unscoped}.yml",
            "github @acme/* --file {unscoped}.yml",
        ),
        ("github a --file a.yml --env {team}", "There is no template", "", "github a --file a.yml --environment NAME"),
        (
            "github a --file ci/{name}.yml",
            "GitHub Actions workflow must be just a file not a path.",
            "",
            "github a --file FILE.yml",
        ),
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
        ("revoke a --id .", "Dots alone are no id of a configuration.", "", "revoke a --id ID"),
        ("npm trust revoke a --id ..", "Dots alone are no id of a configuration.", "", "revoke a --id ID"),
        ("replace a --id=... with github --file a.yml", "Dots alone", "", "replace a --id ID with github --file a.yml"),
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
        "gitlab x@1.2.3 <!here> --repo acme --fil .gitlab/ci.yml --env prod --allow-publish --reason drop tokens"
    )
    assert [(mistake.got, mistake.suggestion, mistake.field) for mistake in answer.mistakes] == [
        ("--fil", "--file", ""),
        ("x@1.2.3", "x", "package"),
        ("<!here>", "", "package"),
        ("acme", "", "project"),
        (".gitlab/ci.yml", "ci.yml", "file"),
    ]
    assert answer.corrected == (
        "gitlab x PACKAGE --project GROUP/PROJECT --file ci.yml --environment prod --allow-publish"
        ' --reason "drop tokens"'
    )
    assert answer.draft == FormDraft(
        provider=Provider.GITLAB,
        package="x@1.2.3 <!here>",
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


def test_a_request_may_have_20_patterns_beside_any_number_of_names() -> None:
    names = " ".join(f"n{number}" for number in range(100))
    globs = [f"p{number:02}*" for number in range(MOST_PATTERNS + 1)]
    assert len(set_up(f"github {names} {' '.join(globs[1:])} --file a.yml").packages) == 100
    answer = misunderstood(f"github {names} {' '.join(globs)} --file a.yml")
    assert answer.mistakes[0].got == "21 patterns"
    mended = set_up(answer.corrected)
    assert mended.selection is not None
    assert (len(mended.packages), len(mended.selection.patterns)) == (100, 120)


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
    assert len(misunderstood("list " + " ".join(f"@acme/{number}@1" for number in range(50))).mistakes) == MOST_MISTAKES
