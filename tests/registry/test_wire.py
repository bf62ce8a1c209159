import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.publishers import Configuration
from bot.registry.wire import read_complaint, read_configurations, to_plain_words

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["id", "claims", "message"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("entry", "claims"),
    [
        # npm's own fixtures have the environment beside the claims
        ({"claims": {"repository": "a/b"}, "environment": "prod"}, {"repository": "a/b", "environment": "prod"}),
        ({"environment": "prod"}, {"environment": "prod"}),
        ({"claims": {"environment": "inner"}, "environment": "outer"}, {"environment": "inner"}),
        ({"claims": {"repository": "a/b"}, "environment": None}, {"repository": "a/b"}),
        ({"claims": {"repository": "a/b"}, "environment": ""}, {"repository": "a/b"}),
        ({"claims": None}, {}),
        ({}, {}),
        # what we do not know is kept
        ({"claims": {"custom": {"deep": [1, None]}}}, {"custom": {"deep": [1, None]}}),
    ],
)
def test_claims_are_kept_and_an_environment_finds_its_place(
    entry: dict[str, object], claims: dict[str, object]
) -> None:
    found = read_configurations({"id": "1", "type": "other", **entry})
    assert found == (Configuration(id="1", type="other", claims=claims),)


def test_types_permissions_and_fields_that_we_do_not_know_are_kept() -> None:
    found = read_configurations([{"id": 7, "type": "buildkite", "permissions": ["distTag"], "validated": True}])
    [kept] = found or ()
    assert kept == Configuration(id="7", type="buildkite", permissions=("distTag",), other={"validated": True})
    assert Configuration.model_validate_json(kept.model_dump_json()) == kept


def test_ten_configurations_keep_their_order() -> None:
    found = read_configurations([{"id": str(number), "type": "github"} for number in range(10)])
    assert found is not None
    assert [configuration.id for configuration in found] == [str(number) for number in range(10)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "why", "error": "what"}, "why"),
        ({"message": "", "error": "what"}, "what"),
        ({"message": None, "error": "what"}, "what"),
        ({"message": "\x00\x1b[31m red \u200b\u202e"}, "[31m red"),
        ({"error": {"code": 1}}, ""),
        ([], ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_a_complaint_is_npms_message_before_its_error(body: object, words: str) -> None:
    assert read_complaint(body) == words


@given(JSON)
def test_any_json_can_be_read(document: object) -> None:
    found = read_configurations(document)
    assert found is None or all(isinstance(entry, Configuration) for entry in found)
    assert isinstance(read_complaint(document), str)


@given(st.text())
def test_words_are_short_and_print_on_one_line(text: str) -> None:
    words = to_plain_words(text)
    assert len(words) <= 500
    assert words.isprintable()
    assert words == words.strip()
