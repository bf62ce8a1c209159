"""From rows to packages: defaults filled in, patterns resolved, values checked, doubles merged, contradictions told."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

from bot.domain.batch import Wanted
from bot.domain.bulk import MOST_ROWS, Checked, Defaults, Fault, Sheet, Unit, Wish, shorten, too_many_fault, whole_fault
from bot.domain.mistakes import Mistake
from bot.domain.packages import PackageName
from bot.domain.patterns import Selection
from bot.domain.publishers import PROVIDERS, Permission, Provider, claims_overlap
from bot.domain.templates import fill_fields

NamesOf: TypeAlias = Callable[[Selection], Sequence[str]]
"""The known packages of a selection, in their order."""

_OWN = "own/repository"
"""Stands for the repository that a package names itself."""
_NO_FILE = Mistake(
    what="No workflow file is named.",
    expected="one such as release.yml: in the form, under Workflow file, or in a column file",
    got="",
    field="file",
)
_COLUMN_OF = {"repo": "repository", "project": "repository"}


def check_sheet(
    sheet: Sheet,
    defaults: Defaults,
    *,
    names_of: NamesOf,
    is_our_registry: Callable[[str], bool],
    hidden: frozenset[str] = frozenset(),
) -> Checked:
    """Find out what is asked for each package, and all that is in the way.

    Args:
        sheet: What was read.
        defaults: What the form says.
        names_of: Resolves patterns.
        is_our_registry: Tells whether `--registry` names the configured one.
        hidden: Names that only accounts see: what a pattern finds of them is not told here.
    """
    settled = _settle_all(sheet, defaults, names_of, is_our_registry, hidden)
    if settled is None:
        return Checked(unit=sheet.unit, faults=(too_many_fault(f"more than {MOST_ROWS:,} packages"),))
    found, faults = settled
    first = _merge(found)
    distinct = list(first.values())
    against = list(_contradictions(distinct))
    faults += [_contradiction(sheet.unit, wanted, other) for wanted, other in against]
    out = {_content(wanted) for wanted, _ in against}
    if not distinct and not faults:
        faults.append(whole_fault("No package is named here.", "packages, patterns such as @acme/*, or lines"))
    fine = tuple(wanted for key, wanted in first.items() if key not in out)
    if not fine:
        faults = _told_once(faults)
    return Checked(
        unit=sheet.unit,
        wanted=fine,
        faults=tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.row)),
        merged=len(found) - len(distinct),
        remarks=sheet.remarks,
    )


def _settle_all(
    sheet: Sheet,
    defaults: Defaults,
    names_of: NamesOf,
    is_our_registry: Callable[[str], bool],
    hidden: frozenset[str],
) -> tuple[list[Wanted], list[Fault]] | None:
    """Find what each row asks for, and what is wrong with it; None: these are more packages than may be asked for."""
    faults, found = list(sheet.faults), list[Wanted]()
    for wish in sheet.wishes:
        if wish.registry and not is_our_registry(wish.registry):
            faults.append(_fault(wish, _other_registry(wish.registry)))
            continue
        packages = [wish.package] if wish.package else [PackageName(name) for name in _resolve(wish, names_of)]
        if not packages:
            faults.append(_fault(wish, _nothing_known(wish)))
        if len(found) + len(packages) > MOST_ROWS:
            return None
        for package in packages:
            wanted, mistakes = _settle(wish, package, defaults)
            if wish.selection and package in hidden and package not in wish.selection.names:
                wanted = wanted.model_copy(update={"hidden": True})
                mistakes = [each.model_copy(update={"got": wish.selection.text}) for each in mistakes]
            faults += [_fault(wish, mistake) for mistake in mistakes]
            found += [wanted] if not mistakes else []
    return found, faults


def _merge(found: Iterable[Wanted]) -> dict[str, Wanted]:
    """Keep one of those that ask for the same, by what they ask for."""
    first: dict[str, Wanted] = {}
    for wanted in found:
        known = first.setdefault(_content(wanted), wanted)
        if known.hidden and not wanted.hidden:
            first[_content(wanted)] = wanted  # who names it may be told of it
    return first


def check_defaults(defaults: Defaults) -> list[Mistake]:
    """List what is wrong with what the form says for all; what no row may need is not missing."""
    spec = PROVIDERS[defaults.provider]
    return [mistake for mistake in spec.check(defaults.fields) if mistake.got]


def _resolve(wish: Wish, names_of: NamesOf) -> Sequence[str]:
    return names_of(wish.selection) if wish.selection else ()


def _settle(wish: Wish, package: PackageName, defaults: Defaults) -> tuple[Wanted, list[Mistake]]:
    """Fill in what a row leaves open, for one package."""
    wanted = Wanted(
        package=package,
        verb=wish.verb,
        provider=wish.provider,
        fields=wish.fields,
        permissions=wish.permissions,
        configuration_id=wish.configuration_id,
        from_repository=wish.from_repository,
        row=wish.row,
    )
    if wish.verb == "revoke":
        return wanted, []
    provider = wish.provider or defaults.provider
    fields = _with_source(wish.fields, provider)
    permissions = wish.permissions
    if not wish.is_whole:
        fields = {**(defaults.fields if provider == defaults.provider else {}), **fields}
        permissions = permissions or defaults.permissions
    known = {flag.name for flag in PROVIDERS[provider].flags}
    filled = fill_fields({name: values for name, values in fields.items() if name in known}, package)
    mistakes = [*_foreign(fields, known, provider), *PROVIDERS[provider].check(filled)]
    if not wish.is_whole:
        mistakes = [_without_flags(mistake) for mistake in mistakes]
    changes = {"provider": provider, "fields": filled, "permissions": permissions}
    return wanted.model_copy(update=changes), mistakes


def _with_source(fields: dict[str, tuple[str, ...]], provider: Provider) -> dict[str, tuple[str, ...]]:
    """Call the repository of a table as the provider's flag is called."""
    flag = PROVIDERS[provider].source_flag
    return {flag if name == "repository" else name: values for name, values in fields.items()}


def _foreign(fields: Iterable[str], known: Iterable[str], provider: Provider) -> Iterator[Mistake]:
    for name in fields:
        if name not in known:
            title = PROVIDERS[provider].title
            yield Mistake(what=f"{title} has no {name}.", expected="nothing here", got=name, field=name)


def _without_flags(mistake: Mistake) -> Mistake:
    """Say where to write what is missing: names and rows of a table have no flags."""
    if mistake.got:
        return mistake
    if mistake.field == _NO_FILE.field:
        return _NO_FILE
    return mistake.model_copy(update={"expected": f"a column {mistake.field}"})


def _told_once(faults: Sequence[Fault]) -> list[Fault]:
    """Say once of all that the form names no workflow file: that is one slip, however many names were pasted."""
    lacking = [fault for fault in faults if fault.mistake == _NO_FILE]
    if len(lacking) < 2:  # noqa: PLR2004 -- of one, the place can be told
        return list(faults)
    what = f"No workflow file is named for {len({fault.row for fault in lacking}):,} of these."
    whole = Fault(row=0, column=_NO_FILE.field, mistake=_NO_FILE.model_copy(update={"what": what}))
    return [whole, *(fault for fault in faults if fault.mistake != _NO_FILE)]


def _fault(wish: Wish, mistake: Mistake) -> Fault:
    told = mistake.model_copy(update={"got": shorten(mistake.got)})
    return Fault(row=wish.row, column=_COLUMN_OF.get(mistake.field, mistake.field), mistake=told)


def _other_registry(registry: str) -> Mistake:
    what = "This line is for another registry than mine."
    return Mistake(what=what, expected="the line without --registry", got=registry, field="registry")


def _nothing_known(wish: Wish) -> Mistake:
    text = wish.selection.text if wish.selection else ""
    what = "I know no package like this."
    expected = "a pattern of packages that npm's search finds, or their names"
    return Mistake(what=what, expected=expected, got=text, field="package")


def _content(wanted: Wanted) -> str:
    """What it asks for, wherever it stands: the order of permissions and of fields means nothing."""
    document = wanted.model_dump(mode="json", exclude={"row", "hidden"})
    document["permissions"] = sorted(wanted.permissions or (Permission.PUBLISH,))
    document["fields"] = sorted((name, list(values)) for name, values in wanted.fields.items())
    return repr(sorted(document.items()))


def _contradictions(found: Sequence[Wanted]) -> Iterator[tuple[Wanted, Wanted]]:
    """Compare what is asked for the same package: npm takes no two configurations that one token could match."""
    by_package: dict[PackageName, list[Wanted]] = {}
    for wanted in found:
        by_package.setdefault(wanted.package, []).append(wanted)
    for several in by_package.values():
        for one, other in combinations(several[:_MOST_COMPARED], 2):
            if _contradict(one, other):
                yield from ((one, other), (other, one))
        yield from ((wanted, several[0]) for wanted in several[_MOST_COMPARED:])


_MOST_COMPARED = 10
"""npm takes ten configurations of a package."""


def _contradict(one: Wanted, other: Wanted) -> bool:
    selectors = [wanted.configuration_id or wanted.from_repository for wanted in (one, other)]
    if selectors[0] and selectors[0] == selectors[1]:
        return True
    claims = [_claims(wanted) for wanted in (one, other)]
    return claims[0] is not None and claims[1] is not None and claims_overlap(*claims[0], *claims[1])


def _claims(wanted: Wanted) -> tuple[str, dict[str, object]] | None:
    if wanted.provider is None:
        return None
    publisher = PROVIDERS[wanted.provider].build(wanted.fields, _OWN)
    return None if isinstance(publisher, Mistake) else (wanted.provider.value, publisher.to_claims())


def _contradiction(unit: Unit, wanted: Wanted, other: Wanted) -> Fault:
    mistake = Mistake(
        what=f"{unit.value.capitalize()} {other.row} asks for something else for the same package.",
        expected="one of them; to put one configuration in the place of another: replace",
        got="" if wanted.hidden else wanted.package,
        field="package",
    )
    return Fault(row=wanted.row, column="package", mistake=mistake)
