"""Where the bot does on purpose what npm does not: each difference with its reason, and an example that must differ."""

import re
from collections.abc import Callable
from dataclasses import dataclass

GITHUB = "github ui --file r.yml --allow-publish"
GITLAB = "gitlab ui --file r.yml --allow-publish"
IDS = "--org-id {0} --project-id {0} --pipeline-definition-id {0}".format("550e8400-e29b-41d4-a716-446655440000")
CIRCLECI = f"circleci ui {IDS} --allow-publish"
CONTEXT = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


def _never(_value: str) -> bool:
    """No single value explains it."""
    return False


def _found(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.search(pattern, value, re.DOTALL) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stricter:
    """npm sends something, the bot refuses."""

    why: str
    words: str
    """An example, quoted as for a shell."""
    says: str
    """How the bot's complaint begins."""
    flags: tuple[str, ...] = ()
    """Canonical, or `package`; none: any."""
    explains: Callable[[str], bool] = _never
    """Whether a value may make this difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """The bot sends what npm refuses, or something else than npm."""

    why: str
    words: str
    like: tuple[str, ...] = ()
    """The bot sends what npm sends with these words."""
    path: str = ""
    """The raw path that the bot asks for, where no words make npm do that."""
    flags: tuple[str, ...] = ()
    explains: Callable[[str], bool] = _never


_OF_GITHUB = "GitHub repository must be specified in the format owner/repository."
_OF_GITLAB = "GitLab project must be specified in the format"
_OF_CIRCLECI = "vcs-origin must be in format 'provider/owner/repo'."
_OF_FILES = "GitHub Actions Workflow must be a file name without spaces."
_OF_ENVIRONMENTS = "This cannot be the name of an environment."
_OF_IDS = "This is no id of a configuration."
_OF_NAMES = "npm has no packages with such a name."

STRICTER = (
    # Packages.
    Stricter(
        why="npm drops the version, and trust is for all of them",
        words="list @acme/ui@1.2.3",
        says="Trust is given for a package, not for one version of it.",
        flags=("package",),
        explains=_found("[^@]@"),
    ),
    Stricter(
        why="it may be meant as a pattern, and then npm does for one package what was meant for many",
        words="list u*i",
        says="nothing was sent",
        flags=("package",),
        explains=_found(r"\*|^!"),
    ),
    Stricter(
        why="no package can be called so; npm takes it for a folder, a file or a git repository, and asks for the"
        " package `undefined`",
        words="list acme/ui",
        says=_OF_NAMES,
        flags=("package",),
        explains=_found(r"^[^@]*/|^@$|^@[^/]*$|^[._]|/.*/|/\.|^@/|/$|^node_modules$|^favicon\.ico$"),
    ),
    Stricter(
        why="as above, for letters that no name has",
        words="list '@acme/ü i'",
        says=_OF_NAMES,
        flags=("package",),
        explains=_found(r"[^A-Za-z0-9_.!~*'()@/-]"),
    ),
    # Repositories: such as the provider has none.
    Stricter(
        why="both parts have letters",
        words=f"{GITHUB} --repo /ui",
        says=_OF_GITHUB,
        flags=("repo",),
        explains=_found("^/|/$"),
    ),
    Stricter(
        why="GitHub's names have no blanks and no other letters than these",
        words=f"{GITHUB} --repo 'a b/c'",
        says=_OF_GITHUB,
        flags=("repo",),
        explains=_found(r"[^A-Za-z0-9_./-]|^[^/]*\.|/\.{1,2}$|^[^/]{40}|/.{101}"),
    ),
    Stricter(
        why="all parts have letters",
        words=f"{GITLAB} --project acme//ui",
        says=_OF_GITLAB,
        flags=("project",),
        explains=_found("^/|//|/$"),
    ),
    Stricter(
        why="GitLab's names have no blanks and no other letters than these, and begin with no hyphen",
        words=f"{GITLAB} --project 'acme/u i'",
        says=_OF_GITLAB,
        flags=("project",),
        explains=_found(r"[^A-Za-z0-9_./-]|/-"),
    ),
    Stricter(
        why="an origin is a path, all parts have letters, and a colon or an at-sign belongs to an address for git",
        words=f"{CIRCLECI} --vcs-origin git@github.com/acme/ui",
        says=_OF_CIRCLECI,
        flags=("vcs-origin",),
        explains=_found(r"[\s:@]|^/|//|/$"),
    ),
    # Files, environments, ids: npm compares exactly, so what cannot be meant would never match.
    Stricter(
        why="there is no name before the ending",
        words="github ui --repo a/b --file .yml --allow-publish",
        says=_OF_FILES,
        flags=("file",),
        explains=_found(r"^\.ya?ml$"),
    ),
    Stricter(
        why="a blank is a slip, or a word of the next flag",
        words="github ui --repo a/b --file 'r elease.yml' --allow-publish",
        says=_OF_FILES,
        flags=("file",),
        explains=_found(r"\s"),
    ),
    Stricter(
        why="a backslash is a path on Windows, and no file of a repository on GitHub or GitLab that both can check out",
        words=r"github ui --repo a/b --file 'a\b.yml' --allow-publish",
        says="GitHub Actions workflow must be just a file not a path.",
        flags=("file",),
        explains=_found(r"\\"),
    ),
    Stricter(
        why="no provider takes longer ones",
        words=f"github ui --repo a/b --file {'a' * 252}.yml --allow-publish",
        says=_OF_FILES,
        explains=_found(".{200}"),
    ),
    Stricter(
        why="what does not print cannot be seen by who approves, and is in no file's name",
        words="github ui --repo a/b --file 'a\ue000.yml' --allow-publish",
        says="GitHub Actions Workflow must be a file name without characters that do not show.",
        flags=("file",),
        explains=lambda value: not value.isprintable(),
    ),
    Stricter(
        why="what does not print cannot be seen by who approves",
        words=f"{GITHUB} --repo a/b --environment 'a\u2029b'",
        says=_OF_ENVIRONMENTS,
        flags=("environment",),
        explains=lambda value: not value.isprintable(),
    ),
    Stricter(
        why="npm takes an empty environment for none, which is the wider of the two",
        words=f"{GITHUB} --repo a/b --environment ''",
        says="--environment needs a value.",
        explains=_found(r"^\s*$"),
    ),
    Stricter(
        why="no id has a blank",
        words="revoke ui --id 'a b'",
        says=_OF_IDS,
        flags=("id",),
        explains=_found(r"\s|.{200}"),
    ),
    Stricter(
        why="as part of an address it would lead to the list, or to the package itself",
        words="revoke ui --id ..",
        says="Dots alone are no id of a configuration.",
        flags=("id",),
        explains=_found(r"^\.{1,2}$"),
    ),
    Stricter(
        why="Slack makes a dash of two hyphens, so a value after a blank that begins with one is the next flag",
        words=f"{GITHUB} --repo a/b --environment '\u2014prod'",
        says="--environment needs a value.",
        explains=_found(r"^\s*[-\u2010-\u2015\u2212]"),
    ),
    # Lines.
    Stricter(
        why="that is what the help says in its place",
        words=f"{GITHUB} --repo OWNER/REPO",
        says="OWNER/REPO stands for a value: put yours in its place.",
        explains=_found(r"^(OWNER/REPO|GROUP/PROJECT|PROVIDER/OWNER/REPO|FILE\.yml|NAME|UUID|ID|PACKAGE)$"),
    ),
    Stricter(
        why="npm takes the last of them, and the person may have meant the first",
        words=f"{GITHUB} --repo a/b --repo a/c",
        says="--repo was given more than once.",
    ),
    Stricter(
        why="npm says itself that it will stop to guess flags by their beginning",
        words=f"{GITHUB} --repos a/b",
        says="There is no such flag here.",
    ),
    Stricter(
        why="a one-time password is worth something until it is used, and Slack keeps what is written",
        words="list ui --otp=123456",
        says="This line held a one-time password or a token.",
    ),
    Stricter(
        why="as above, for what looks like a token",
        words=f"{GITHUB} --repo a/b --environment npm_{'a' * 36}",
        says="This line held a one-time password or a token.",
    ),
)

OTHERWISE = (
    # Flags.
    Otherwise(
        why="npm's help of gitlab names --repo, and npm refuses it",
        words=f"{GITLAB} --repo acme/web/ui",
        like=(f"{GITLAB} --project acme/web/ui",),
    ),
    Otherwise(
        why="publish is what is nearly always meant; the request says that nobody stated it",
        words="github ui --file r.yml --repo a/b",
        like=(f"{GITHUB} --repo a/b",),
    ),
    Otherwise(
        why="both ways of writing a flag say the same",
        words=f"{GITHUB} --repo a/b --env prod --environment prod",
        like=(f"{GITHUB} --repo a/b --env prod",),
    ),
    Otherwise(
        why="npm's question whether to proceed is answered by who approves",
        words=f"{GITHUB} --repo a/b --no-yes",
        like=(f"{GITHUB} --repo a/b --yes",),
    ),
    Otherwise(
        why="Slack makes a dash of two hyphens",
        words="github ui --repo a/b \u2014file r.yml \u2014allow-publish",
        like=(f"{GITHUB} --repo a/b",),
    ),
    Otherwise(
        why="a telephone begins a sentence with a capital",
        words=f"GitHub{GITHUB.removeprefix('github')} --repo a/b",
        like=(f"{GITHUB} --repo a/b",),
    ),
    Otherwise(
        why="with an equals sign it can be nothing but the value",
        words="revoke ui --id=-1",
        path="/-/package/ui/trust/-1",
        explains=_found(r"^\s*-"),
    ),
    # Packages.
    Otherwise(
        why="one request for many packages",
        words="list ui @acme/ui",
        like=("list ui", "list @acme/ui"),
    ),
    Otherwise(
        why="with commas too, which no name has",
        words="list ui,@acme/ui",
        like=("list ui", "list @acme/ui"),
        flags=("package",),
        explains=_found(","),
    ),
    Otherwise(
        why="npm takes it for a file and asks for the package `undefined`, though a package may be called so",
        words="list ui.tgz",
        path="/-/package/ui.tgz/trust",
        flags=("package",),
        explains=_found(r"(?i)\.(tgz|tar\.gz|tar)$"),
    ),
    # Values: what is pasted is brought into the form in which the tokens of the provider have it.
    Otherwise(
        why="people paste addresses",
        words=f"{GITHUB} --repo https://github.com/acme/ui",
        like=(f"{GITHUB} --repo acme/ui",),
        flags=("repo", "project"),
        explains=_found(r"^(www\.)?(github|gitlab|bitbucket)\.|:"),
    ),
    Otherwise(
        why="git adds it, GitHub's tokens do not have it",
        words=f"{GITHUB} --repo acme/ui.git",
        like=(f"{GITHUB} --repo acme/ui",),
        flags=("repo", "project"),
        explains=_found(r"\.git\s*$"),
    ),
    Otherwise(
        why="CircleCI's tokens have small letters, and npm compares exactly",
        words=f"{CIRCLECI} --vcs-origin github.com/a/b --context-id {CONTEXT.upper()}",
        like=(f"{CIRCLECI} --vcs-origin github.com/a/b --context-id {CONTEXT}",),
        flags=("org-id", "project-id", "pipeline-definition-id", "context-id"),
        explains=_found("[A-F]"),
    ),
    Otherwise(
        why="one context is one",
        words=f"{CIRCLECI} --vcs-origin github.com/a/b --context-id {CONTEXT} --context-id {CONTEXT}",
        like=(f"{CIRCLECI} --vcs-origin github.com/a/b --context-id {CONTEXT}",),
    ),
    # Letters that Slack's clients put in, or that nobody can see.
    Otherwise(
        why="Slack's clients bend quotes, and backticks are how people show code",
        words=f"{GITHUB} --repo a/b --environment `it\u2019s`",
        like=(f'{GITHUB} --repo a/b --environment "it\'s"',),
        explains=_found("[`\u2018-\u201f\u2032\u2033]"),
    ),
    Otherwise(
        why="what cannot be seen came by copying",
        words=f"{GITHUB} --repo a/b --environment pro\u200bd",
        like=(f"{GITHUB} --repo a/b --environment prod",),
        explains=_found(r"[\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"),
    ),
)


def is_explained(flag: str, value: str) -> bool:
    """Tell whether one of the differences may come of this value of this flag."""
    return any(row.explains(value) for row in (*STRICTER, *OTHERWISE) if not row.flags or flag in row.flags)
