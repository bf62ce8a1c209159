"""What people write that cannot be taken, or that says it in another way: each is answered with the way on."""

import logging

import pytest

from bot.domain.command_help import HELP
from bot.domain.publishers import Provider
from bot.sandbox.cast import GENERAL, OWNER, REQUESTER, STRANGER
from bot.sandbox.world import World
from tests.scenarios import stored

pytestmark = pytest.mark.anyio

UUID = "550e8400-e29b-41d4-a716-446655440000"
CIRCLECI = f"circleci @acme/ui --org-id {UUID} --project-id {UUID} --pipeline-definition-id {UUID}"
GITHUB = "github @acme/ui --repo acme/ui --file release.yml"
NOT_TAKEN = "I could not take that line; nothing was asked for."


async def expect_nothing_happened(world: World) -> None:
    """Nothing stands in the channel for others, nothing is open, and npm was changed by nobody."""
    assert world.person(STRANGER).messages() == []
    assert "Nothing is open" in await world.person(OWNER).says("pending")
    assert not world.trust_calls()


MISTAKES: dict[str, list[tuple[str, tuple[str, ...], str]]] = {
    "commands": [
        ("frobnicate", ("no such command", "one of list, coverage,", "Came: frobnicate"), "help"),
        ("gihub @acme/ui --file release.yml", ("Did you mean *github*?",), "github @acme/ui --file release.yml"),
        ("bitbucket @acme/ui --file release.yml", ("no such command", "Came: bitbucket"), "help"),
        ("bulk @acme/ui", ("takes nothing more", "Came: @acme/ui"), "bulk"),
        ("pending now", ("takes nothing more", "Came: now"), "pending"),
        ("help frob", ("no help on this", "Came: frob"), "help"),
        ("status C-x", ("number of one request", "Came: C-x"), "status C-NUMBER"),
        ("cancel", ("number of one request", "Came: nothing"), "cancel C-NUMBER"),
        ("cancel C-1 C-2", ("number of one request", "Came: C-1 C-2"), "cancel C-NUMBER"),
    ],
    "flags": [
        (GITHUB.replace("--file", "--fiel"), ("no such flag", "Came: --fiel", "Did you mean *--file*?"), GITHUB),
        (GITHUB + " --frob 3", ("no such flag", "one of --repo, --file, --environment", "Came: --frob"), GITHUB),
        (
            "github @acme/ui --repo acme/ui",
            ("GitHub Actions Workflow must be specified with the file option", "Came: nothing"),
            "github @acme/ui --repo acme/ui --file FILE.yml",
        ),
        (GITHUB + " --environment", ("--environment needs a value",), GITHUB + " --environment NAME"),
        (
            "github @acme/ui --repo acme/ui --file a.yml --file b.yml",
            ("--file was given more than once", "Came: a.yml and b.yml"),
            "github @acme/ui --repo acme/ui --file b.yml",
        ),
        (GITHUB + " --file FILE.yml", ("FILE.yml stands for a value",), ""),
        (GITHUB + " --json=maybe", ("--json takes no value",), GITHUB),
        (GITHUB + " --reason 'drop tokens", ("A quote was not closed",), GITHUB + ' --reason "drop tokens"'),
        (GITHUB + "\n/npmtrust pending", ("These are several commands",), GITHUB),
    ],
    "packages": [
        ("github --file release.yml", ("Package name must be specified",), "github PACKAGE --file release.yml"),
        ("github @acme/ui@1.2.3 --file release.yml", ("not for one version", "Did you mean *@acme/ui*?"), ""),
        ("github @acme/ui@latest --file release.yml", ("not for one version", "Did you mean *@acme/ui*?"), ""),
        ("github acme/ui --file release.yml", ("no packages with such a name", "Did you mean *@acme/ui*?"), ""),
        ("check @acme/*", ("No pattern can stand here",), "check PACKAGE"),
        ("github @acme --file release.yml", ("no packages with such a name",), "github PACKAGE --file release.yml"),
        (
            "github !@acme/* --file release.yml",
            ("This says only what to leave out.",),
            "github PATTERN !@acme/* --file release.yml",
        ),
        ("github @acme/<!channel> --file release.yml", ("mention of Slack's", "Came: @acme/<!channel>"), ""),
        ("github <!channel> --file release.yml", ("mention of Slack's", "Came: <!channel>"), ""),
        ("github ../../etc/passwd --file release.yml", ("no packages with such a name",), ""),
        ("github https://www.npmjs.com/package/@acme/ui --file a.yml", ("the address of a package, not its name",), ""),
    ],
    "files": [
        (
            "github @acme/ui --repo acme/ui --file .github/workflows/release.yml",
            ("must be just a file not a path", "Did you mean *release.yml*?"),
            GITHUB,
        ),
        (GITHUB.replace(".yml", ".json"), ("must end in .yml or .yaml", "Did you mean *release.yml*?"), GITHUB),
        (GITHUB.replace("release.yml", "../release.yml"), ("just a file",), GITHUB),
        (GITHUB.replace("release.yml", "release"), ("must end in .yml or .yaml",), GITHUB),
    ],
    "repositories": [
        *(
            (
                f"github @acme/ui --repo {repository} --file release.yml",
                ("owner/repository", "such as acme/ui", f"Came: {repository}"),
                "github @acme/ui --repo OWNER/REPO --file release.yml",
            )
            for repository in ("acme", "acme/", "/ui", "acme//ui", "acme/ui/x", "/")
        ),
        ("gitlab @acme/ui --project ui --file .gitlab-ci.yml", ("group/project", "Came: ui"), ""),
        (CIRCLECI + " --vcs-origin acme/ui", ("vcs-origin", "Came: acme/ui"), ""),
        (CIRCLECI, ("vcs-origin",), ""),
    ],
    "uuids": [
        (
            CIRCLECI.replace(f"--org-id {UUID}", "--org-id nope") + " --vcs-origin github.com/acme/ui",
            ("org-id must be a valid UUID", "Came: nope"),
            CIRCLECI.replace(f"--org-id {UUID}", "--org-id UUID") + " --vcs-origin github.com/acme/ui",
        ),
        (CIRCLECI + f" --vcs-origin github.com/acme/ui --context-id {UUID}0", ("must be a valid UUID",), ""),
    ],
    "revoke": [
        ("revoke @acme/core", ("must be specified with the --id option", "Came: nothing"), "revoke @acme/core --id ID"),
        ("revoke @acme/core --id 1 --from-repo acme/core", ("Came: both",), "revoke @acme/core --id 1"),
        ("revoke @acme/core --from-repo acme", ("This is no repository", "Came: acme"), ""),
    ],
}
"""A line, what the answer says, and how the line could be right."""


@pytest.mark.parametrize("group", MISTAKES)
async def test_a_mistake_is_told_with_what_was_expected_what_came_and_the_whole_line(world: World, group: str) -> None:
    rita = world.person(REQUESTER)
    for line, expected, corrected in MISTAKES[group]:
        told = await rita.says(line)
        wanted = (NOT_TAKEN, "Expected:", "As it could be:\n/npmtrust " + corrected, *expected)
        assert [words for words in wanted if words not in told] == [], line
        assert told.endswith("[Edit]") == any(f"be:\n/npmtrust {each}" in told for each in Provider), line
        assert rita.messages()[-1].ephemeral
    await expect_nothing_happened(world)


async def test_an_empty_line_teaches(world: World) -> None:
    for line in ("", "   ", "help", "--help", "/npmtrust"):
        told = await world.person(REQUESTER).says(line)
        assert [command for command in HELP if f"*{command}" not in told] == [], line


async def test_long_and_strange_lines_are_answered(world: World) -> None:
    lines = [
        ("x" * 3000, "no such command"),
        ("x" * 3001, "The line is too long"),
        ("github " + "@acme/ui " * 400, "Came: 3607 characters"),
        ("github " + "".join(f"p{n} " for n in range(300)) + "--file a.yml", "I look at 300 packages."),
        (GITHUB + " --reason '" + "y" * 2900 + "'", "The reason is too long"),
        ("github " + "'" * 2900, NOT_TAKEN),
        ("github " + "--" * 1400, NOT_TAKEN),
        ("github " + "<" * 2900, NOT_TAKEN),
        ("github @acme/ui --file " + "&amp;" * 590, NOT_TAKEN),
        ("\U0001f600" * 1500, "no such command"),
    ]
    for line, words in lines:
        assert words in await world.person(REQUESTER).says(line), line[:40]
    await expect_nothing_happened(world)


async def test_capitals_in_a_name_are_allowed_and_matter(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("github @acme/Legacy --file release.yml")
    assert "let acme/legacy → release.yml publish @acme/Legacy" in rita.reads()
    assert "@acme/legacy is not public, or does not exist" in await rita.says("github @acme/legacy --file release.yml")


@pytest.mark.parametrize(
    ("line", "why", "again"),
    [
        (
            "github @acme/nope --file release.yml",
            "@acme/nope is not public, or does not exist.\nCheck the name; if it is private,",
            "github @acme/nope --file release.yml",
        ),
        (
            "gitlab @acme/ui --file .gitlab-ci.yml",
            "@acme/ui names a repository that is not one of GitLab CI/CD: acme/ui on github.com.",
            "gitlab @acme/ui --project GROUP/PROJECT --file .gitlab-ci.yml",
        ),
        (
            "github left-behind --file release.yml",
            "left-behind names no repository that I could take for --repo",
            "github left-behind --repo OWNER/REPO --file release.yml",
        ),
        (
            "github @acme/ui left-behind @acme/nope --file release.yml",
            "@acme/nope is not public, or does not exist",
            "github @acme/ui left-behind @acme/nope --repo OWNER/REPO --file release.yml",
        ),
        (
            GITHUB + " --registry https://npm.elsewhere.example/",
            "only, not with https://npm.elsewhere.example/",
            GITHUB,
        ),
        ("list @acme/nope", "@acme/nope is not public, or does not exist", ""),
    ],
)
async def test_what_npm_or_the_settings_do_not_allow_gives_the_line_back(
    world: World, line: str, why: str, again: str
) -> None:
    rita = world.person(REQUESTER)
    told = (await rita.says(line)).replace("`", "")
    assert why in told
    if again:
        assert "Nothing was asked for." in told
        assert f"/npmtrust {again}\n[Edit]" in told
    await expect_nothing_happened(world)


async def test_the_configured_registry_may_be_named(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says(f"{GITHUB} --registry {world.registry.url}")
    assert "@rita asks" in rita.reads()


SECRETS = [
    "{line} --otp 123456",
    "{line} --otp=123456",
    "{line} \u2014otp 123 456",
    "--otp 123456 {line}",
    "npm_config_otp=123456 npm trust {line}",
    "{line} --reason 'my code: --otp 123456'",
    "{line} --token npm_abcdefghijklmnopqrstuvwxyz0123456789",
    "{line} npm_abcdefghijklmnopqrstuvwxyz0123456789",
    "{line} //registry.example/:_authToken=123456-abc",
    "{line} --reason 'Bearer abcdefghijklmnop123456'",
    "github npm_abcdefghijklmnopqrstuvwxyz0123456789 --file a.yml",
]
SECRET_PARTS = ("123456", "123 456", "npm_abc", "abcdefghijklmnop")


async def test_passwords_and_tokens_are_refused_and_stored_nowhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rita = world.person(REQUESTER)
    for pattern in SECRETS:
        await world.slack.command(rita.id, GENERAL[0], pattern.format(line=GITHUB))
        kept = await stored.unsealed(world)  # what waits to be worked on
        await world.settle()
        told = rita.reads()
        assert "I never take one-time passwords or tokens; nothing was stored." in told, pattern
        assert "When npm asks for your second factor, I send you its own link." in told
        assert "The line without it:\n/npmtrust " in told
        kept += await stored.everything(world) + caplog.text + told
        assert [part for part in SECRET_PARTS if part in kept] == [], pattern
    await expect_nothing_happened(world)


MORE = "--allow-publish --dry-run --json"


HABITS = [
    # Slack makes an em dash of two hyphens, and curls quotes
    "github @acme/ui \u2014repo acme/ui \u2014file release.yml \u2014allow-publish \u2014dry-run \u2014json",
    f"github @acme/ui --repo \u201cacme/ui\u201d --file \u2018release.yml\u2019 {MORE}",
    # links, what looks like a person, no-break spaces, backticks, code blocks
    f"github @acme/ui --repo <https://github.com/acme/ui|github.com/acme/ui> --file release.yml {MORE}",
    f"github @acme/ui --repo <https://github.com/acme/ui> --file <http://release.yml|release.yml> {MORE}",
    f"github <@U0SAM|acme>/ui --repo acme/ui --file release.yml {MORE}",
    f"github\u00a0@acme/ui\u00a0--repo\u00a0acme/ui --file release.yml {MORE}",
    f"`{GITHUB} {MORE}`",
    f"```{GITHUB} \\\n {MORE}```",
    # npm's own lines
    f"npm trust {GITHUB} {MORE}",
    f"npx -y npm@latest trust github @acme/ui --repository=acme/ui --file=release.yml {MORE}",
    f"$ npm trust github {MORE} --file release.yml --repo https://github.com/acme/ui.git @acme/ui -y",
    f"/npmtrust {GITHUB} {MORE}",
    # the repository from the package itself
    f"github @acme/ui --file release.yml {MORE}",
]


async def test_habits_of_slack_and_npm_are_undone(world: World) -> None:
    rita = world.person(REQUESTER)
    wanted = await rita.says(f"{GITHUB} {MORE}")
    assert '"path": "/-/package/@acme%2fui/trust"' in wanted
    assert '"repository": "acme/ui"' in wanted
    for line in HABITS:
        assert await rita.says(line) == wanted, line


@pytest.mark.parametrize(
    ("line", "asks", "claims"),
    [
        (
            "npm trust github @acme/ui --file release.yml --repository acme/ui --env production --allow-publish",
            "let acme/ui → release.yml publish @acme/ui",
            ["Environment: production"],
        ),
        (
            "npm trust gitlab @acme/ui --project acme/web/ui --file .gitlab-ci.yml --allow-stage-publish",
            "let acme/web/ui → .gitlab-ci.yml stage @acme/ui",
            ["May: stage only"],
        ),
        (
            f"npm trust {CIRCLECI} --vcs-origin github.com/acme/ui --context-id {UUID} --allow-publish",
            "publish @acme/ui",
            [f"Contexts: {UUID}"],
        ),
    ],
    ids=["github", "gitlab", "circleci"],
)
async def test_lines_copied_from_npms_documentation_work(world: World, line: str, asks: str, claims: list[str]) -> None:
    rita = world.person(REQUESTER)
    await rita.says(line + " --reason 'it says so there'")
    shown = rita.reads()
    assert asks in shown
    assert [words for words in (*claims, "Why: it says so there") if words not in shown] == []


async def test_a_dry_run_tells_all_and_stores_nothing(world: World) -> None:
    rita = world.person(REQUESTER)
    told = await rita.says(GITHUB + " --dry-run -y --reason 'only looking'")
    for words in (
        "Dry run: nothing was asked for and nobody was told.",
        "Would ask: let acme/ui → release.yml publish @acme/ui",
        '"repository": "acme/ui"',
        "not linked: otto-npm, olga-npm, ana-npm",
        "Leave out --dry-run to ask.",
        "that answers npm's own question, and approval here still stands",
    ):
        assert words in told, words
    assert await stored.rows(world, "SELECT * FROM change_sets") == []
    await expect_nothing_happened(world)


async def test_json_yes_and_reason(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says(GITHUB + " -y --reason drop the old tokens --json")
    told = rita.reads(back=1)
    assert "Asked as C-1" in told
    assert "You wrote --yes: that answers npm's own question, and approval here still stands." in told
    assert "Why: drop the old tokens" in rita.reads()
    assert '"path": "/-/package/@acme%2fui/trust"' in rita.reads_all()


async def test_an_inferred_repository_is_marked_and_a_different_one_warned_of(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says("github @acme/ui --file release.yml")
    assert "Repository: acme/ui, inferred from the package's own data" in rita.reads()
    assert "assumed" in rita.reads()  # the permission
    await rita.says("github @acme/ui --repo evil/ui --file release.yml --allow-publish")
    assert "⚠️ The package itself names another repository: acme/ui." in rita.reads()
    assert "inferred" not in rita.reads()
    assert "assumed" not in rita.reads()


async def test_text_of_people_is_never_markup(world: World) -> None:
    rita = world.person(REQUESTER)
    await rita.says(GITHUB + " --reason '*bold* \u202e <!here> <https://evil.example|click> `code` &lt;!channel&gt;'")
    [shown] = [message for message in rita.messages() if not message.ephemeral]
    assert "\u202e" not in str(shown.blocks)
    assert "<!here>" not in str(shown.blocks)
    assert "<!channel>" not in str(shown.blocks)
    assert "<https://evil" not in str(shown.blocks)
