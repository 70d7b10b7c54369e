"""YAML by the 1.2 core rules: `off` and `12:30` stay texts, tags are refused, aliases are counted."""

import re
from typing import cast

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from speko_core.errors import InvalidInput
from speko_core.migration import limits
from speko_core.types import JsonValue

_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset({"str", "int", "float", "bool", "null", "seq", "map"})


class _CoreLoader(yaml.CSafeLoader):
    """The safe loader with the scalar rules of YAML 1.2 instead of 1.1."""


_CoreLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]{1,18}$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("merge", r"^<<$", "<"),
):
    _CoreLoader.add_implicit_resolver(f"{_CORE}{_tag}", re.compile(_pattern), list(_first))


def _integer(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)))


def _float(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> float:
    return float(str(loader.construct_scalar(node)))


_CoreLoader.add_constructor(f"{_CORE}int", _integer)
_CoreLoader.add_constructor(f"{_CORE}float", _float)


def parse_yaml(text: str, name: str) -> list[JsonValue]:
    """Every document of the stream.

    Raises:
        InvalidInput: malformed, tagged, too deep, too long, a doubled key, or aliases that would multiply.
    """
    try:
        _check_events(text, name)
        nodes = list(yaml.compose_all(text, Loader=_CoreLoader))
        for node in nodes:
            _check_keys(node, name)
        return [_plain(value) for value in yaml.load_all(text, Loader=_CoreLoader)]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidInput(f"{name} is not valid YAML: see line {line}.") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise InvalidInput(f"{name} is not valid YAML.") from None


def _check_events(text: str, name: str) -> None:
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    total = aliases = 0
    for event in yaml.parse(text, Loader=_CoreLoader):
        if isinstance(event, AliasEvent):
            aliases += 1
            total += sizes.get(str(event.anchor), limits.MAX_YAML_EVENTS + 1)
        elif isinstance(event, CollectionStartEvent):
            _check_tag(event.tag, name)
            open_nodes.append((event.anchor, total))
            total += 1
        elif isinstance(event, CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor:
                sizes[anchor] = total - before
        elif isinstance(event, ScalarEvent):
            _check_tag(event.tag, name)
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1
        if aliases > limits.MAX_YAML_ALIASES or total > limits.MAX_YAML_EVENTS:
            raise InvalidInput(f"{name} holds more values than a configuration has, or aliases that multiply.")
        if len(open_nodes) > limits.MAX_DEPTH:
            raise InvalidInput(f"{name} is nested deeper than {limits.MAX_DEPTH} levels.")


def _check_tag(tag: str | None, name: str) -> None:
    if tag is not None and tag != "!" and tag.removeprefix(_CORE) not in _TAGS:
        raise InvalidInput(f"{name} uses YAML tags, which are not read.")


def _check_keys(node: yaml.Node | None, name: str, seen: set[int] | None = None) -> None:
    seen = set() if seen is None else seen
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item, name, seen)
    elif isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        if len(set(keys)) != len(keys):
            raise InvalidInput(f"{name} has a key twice in one mapping, near line {node.start_mark.line + 1}.")
        for _, item in node.value:
            _check_keys(item, name, seen)


def _plain(value: object) -> JsonValue:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return cast(JsonValue, value)
    return str(value)
