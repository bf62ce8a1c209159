"""Reading a policy file: every mistake has its line."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.policy import NO_POLICY, Policy
from bot.domain.policy_file import find_rules, parse_policy, schema_of_file

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "policy.toml"
RULE = '[[rule]]\npackages = ["@acme/*"]\n'


def mistakes_of(text: str) -> str:
    found = parse_policy(text, name="policy.toml")
    assert isinstance(found, tuple)
    return "; ".join(found)


def test_the_example_is_right_and_refuses_an_unstated_permission() -> None:
    text = EXAMPLE.read_text()
    found = parse_policy(text, name=EXAMPLE.name)
    assert isinstance(found, Policy)
    lines = text.splitlines()
    assert [lines[rule.line - 1] for rule in found.rules] == ["[[rule]]"] * 3
    assert found.policy_of("@acme/ui").unstated_permission == "refuse"
    assert found.policy_of("@acme/core").quorum == 2
    assert found.policy_of("@acme/Legacy").deny
    assert found.policy_of("left-pad").is_missing
    assert found.admins == {"U0OTTO", "U0OLGA"}


def test_the_schema_that_is_shipped_is_that_of_the_code() -> None:
    assert (ROOT / "bot" / "policy.schema.json").read_text() == schema_of_file()


def test_an_empty_file_is_a_policy_that_allows_nothing() -> None:
    found = parse_policy("", name="policy.toml")
    assert isinstance(found, Policy)
    assert found.policy_of("@acme/ui").is_missing


def test_a_rule_that_says_nothing_allows_nothing() -> None:
    found = parse_policy(RULE, name="policy.toml")
    assert isinstance(found, Policy)
    policy = found.policy_of("@acme/ui")
    assert (policy.reviewers, policy.quorum, policy.repositories) == ((), 0, ())
    assert policy.fingerprint != NO_POLICY.fingerprint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]\n", "it is no TOML: "),
        ("rule = 5\n", "rule"),
        ('rule = [{packages = ["*"]}]\n', "rules have to be written as [[rule]] tables"),
        ('[["rule"]]\npackages = ["*"]\n', "rules have to be written as [[rule]] tables"),
        ("unknown = 1\n", "unknown: there is no such entry"),
        (f"\n\n{RULE}reviewer = []\n", "line 3 (rule 1): reviewer: there is no such entry"),
        (f"{RULE}\n[[rule]]\nquorum = 1\n", "line 4 (rule 2): packages: it is missing"),
        (f"{RULE}quorum = -1\n", "line 1 (rule 1): quorum: "),
        (f"{RULE}quorum = 'two'\n", "line 1 (rule 1): quorum: "),
        (f"{RULE}reviewers = ['otto']\n", "line 1 (rule 1): reviewers[0]: expected `maintainers`"),
        (f"{RULE}reviewers = ['*']\n", "line 1 (rule 1): reviewers[0]: "),
        (f"{RULE}channel = 'general'\n", "line 1 (rule 1): channel: expected the id of a channel"),
        (f"{RULE}repositories = ['a b']\n", "line 1 (rule 1): repositories[0]: "),
        ('[[rule]]\npackages = ["@acme"]\n', "line 1 (rule 1): packages: This is a scope, not its packages."),
        ('[[rule]]\npackages = ["!@acme/*"]\n', "line 1 (rule 1): packages: This says only what to leave out."),
        ("[[rule]]\npackages = []\n", "line 1 (rule 1): packages: "),
        ('[people]\nU0A = "a"\nU0B = "a"\n', "people: one npm user belongs to one person: a"),
        ('[people]\notto = "a"\n', "people."),
        ('[working_hours]\nbegin = "17:00"\nend = "09:00"\n', "working_hours: they end before they begin"),
        ("[limits]\nopen_change_sets = 0\n", "limits.open_change_sets: "),
        ("x" * 1_000_001, "it is longer than"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, said: str) -> None:
    assert said in mistakes_of(text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (RULE + RULE, (1, 3)),
        ("# [[rule]]\n" + RULE, (2,)),
        (f'admins = []  # a """\n  [[ rule ]]  # one\npackages = ["a"]\n{RULE}', (2, 4)),
        (f'[[rule]]\npackages = ["a"]\ndeny = """\n[[rule]]\n\\"""\n"""\n{RULE}', (1, 7)),
        (f"[[rule]]\npackages = ['a']\ndeny = '''\n[[rule]]\n'''\n{RULE}", (1, 6)),
        (f'[[rule]]\npackages = ["a"]\ndeny = "a # \\" [[rule]]"\n{RULE}', (1, 4)),
    ],
)
def test_the_lines_of_rules_are_found(text: str, lines: tuple[int, ...]) -> None:
    assert find_rules(text) == lines
    assert len(tomllib.loads(text)["rule"]) == len(lines)


_BITS = st.sampled_from(
    ["[[rule]]\n", "# [[rule]]\n", 'a{} = """\n[[rule]]\n"""\n', "a{} = '[[rule]]'\n", "\n", "a{} = 1 # '''\n"]
)


@given(st.lists(_BITS, max_size=12))
def test_the_lines_are_those_of_the_rules_that_toml_sees(bits: list[str]) -> None:
    text = "".join(bit.format(number) for number, bit in enumerate(bits))
    seen = tomllib.loads(text).get("rule", [])
    found = find_rules(text)
    assert len(found) == len(seen)
    assert all(text.splitlines()[line - 1] == "[[rule]]" for line in found)
