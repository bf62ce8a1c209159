"""The commands that mean one configuration of each package, by its id or its repository: `revoke` and `replace`."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from bot.domain.command_arguments import (
    FROM_REPOSITORY,
    IDENTIFIER,
    PUBLISHER_SWITCHES,
    REASON,
    REGISTRY,
    SWITCHES,
    Arguments,
    read_arguments,
)
from bot.domain.command_line import PERMISSION_FLAGS, YES_REMARK
from bot.domain.command_tokens import Word, read_flag
from bot.domain.commands import Command, ReplaceTrust, RevokeTrust
from bot.domain.flags import Fields
from bot.domain.mistakes import Mistake
from bot.domain.publishers import PROVIDERS, Permission, Provider

WITH = "with"
"""Between what is replaced and what takes its place."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PROVIDERS: Mapping[str, Provider] = {"gh": Provider.GITHUB, **{provider.value: provider for provider in Provider}}
_SELECTORS = frozenset(name for flag in (IDENTIFIER, FROM_REPOSITORY) for name in (flag.name, *flag.aliases))

Found: TypeAlias = tuple[Command, list[Mistake]]
"""The command as it could be right, and what is wrong with the one that was written."""


class _Split(NamedTuple):
    """A line without `with github`."""

    words: list[Word]
    provider: Provider
    mistake: Mistake | None = None


def remarks_of(arguments: Arguments) -> tuple[str, ...]:
    """Say what was accepted and means nothing here."""
    return (YES_REMARK,) if arguments.switches.get("yes") else ()


def permissions_of(arguments: Arguments) -> tuple[Permission, ...]:
    """Tell the permissions that were named."""
    return tuple(permission for permission, flag in PERMISSION_FLAGS.items() if arguments.switches.get(flag))


def _read_revoke(words: list[Word]) -> Found:
    flags = (IDENTIFIER, FROM_REPOSITORY, REASON, REGISTRY)
    arguments = read_arguments(words, flags, SWITCHES)
    values = _select(arguments, arguments.settle(flags), "revoke")
    packages = arguments.settle_packages()
    command = RevokeTrust(
        packages=packages.names,
        selection=packages.selection,
        configuration_id="".join(values.get(IDENTIFIER.name, ())),
        from_repository="".join(values.get(FROM_REPOSITORY.name, ())),
        reason="".join(values.get(REASON.name, ())),
        dry_run=arguments.switches.get("dry-run", False),
        as_json=arguments.switches.get("json", False),
        registry="".join(values.get(REGISTRY.name, ())),
        remarks=remarks_of(arguments),
    )
    return command, arguments.mistakes


def _read_replace(words: list[Word]) -> Found:
    split = _take_provider(words)
    spec = PROVIDERS[split.provider]
    flags = (IDENTIFIER, FROM_REPOSITORY, *spec.flags, REASON, REGISTRY)
    arguments = read_arguments(split.words, flags, PUBLISHER_SWITCHES)
    if split.mistake:
        arguments.mistakes.insert(0, split.mistake)
    values = _select(arguments, arguments.settle(flags), "replace")
    stated = permissions_of(arguments)
    packages = arguments.settle_packages()
    command = ReplaceTrust(
        packages=packages.names,
        selection=packages.selection,
        configuration_id="".join(values.get(IDENTIFIER.name, ())),
        from_repository="".join(values.get(FROM_REPOSITORY.name, ())),
        provider=split.provider,
        fields={flag.name: values[flag.name] for flag in spec.flags if flag.name in values},
        permissions=stated or (Permission.PUBLISH,),
        permissions_stated=bool(stated),
        reason="".join(values.get(REASON.name, ())),
        dry_run=arguments.switches.get("dry-run", False),
        as_json=arguments.switches.get("json", False),
        registry="".join(values.get(REGISTRY.name, ())),
        remarks=remarks_of(arguments),
    )
    return command, arguments.mistakes


def _select(arguments: Arguments, values: Fields, verb: str) -> Fields:
    """See to it that there is exactly one selector; an id that stands alone among the packages is meant as one."""
    if (IDENTIFIER.name in values) != (FROM_REPOSITORY.name in values):
        return values
    mistake = Mistake(
        what=f"ID of the trusted relationship to {verb} must be specified with the --id option, or its repository.",
        expected=f"either {IDENTIFIER.usage} or {FROM_REPOSITORY.usage}",
        got="both" if values.get(IDENTIFIER.name) else "",
        field=IDENTIFIER.name,
    )
    if IDENTIFIER.name in values:
        arguments.mistakes.append(mistake)
        return {name: value for name, value in values.items() if name != FROM_REPOSITORY.name}
    alone = next(filter(_UUID.fullmatch, arguments.positionals), "")
    arguments.positionals = [text for text in arguments.positionals if text != alone]
    suggestion = f"--{IDENTIFIER.name} {alone}" if alone else ""
    arguments.mistakes.append(mistake.model_copy(update={"suggestion": suggestion}))
    return {**values, IDENTIFIER.name: (alone or IDENTIFIER.placeholder,)}


def _take_provider(words: list[Word]) -> _Split:
    """Take `with github` out of a line; where there is none, what was likely meant.

    The words may also stand in a reason without quotes, or be names of packages: those after the selector count first.
    """
    pairs = [at for at, word in enumerate(words[:-1]) if _is_with(word) and _provider_of(words[at + 1])]
    selectors = (at for at, word in enumerate(words) if (flag := read_flag(word)) and flag.name in _SELECTORS)
    begin = next(selectors, 0)
    for at in [*(at for at in pairs if at > begin), *pairs][:1]:
        return _Split([*words[:at], *words[at + 2 :]], _provider_of(words[at + 1]) or Provider.GITHUB)
    return _guess_provider(words)


def _guess_provider(words: list[Word]) -> _Split:
    """Find a provider that is written wrong, or without the word before it."""
    mistake = Mistake(
        what=f"What takes its place must be specified after the word {WITH}.",
        expected=f"{WITH} github, {WITH} gitlab or {WITH} circleci, then its flags",
        got="",
        field="provider",
    )
    rest, typed = list(words), ""
    named = next((word for word in rest if _provider_of(word)), None)
    after = next((at for at, word in enumerate(rest) if _is_with(word)), None)
    if named is not None:
        rest.remove(named)
        typed = named.text
    elif after is not None and after + 1 < len(rest) and read_flag(rest[after + 1]) is None:
        typed = rest.pop(after + 1).text
    if after is not None:
        rest = [word for word in rest if not _is_with(word)]
    near = "".join(get_close_matches(typed.lower(), _PROVIDERS, 1))
    suggestion = f"{WITH} {_PROVIDERS[near]}" if near else ""
    told = mistake.model_copy(update={"got": typed, "suggestion": suggestion})
    return _Split(rest, _PROVIDERS.get(near, Provider.GITHUB), told)


def _is_with(word: Word) -> bool:
    return not word.quoted and word.text.lower() == WITH


def _provider_of(word: Word) -> Provider | None:
    return None if word.quoted else _PROVIDERS.get(word.text.lower())


SELECTOR_READERS: Mapping[str, Callable[[list[Word]], Found]] = MappingProxyType(
    {"revoke": _read_revoke, "replace": _read_replace}
)
