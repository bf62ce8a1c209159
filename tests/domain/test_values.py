import pkgutil
from collections.abc import Iterator
from importlib import import_module

import bot
from bot.domain.values import Frozen


def kinds_of(kind: type[Frozen]) -> Iterator[type[Frozen]]:
    for each in kind.__subclasses__():
        yield each
        yield from kinds_of(each)


def test_what_reads_each_value_can_be_built() -> None:
    """It is built when it is first needed, so that no import tells that it cannot be."""
    for package in ("domain", "messages", "workflow"):
        for module in pkgutil.walk_packages([f"{bot.__path__[0]}/{package}"], f"bot.{package}."):
            import_module(module.name)
    kinds = {kind for kind in kinds_of(Frozen) if kind.__module__.startswith("bot.")}
    assert len(kinds) > 100
    for kind in kinds:
        kind.model_rebuild()
    assert [kind.__qualname__ for kind in kinds if not kind.__pydantic_complete__] == []
