"""Templates in the values of a provider's flags, so that one line serves many packages.

template = "{name}" | "{unscoped}"      of `@acme/ui`: `@acme/ui` and `ui`
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName

NAMES = ("name", "unscoped")
_TEMPLATE = re.compile(r"\{([A-Za-z_-]{1,30})\}")


def has_template(text: str) -> bool:
    """Tell whether something in a value stands for a part of a package's name."""
    return any(name in NAMES for name in _TEMPLATE.findall(text))


def fill_template(text: str, package: str) -> str:
    """Put a package's name in the place of each template. What is no template of ours stays as it is."""
    values = {"name": package, "unscoped": package.rpartition("/")[2]}
    return _TEMPLATE.sub(lambda found: values.get(found[1], found[0]), text)


def fill_fields(fields: Mapping[str, Iterable[str]], package: PackageName) -> dict[str, tuple[str, ...]]:
    """Fill the templates in all values."""
    return {name: tuple(fill_template(value, package) for value in values) for name, values in fields.items()}


def uses_templates(fields: Mapping[str, Iterable[str]]) -> bool:
    """Tell whether any value holds a template."""
    return any(has_template(value) for values in fields.values() for value in values)


def check_template(text: str, field: str) -> Mistake | None:
    """Tell of a word in braces that is no template."""
    for name in _TEMPLATE.findall(text):
        if name not in NAMES:
            near = "".join(get_close_matches(name.lower(), NAMES, 1))
            return Mistake(
                what=f"There is no template {{{name}}}.",
                expected="{name}, or {unscoped}: the name without its scope",
                got=text,
                suggestion=text.replace(f"{{{name}}}", f"{{{near}}}") if near else "",
                field=field,
            )
    return None
