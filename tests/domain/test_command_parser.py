"""Text to command."""

import pytest

from bot.domain.command_line import YES_REMARK
from bot.domain.command_parser import HELP, parse_command
from bot.domain.commands import (
    Bulk,
    Cancel,
    CheckPackage,
    Coverage,
    Doctor,
    FormDraft,
    Freeze,
    Help,
    ListTrust,
    ListWatches,
    Misunderstood,
    OpenForm,
    Pause,
    ReplaceTrust,
    Resume,
    Retry,
    RevokeTrust,
    SetUp,
    ShowAudit,
    ShowDigest,
    ShowPolicy,
    Status,
    Unfreeze,
    Unwatch,
    Watch,
)
from bot.domain.patterns import selection_of
from bot.domain.publishers import Permission, Provider


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
        ("list @acme/*", ListTrust(selection=selection_of("@acme/*"))),
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
        ("bulk", Bulk()),
        ("pause C-42", Pause(number=42)),
        ("resume #42", Resume(number=42)),
        ("retry 42", Retry(number=42)),
        ("freeze", Freeze()),
        ("freeze --reason a laptop was stolen", Freeze(reason="a laptop was stolen")),
        ("freeze a token leaked", Freeze(reason="a token leaked")),
        ("unfreeze", Unfreeze()),
        ("check @acme/ui", CheckPackage(package="@acme/ui")),
        ("policy left-pad", ShowPolicy(package="left-pad")),
        ("audit", ShowAudit()),
        ("audit @acme/ui --csv", ShowAudit(about="@acme/ui", as_csv=True)),
        ("audit c-042", ShowAudit(about="C-42")),
        ("audit 42", ShowAudit(about="C-42")),
        ("audit <@U012ABC|anna>", ShowAudit(about="<@U012ABC>")),
        ("watch --help", Help(topic="watch")),
    ],
)
def test_each_command_is_understood(text: str, command: object) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    ("text", "packages", "selection"),
    [
        ("@acme/*", (), "@acme/*"),
        ("@acme/*, left-pad", ("left-pad",), "@acme/* left-pad"),
        ("!@acme/old-* @acme/ui @acme/old-ui", ("@acme/ui",), "@acme/old-ui @acme/ui !@acme/old-*"),
        ("*", (), "*"),
        (" ".join(f"p{number:03}" for number in range(300)), tuple(f"p{number:03}" for number in range(300)), ""),
    ],
)
@pytest.mark.parametrize(
    "line",
    [
        "github {} --file a.yml --hold",
        "revoke {} --from-repo acme/old",
        "replace {} --id 1 with gitlab --file a.yml",
        "list {}",
    ],
)
def test_packages_are_names_and_patterns(line: str, text: str, packages: tuple[str, ...], selection: str) -> None:
    command = parse_command(line.format(text))
    assert isinstance(command, SetUp | RevokeTrust | ReplaceTrust | ListTrust)
    assert command.packages == packages
    assert command.selection == (selection_of(selection) if selection else None)


def test_hold_is_a_flag_of_what_is_set_up() -> None:
    assert set_up("github a --file a.yml --hold").hold
    assert not set_up("github a --file a.yml --hold=false").hold


@pytest.mark.parametrize(
    ("about", "number", "person", "package"),
    [("C-42", 42, "", ""), ("<@U012ABC>", None, "U012ABC", ""), ("@acme/ui", None, "", "@acme/ui"), ("", None, "", "")],
)
def test_the_record_is_asked_of_one_thing(about: str, number: int | None, person: str, package: str) -> None:
    asked = ShowAudit(about=about)
    assert (asked.number, asked.person, asked.package) == (number, person, package)


def test_a_line_may_hold_templates() -> None:
    command = set_up("github @acme/* --file {unscoped}.yml --repo https://github.com/acme/{unscoped} --env {name}")
    assert command.fields == {
        "repo": ("acme/{unscoped}",),
        "file": ("{unscoped}.yml",),
        "environment": ("{name}",),
    }


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


@pytest.mark.parametrize(("name", "example"), [(name, line) for name, text in HELP.items() for line in text.examples])
def test_every_example_of_the_help_is_understood(name: str, example: str) -> None:
    assert not isinstance(parse_command(example), Misunderstood)
    assert example.removeprefix("npm trust ").startswith(name)
    assert HELP[name].usage.startswith(name)
