"""Commands written as lines, and read again."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.command_arguments import IDENTIFIER, PACKAGE, PATTERN
from bot.domain.command_line import YES_REMARK, draft_of
from bot.domain.command_parser import command_line_of, parse_command, strip_secrets
from bot.domain.commands import (
    Bulk,
    Cancel,
    CheckPackage,
    Command,
    Coverage,
    Doctor,
    FormDraft,
    Freeze,
    Help,
    ListTrust,
    ListWatches,
    LogIn,
    LogOut,
    OpenForm,
    Pause,
    Pending,
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
    WhoAmI,
)
from bot.domain.packages import PackageName
from bot.domain.patterns import PackagePattern, Selection, select
from bot.domain.publishers import Permission, Provider

NAMES = st.from_regex(r"(@[a-z][a-z0-9-]{0,5}/)?[A-Za-z][A-Za-z0-9._~'-]{0,8}", fullmatch=True).filter(
    lambda name: name not in {PACKAGE, PATTERN, "node_modules"}
)
SCOPED = NAMES.filter(lambda name: name.startswith("@"))
"""Others may look like the number of a request."""
GLOBS = st.from_regex(r"(@([a-z]{1,3}|\*)/)?[A-Za-z*][a-z*.'-]{0,6}", fullmatch=True).filter(
    lambda text: "**" not in text and text not in {PACKAGE, PATTERN}
)


@st.composite
def selections(draw: st.DrawFn) -> Selection:
    chosen = draw(st.lists(GLOBS, min_size=1, max_size=3))
    without = draw(st.lists(GLOBS.filter(lambda text: text != "*"), max_size=2))
    return select(
        [PackagePattern(text=text) for text in chosen] + [PackagePattern(text=text, negated=True) for text in without]
    )


def chosen(names: st.SearchStrategy[str] = NAMES) -> st.SearchStrategy[dict[str, Any]]:
    """What a line says of packages: names alone, or with patterns among them."""
    named = st.lists(names.map(PackageName), min_size=1, max_size=3, unique=True).map(tuple)
    patterns = selections().filter(lambda selection: not all(one.is_name for one in selection.patterns))
    without: st.SearchStrategy[dict[str, Any]] = named.map(lambda packages: {"packages": packages})
    return without | patterns.map(lambda selection: {"packages": selection.names, "selection": selection})


LETTERS = "ab &<>|;\"'\\-\u2013\u2014=,!@#:/.é日☃"
"""What Slack's server escapes, what its clients change at the start of a word, quotes and what is beyond ASCII."""
REASONS = st.text(LETTERS, max_size=30).map(lambda text: " ".join(text.split()))
ENVIRONMENTS = st.text(LETTERS + "\u2014", min_size=1, max_size=12).map(str.strip).filter(bool)
UUIDS = st.uuids().map(str)
FLAGS = {"reason": REASONS, "dry_run": st.booleans(), "as_json": st.booleans()}
REGISTRIES = st.sampled_from(["", "http://127.0.0.1:4873/", "https://registry.example"])
REMARKS = st.sampled_from([(), (YES_REMARK,)])
COMMON = FLAGS | {"registry": REGISTRIES, "remarks": REMARKS}


def one(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return strategy.map(lambda value: (value,))


FILES = one(st.from_regex(r"[a-z.'=-]{0,6}[a-z]\.ya?ml", fullmatch=True))
GITHUB = st.fixed_dictionaries(
    {"file": FILES},
    optional={
        "repo": one(st.from_regex(r"[a-zA-Z0-9-]{1,9}/[a-z0-9_-]{1,9}", fullmatch=True)),
        "environment": one(ENVIRONMENTS),
    },
)
GITLAB = st.fixed_dictionaries(
    {"file": FILES},
    optional={"project": one(st.from_regex(r"[a-z]{1,5}(/[a-z0-9_][a-z_-]{0,3}){1,3}", fullmatch=True))},
)
CIRCLECI = st.fixed_dictionaries(
    {name: one(UUIDS) for name in ("org-id", "project-id", "pipeline-definition-id")}
    | {"vcs-origin": st.just(("github.com/acme/ui",))},
    optional={"context-id": st.lists(UUIDS, min_size=1, max_size=3, unique=True).map(tuple)},
)
PERMISSIONS = st.sampled_from(
    [
        ((Permission.PUBLISH,), False),
        ((Permission.PUBLISH,), True),
        ((Permission.STAGE,), True),
        ((Permission.PUBLISH, Permission.STAGE), True),
    ]
)


PROVIDER_FIELDS = st.sampled_from([(Provider.GITHUB, GITHUB), (Provider.GITLAB, GITLAB), (Provider.CIRCLECI, CIRCLECI)])


@st.composite
def set_ups(draw: st.DrawFn) -> SetUp:
    provider, fields = draw(PROVIDER_FIELDS)
    permissions, stated = draw(PERMISSIONS)
    return SetUp(
        provider=provider,
        fields=draw(fields),
        permissions=permissions,
        permissions_stated=stated,
        hold=draw(st.booleans()),
        **draw(chosen()),
        **draw(st.fixed_dictionaries(COMMON)),
    )


IDS = st.text("ab/:@\"'-=", min_size=1, max_size=9).filter(lambda text: text != IDENTIFIER.placeholder)
SELECTORS = st.fixed_dictionaries({"configuration_id": IDS | UUIDS}) | st.fixed_dictionaries(
    {"from_repository": st.sampled_from(["acme/ui", "acme/web/ui", "-a/b"])}
)


@st.composite
def revokes(draw: st.DrawFn) -> RevokeTrust:
    return RevokeTrust(**draw(chosen()), **draw(SELECTORS), **draw(st.fixed_dictionaries(COMMON)))


@st.composite
def replacements(draw: st.DrawFn) -> ReplaceTrust:
    provider, fields = draw(PROVIDER_FIELDS)
    permissions, stated = draw(PERMISSIONS)
    return ReplaceTrust(
        provider=provider,
        fields=draw(fields),
        permissions=permissions,
        permissions_stated=stated,
        **draw(chosen(NAMES | st.sampled_from(["with", "github"]))),
        **draw(SELECTORS),
        **draw(st.fixed_dictionaries(COMMON)),
    )


@st.composite
def lists(draw: st.DrawFn) -> ListTrust:
    some = draw(chosen() | st.just({}))
    return ListTrust(as_json=draw(st.booleans()), registry=draw(REGISTRIES), **some)


WATCHES = st.builds(
    Watch,
    selection=selections(),
    cron=st.sampled_from(["0 9 * * 1", "*/5 8-18 1,15 JAN-MAR MON#2"]),
    timezone=st.sampled_from(["", "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "UTC"]),
    channel=st.sampled_from(["", "C0123", "#releases", "#r-é_1"]),
)
NUMBERS = st.integers(1, 999_999_999)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    set_ups(),
    revokes(),
    replacements(),
    lists(),
    st.sampled_from(Provider).map(lambda provider: OpenForm(draft=FormDraft(provider=provider))),
    st.builds(Status, number=NUMBERS | st.none()),
    st.sampled_from([Cancel, Pause, Resume, Retry]).flatmap(lambda verb: st.builds(verb, number=NUMBERS)),
    st.builds(Freeze, reason=REASONS),
    st.sampled_from([CheckPackage, ShowPolicy]).flatmap(lambda verb: st.builds(verb, package=NAMES)),
    st.builds(
        ShowAudit,
        about=NUMBERS.map(lambda number: f"C-{number}") | SCOPED | st.sampled_from(["", "<@U012ABC>"]),
        as_csv=st.booleans(),
    ),
    st.builds(Coverage, selection=selections() | st.none(), refresh=st.booleans()),
    WATCHES,
    st.builds(Unwatch, selection=selections()),
    st.builds(ShowDigest, selection=selections() | st.none()),
    st.sampled_from([LogIn(), LogOut(), WhoAmI(), Pending(), Doctor(), ListWatches(), Bulk(), Unfreeze()]),
    st.sampled_from([Help(), Help(topic="github"), Help(topic="help")]),
)


def as_slack_sends_it(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@settings(deadline=None)
@given(COMMANDS)
def test_a_line_typed_into_slack_parses_to_its_command(command: Command) -> None:
    line = command_line_of(command)
    assert parse_command(as_slack_sends_it(line)) == command
    assert strip_secrets(line) == (line, False)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "npm trust github --json -y --reason ship it --dry-run --env x --file a.yml --repository acme/ui @acme/ui",
            'github @acme/ui --repo acme/ui --file a.yml --environment x --reason "ship it" --dry-run --json --yes',
        ),
        (
            "github a --allow-staged-publish --allow-publish --file a.yml",
            "github a --file a.yml --allow-publish --allow-stage-publish",
        ),
        (
            "gitlab a,b --repository=acme/ui --file a.yml --registry http://r.example",
            "gitlab a b --project acme/ui --file a.yml --registry http://r.example",
        ),
        ("github a --file a.yml --env=--x", "github a --file a.yml --environment=--x"),
        ("revoke a --from-repository <https://gitlab.com/acme/web/ui>", "revoke a --from-repo acme/web/ui"),
        (
            "replace with gh --allow-publish --file a.yml --from-repository acme/old @acme/ui --reason it moved",
            'replace @acme/ui --from-repo acme/old with github --file a.yml --allow-publish --reason "it moved"',
        ),
        ("LIST a a --json", "list a --json"),
        ("status #42", "status C-42"),
        ("cancel c0042", "cancel C-42"),
        ("list a --registry http://r.example", "list a --registry http://r.example"),
        ("npm trust gitlab", "gitlab"),
        ("coverage --refresh !@acme/old-* @b/*, @acme/** @acme/*", "coverage @acme/* @b/* !@acme/old-* --refresh"),
        ("digest", "digest"),
        ("watch", "watch"),
        ("watch @acme/* --cron 0  9 * * 1 --timezone UTC", "watch @acme/* --tz UTC"),
        ("watch --cron 0 8 * * 1 @acme/*", 'watch @acme/* --cron "0 8 * * 1"'),
        ("watch @acme/* --channel <#C0123|releases>", "watch @acme/* --channel C0123"),
        ("watch @acme/* --channel=Releases", "watch @acme/* --channel #releases"),
        ("unwatch `@acme/*`", "unwatch @acme/*"),
        ("doctor", "doctor"),
        ("github !@acme/old-* b,@acme/* --hold --file a.yml", "github @acme/* b !@acme/old-* --file a.yml --hold"),
        ("audit --csv #042", "audit C-42 --csv"),
        ("audit --until=2026-11-24 --csv --since 2026-11-23", "audit --since 2026-11-23 --until 2026-11-24 --csv"),
        ("audit <@U012ABC|anna>", "audit <@U012ABC>"),
        ("freeze --reason=a laptop was stolen", 'freeze --reason "a laptop was stolen"'),
        ("", "help"),
    ],
)
def test_the_canonical_line_has_one_order_and_one_name_for_each_flag(text: str, line: str) -> None:
    command = parse_command(text)
    assert command.verb != "misunderstood"
    assert command_line_of(command) == line


def test_a_command_of_a_provider_fills_its_form() -> None:
    command = parse_command(
        "circleci a b --org-id 550e8400-e29b-41d4-a716-446655440000 --project-id 550e8400-e29b-41d4-a716-446655440000"
        " --pipeline-definition-id 550e8400-e29b-41d4-a716-446655440000 --vcs-origin github.com/acme/ui --reason why"
        " --context-id 123e4567-e89b-12d3-a456-426614174000 --context-id a1b2c3d4-e5f6-7890-abcd-ef1234567890"
    )
    assert isinstance(command, SetUp)
    draft = draft_of(command)
    assert draft is not None
    assert (draft.package, draft.reason, draft.permissions) == ("a b", "why", ())
    assert draft.fields["vcs-origin"] == "github.com/acme/ui"
    assert draft.fields["context-id"].splitlines() == [
        "123e4567-e89b-12d3-a456-426614174000",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
    ]


def test_a_form_is_filled_with_the_patterns() -> None:
    command = parse_command("github @acme/* !@acme/old-* a --file a.yml")
    assert isinstance(command, SetUp)
    draft = draft_of(command)
    assert draft is not None
    assert draft.package == "@acme/* a !@acme/old-*"


def test_only_providers_have_a_form() -> None:
    draft = FormDraft(provider=Provider.GITHUB)
    assert draft_of(OpenForm(draft=draft)) == draft
    assert draft_of(LogIn()) is None
