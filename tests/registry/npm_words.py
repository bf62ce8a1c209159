"""Words after `npm trust`, made at random: such as both npm and the bot take, and such with one nasty thing in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

Parts = list[tuple[str, ...]]
"""Words that stay together, in an order that does not matter."""


@dataclass(frozen=True, slots=True)
class Asked:
    words: tuple[str, ...]
    challenged: bool = False
    """npm asks for the second factor."""
    nasty: tuple[str, str] = ("", "")
    """The canonical name of the flag (or `package`) whose value is nasty, and the value."""


_NAME = "abcXYZ019-_.~'()!"
_CHANGED_BY_SLACK = "`\u201c\u201d\u201e\u201f\u2033\u2018\u2019\u201a\u201b\u2032"
_visible = st.characters(exclude_categories=["C", "Z", "Pd"], exclude_characters=_CHANGED_BY_SLACK)
"""No dashes: both read a value as a flag that begins with one; they are in `_tame`."""
_tame = st.sampled_from("abcXYZ019_.-")

_names = st.text(st.sampled_from(_NAME), min_size=1, max_size=12)
packages = st.one_of(
    st.sampled_from(
        ["ui", "@acme/ui", "@acme/UI", "JSONStream", "it's~(an)old!name", "fs", "@0/_-", "@a/" + "b" * 230]
    ),
    _names.filter(lambda name: name[0] not in ".-_!"),
    st.builds(lambda scope, name: f"@{scope}/{name}", _names.filter(lambda name: name[0] != "."), _names).filter(
        lambda name: "/." not in name
    ),
)

_segments = st.text(_tame, min_size=1, max_size=9).map(lambda text: f"a{text}z")
repositories = st.builds(
    lambda owner, name: f"{owner}/{name}", st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,38}", fullmatch=True), _segments
)
projects = st.lists(st.from_regex(r"[a-z0-9_][a-z0-9_-]{0,5}", fullmatch=True), min_size=1, max_size=4).flatmap(
    lambda groups: _segments.map(lambda name: "/".join([*groups, name]))
)
files = st.builds(
    lambda first, rest, ending: f"{first}{rest}.{ending}",
    _visible.filter(lambda letter: letter not in "/\\"),
    st.text(_visible | _tame, max_size=12).map(lambda text: text.replace("/", "").replace("\\", "")),
    st.sampled_from(["yml", "yaml"]),
)
environments = st.builds(
    lambda first, middle, last: f"{first}{middle}{last}",
    _visible,
    st.text(_visible | _tame | st.just(" "), max_size=20),
    _visible,
)
uuids = st.uuids().map(str)
origins = st.builds(
    lambda host, path: f"{host}/{path}", st.sampled_from(["github.com", "bitbucket.org", "é"]), projects
)
ids = uuids | st.text(_visible | _tame, min_size=2, max_size=40).filter(
    lambda text: text[0] not in "-." and text != "ID"
)

_VALUES = {
    "package": packages,
    "repo": repositories,
    "project": projects,
    "file": files,
    "environment": environments,
    "org-id": uuids,
    "project-id": uuids,
    "pipeline-definition-id": uuids,
    "context-id": uuids,
    "vcs-origin": origins,
    "id": ids,
}
_FLAGS = {
    "github": ("repo", "file", "environment"),
    "gitlab": ("project", "file", "environment"),
    "circleci": ("org-id", "project-id", "pipeline-definition-id", "vcs-origin", "context-id"),
    "revoke": ("id",),
    "list": (),
}
_OPTIONAL = frozenset({"environment", "context-id"})
_ALIASES = {"repo": ("repo", "repository"), "environment": ("env", "environment")}
_PERMISSIONS: tuple[Parts, ...] = (
    [("--allow-publish",)],
    [("--allow-stage-publish",)],
    [("--allow-staged-publish",)],
    [("--allow-publish",), ("--allow-stage-publish",)],
    [("--allow-staged-publish",), ("--allow-publish=true",)],
    [("--allow-publish",), ("--no-allow-stage-publish",)],
    [("--allow-stage-publish",), ("--allow-publish", "false")],
)

_nasty_text = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.text(st.sampled_from("aZ09-_./\\:@~'\"()!*, \t\n%?#&<>|$`;=é\u2014\u00a0\u200b\u2028\U0001f680"), max_size=8),
    st.sampled_from(
        ["null", "true", "false", "undefined", "0", "..", "--", "C:\\a", "npm:a@1", "a@", "@", "@a", "${HOME}"]
    ),
    st.sampled_from(
        ["https://github.com/", "https://gitlab.com/", "git@github.com:", "gitlab.com/", ".git", ".tgz", "/-/"]
    ),
    st.sampled_from(["ABCDEF01-2345-6789-abcd-ef0123456789", " ui ", "OWNER/REPO", ".yml", "a b.yml", "A", "a.YML"]),
)


@st.composite
def asked_by_both(draw: st.DrawFn) -> Asked:
    """Words that npm and the bot must both understand, and alike."""
    verb = draw(st.sampled_from(sorted(_FLAGS)))
    given = [(name, draw(_VALUES[name])) for name in ("package", *_pick_flags(draw, verb))]
    return Asked(_order(draw, verb, given), challenged=draw(st.booleans()))


@st.composite
def asked_nastily(draw: st.DrawFn) -> Asked:
    """Words with one value in them that may be anything."""
    verb = draw(st.sampled_from(sorted(_FLAGS)))
    given = [(name, draw(_VALUES[name])) for name in ("package", *_pick_flags(draw, verb))]
    place = draw(st.integers(0, len(given) - 1))
    name, value = given[place]
    cut = draw(st.integers(0, len(value)))
    inserted = draw(_nasty_text)
    nasty = draw(st.sampled_from([inserted, value[:cut] + inserted + value[cut:], value[:cut]]))
    given[place] = (name, nasty)
    return Asked(_order(draw, verb, given), nasty=(name, nasty))


def _pick_flags(draw: st.DrawFn, verb: str) -> Sequence[str]:
    flags = [name for name in _FLAGS[verb] if name not in _OPTIONAL or draw(st.booleans())]
    contexts = draw(st.integers(0, 3)) if "context-id" in flags else 0
    return [*flags, *["context-id"] * contexts]


def _order(draw: st.DrawFn, verb: str, given: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Write flags and package in any order and either way."""
    parts: Parts = [_write(draw, name, value) for name, value in given]
    if "file" in _FLAGS[verb] or verb == "circleci":
        parts += draw(st.sampled_from(_PERMISSIONS))
    if draw(st.booleans()):
        parts.append(("--json",))
    return (verb, *(word for part in draw(st.permutations(parts)) for word in part))


def _write(draw: st.DrawFn, name: str, value: str) -> tuple[str, ...]:
    if name == "package":
        return (value,)
    flag = draw(st.sampled_from(_ALIASES.get(name, (name,))))
    return (f"--{flag}={value}",) if draw(st.booleans()) else (f"--{flag}", value)
