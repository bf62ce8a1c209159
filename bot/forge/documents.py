"""YAML as plain data, within limits: a workflow file comes from outside, and a few lines can stand for gigabytes.

The tree is built from PyYAML's events, so that nothing is copied, merged or recursed into before it is counted; and so
that keys stay text: `on` is a boolean to YAML 1.1. Scalars are text as well: `22` is "22", and `22.10` is "22.1", which
is what GitHub makes of it.
"""

from collections.abc import Iterator
from typing import Any, Final

import yaml

from bot.forge.contents import Allowance, NotUnderstood

DEEPEST: Final = 60

MOST_DIRECTIVES: Final = 100
"""`%TAG` of YAML, which no workflow has: libyaml compares each with each, and nothing else can run meanwhile."""

_FLOAT: Final = "tag:yaml.org,2002:float"
_NULL: Final = "tag:yaml.org,2002:null"
_MERGE: Final = "<<"
_HEADER: Final = "spec"
_DIRECTIVE: Final = "%TAG"

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_document(text: str, allowance: Allowance | None = None) -> dict[str, Any]:
    """Read a YAML mapping; of a file with a header of GitLab's (`spec:` and a line `---`), both parts as one.

    Raises:
        NotUnderstood: It is none, or larger than any workflow.
    """
    if text.count(_DIRECTIVE) > MOST_DIRECTIVES:
        raise NotUnderstood("it is larger than any workflow")
    loader = _LOADER(text)
    try:
        builder = _Builder(_list_events(loader), loader, allowance or Allowance())
        document = builder.build()
        if isinstance(document, dict) and document.keys() == {_HEADER}:
            body = builder.build()
            document |= {key: body[key] for key in body if key != _HEADER} if isinstance(body, dict) else {}
    except yaml.MarkedYAMLError as err:
        line = f" in line {err.problem_mark.line + 1}" if err.problem_mark else ""
        raise NotUnderstood(f"it is no valid YAML{line}") from err
    except (yaml.YAMLError, ValueError) as err:
        raise NotUnderstood("it is no valid YAML") from err
    finally:
        loader.dispose()
    if not isinstance(document, dict):
        raise NotUnderstood("it holds no mapping")
    return document


def _list_events(loader: Any) -> Iterator[yaml.Event]:  # noqa: ANN401 -- two classes without a common base
    while loader.check_event():
        yield loader.get_event()


class _Builder:
    """Builds one document after the other of a stream of events."""

    def __init__(self, events: Iterator[yaml.Event], resolver: Any, allowance: Allowance) -> None:  # noqa: ANN401 -- as above
        self._events = events
        self._resolver = resolver
        self._allowance = allowance
        self._anchors: dict[str, tuple[Any, int, int]] = {}

    def build(self) -> Any:  # noqa: ANN401 -- foreign YAML
        """Build the next document; None: there is no more."""
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                return self._build(event, 0)
        return None

    def _build(self, event: yaml.Event, depth: int) -> Any:  # noqa: ANN401 -- foreign YAML
        if depth > DEEPEST:
            raise NotUnderstood("it is nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise NotUnderstood("it names an anchor that is not there")
            value, nodes, letters = self._anchors[event.anchor]
            self._allowance.take(nodes, letters)
            return value
        nodes, letters = self._allowance.nodes, self._allowance.letters
        self._allowance.take(1, len(getattr(event, "value", None) or ""))
        value = self._build_node(event, depth)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = (value, nodes - self._allowance.nodes, letters - self._allowance.letters)
        return value

    def _build_node(self, event: yaml.Event, depth: int) -> Any:  # noqa: ANN401 -- foreign YAML
        if isinstance(event, yaml.MappingStartEvent):
            return self._build_mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(following := next(self._events), yaml.SequenceEndEvent):
                items.append(self._build(following, depth + 1))
            # A list with a tag of the provider's own, `!reference [.setup, script]`, stands for something else.
            return f"{event.tag} of another place" if event.tag and event.tag.startswith("!") else items
        return self._read_scalar(event)

    def _build_mapping(self, depth: int) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        while not isinstance(following := next(self._events), yaml.MappingEndEvent):
            key = self._build(following, depth + 1)
            value = self._build(next(self._events), depth + 1)
            if key == _MERGE:
                for base in reversed(value) if isinstance(value, list) else [value]:
                    merged |= base if isinstance(base, dict) else {}
            elif isinstance(key, str) or key is None:
                own[key or ""] = value
        return merged | own

    def _read_scalar(self, event: Any) -> str | None:  # noqa: ANN401 -- PyYAML's events have no declared fields
        tag = self._resolver.resolve(yaml.ScalarNode, event.value, event.implicit) if event.tag is None else event.tag
        if tag == _NULL:
            return None
        if tag == _FLOAT:
            try:
                return repr(float(event.value))
            except ValueError:
                return str(event.value)
        return str(event.value)
