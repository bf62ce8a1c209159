"""Templates in the values of flags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName
from bot.domain.publishers import PROVIDERS, Provider
from bot.domain.templates import check_template, fill_fields, fill_template, has_template, uses_templates


@pytest.mark.parametrize(
    ("text", "package", "filled"),
    [
        ("{unscoped}.yml", "@acme/ui", "ui.yml"),
        ("{unscoped}.yml", "left-pad", "left-pad.yml"),
        ("{name}", "@acme/ui", "@acme/ui"),
        ("acme/{unscoped}-{unscoped}", "@acme/ui", "acme/ui-ui"),
        # what is no template of ours stays, and is filled only once
        ("{scope}{{name}}{}", "@acme/ui", "{scope}{@acme/ui}{}"),
        ("{Name} { name }", "@acme/ui", "{Name} { name }"),
    ],
)
def test_a_template_is_filled_with_the_packages_name(text: str, package: str, filled: str) -> None:
    assert fill_template(text, package) == filled


def test_fields_are_filled_one_by_one() -> None:
    fields = {"file": ("release.yml",), "repo": ("acme/{unscoped}",)}
    assert uses_templates(fields)
    filled = fill_fields(fields, PackageName("@acme/ui"))
    assert filled == {"file": ("release.yml",), "repo": ("acme/ui",)}
    assert not uses_templates(filled)


@given(st.text("{}name-unscoped x", max_size=40), st.sampled_from(["@acme/ui", "left-pad"]))
def test_nothing_is_left_to_fill_and_nothing_else_is_touched(text: str, package: str) -> None:
    filled = fill_template(text, package)
    assert not has_template(filled)
    assert has_template(text) or filled == text


def test_a_word_in_braces_that_is_no_template_is_a_mistake_with_the_nearest_one() -> None:
    mistake = check_template("{unscopd}.yml", "file")
    assert mistake is not None
    assert (mistake.suggestion, mistake.field) == ("{unscoped}.yml", "file")
    assert check_template("{name}{unscoped}", "file") is None


def test_a_publisher_is_never_made_with_a_template_left_in_it() -> None:
    spec = PROVIDERS[Provider.GITHUB]
    fields = {"repo": ("acme/{unscoped}",), "file": ("{unscoped}.yml",)}
    assert spec.check(fields) == []
    left = spec.build(fields)
    assert isinstance(left, Mistake)
    assert left.what == "A template was not filled in."
    publisher = spec.build(fill_fields(fields, PackageName("@acme/ui")))
    assert not isinstance(publisher, Mistake)
    assert publisher.label == "acme/ui → ui.yml"
