"""Reading a policy file: TOML, with every mistake told by its line.

    file = admins | [people] | [limits] | [working_hours] | { [[rule]] }

Of all these `bot/policy.schema.json` is the JSON schema, made by `schema_of_file`.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError, field_validator

from bot.domain.mistakes import Mistake
from bot.domain.patterns import parse_selection
from bot.domain.policy import EXPECTED, Limits, PackagePolicy, Policy, Rule, Slack, WorkingHours
from bot.domain.values import Frozen

NpmUser = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.~-]*$", max_length=214)]


class PolicyFile(Frozen):
    """Who may ask npmtrust for which trusted publishers, and who decides. What is not allowed is refused."""

    model_config = ConfigDict(use_attribute_docstrings=True, title="npmtrust policy")

    admins: tuple[Slack, ...] = ()
    """Slack ids of admins, beside `NPMTRUST_ADMINS`."""
    people: Mapping[Slack, NpmUser] = {}
    """Which Slack person is which npm user: the proof of account links."""
    limits: Limits = Limits()
    """What one requester may have."""
    working_hours: WorkingHours = WorkingHours()
    """When people are reminded."""
    rule: tuple[Rule, ...] = Field((), max_length=1000)
    """The rules. The last that matches a package decides, and it alone; one that denies beats all."""

    @field_validator("people")
    @classmethod
    def _one_person_each(cls, people: Mapping[str, str]) -> Mapping[str, str]:
        twice = sorted({name for name in people.values() if list(people.values()).count(name) > 1})
        if twice:
            raise ValueError(f"one npm user belongs to one person: {', '.join(twice)}")
        return people

    @field_validator("rule")
    @classmethod
    def _readable_patterns(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        for number, rule in enumerate(rules):
            found = parse_selection(rule.packages)
            if isinstance(found, list):
                raise UnreadablePattern(number, found[0])
        return rules


class UnreadablePattern(ValueError):
    """A rule names packages that nobody can name."""

    def __init__(self, rule: int, mistake: Mistake) -> None:
        near = f"; did you mean {mistake.suggestion}" if mistake.suggestion else ""
        super().__init__(f"packages: {mistake.what} Expected {mistake.expected}, got {mistake.got!r}{near}")
        self.rule = rule


_MOST_LETTERS = 1_000_000
_TOKENS = re.compile(
    r"#[^\n]*"
    r'|"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*rule[ \t]*\]\]", re.MULTILINE)
_TABLES = "rules have to be written as [[rule]] tables, one below the other, so that they can be told apart by line"


def parse_policy(text: str, *, name: str) -> Policy | tuple[str, ...]:
    """Read a policy file; all that is wrong with it otherwise, a sentence each.

    Args:
        text: What stands in the file.
        name: The file's, for people.
    """
    if len(text) > _MOST_LETTERS:
        return (f"it is longer than {_MOST_LETTERS} letters",)
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as err:
        return (f"it is no TOML: {err}",)
    lines = find_rules(text)
    if len(lines) != len(_listed(document)):
        return (_TABLES,)
    try:
        found = PolicyFile.model_validate(document)
    except ValidationError as err:
        return tuple(dict.fromkeys(_sentences(err, lines)))
    rules = [PackagePolicy(**dict(rule), line=line) for rule, line in zip(found.rule, lines, strict=True)]
    return Policy(
        file=name,
        rules=tuple(rules),
        people=found.people,
        admins=frozenset(found.admins),
        limits=found.limits,
        working_hours=found.working_hours,
    )


def find_rules(text: str) -> tuple[int, ...]:
    """Find the lines of the `[[rule]]` headers, which tomllib does not tell; not those in strings and comments."""
    bare_text = _TOKENS.sub(lambda match: "\n" * match[0].count("\n"), text)
    return tuple(bare_text.count("\n", 0, match.start()) + 1 for match in _HEADER.finditer(bare_text))


def schema_of_file() -> str:
    """Write the JSON schema of the file, for editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **PolicyFile.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _listed(document: dict[str, Any]) -> list[Any]:
    rules = document.get("rule", [])
    return rules if isinstance(rules, list) else []


def _sentences(error: ValidationError, lines: tuple[int, ...]) -> list[str]:
    return [_sentence(dict(each), lines) for each in error.errors(include_url=False)]


def _sentence(error: dict[str, Any], lines: tuple[int, ...]) -> str:
    cause = error.get("ctx", {}).get("error")
    place = ("rule", cause.rule) if isinstance(cause, UnreadablePattern) else error["loc"]
    where = ".".join(str(part) if isinstance(part, str) else f"[{part}]" for part in place).replace(".[", "[")
    if place[0] == "rule" and len(place) > 1:
        number = int(place[1])
        where = f"line {lines[number]} (rule {number + 1})" + where.removeprefix(f"rule[{number}]").replace(
            ".", ": ", 1
        )
    return f"{where}: {_what(error)}"


def _what(error: dict[str, Any]) -> str:
    kind, came = error["type"], error["input"]
    if kind == "extra_forbidden":
        return "there is no such entry"
    if kind == "missing":
        return "it is missing"
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    wanted = EXPECTED.get(error.get("ctx", {}).get("pattern", ""))
    what = f"expected {wanted}" if wanted else error["msg"]
    return f"{what}, got {came!r}"[:300] if isinstance(came, str | int | float) else str(what)
