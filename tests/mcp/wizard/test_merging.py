"""Editing configuration files: only our entry changes, and taking it out again gives back the same bytes."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speko_core.types import JsonObject, JsonValue
from speko_mcp.cli.merging.document import Document, Unreadable, find
from speko_mcp.cli.merging.jsonc import Jsonc
from speko_mcp.cli.merging.merge import put_entry, take_entry
from speko_mcp.cli.merging.toml import Toml
from speko_mcp.cli.merging.yaml import Yaml

PATH = ("servers", "speko")
OURS: JsonObject = {"url": "http://127.0.0.1:8484/mcp", "headers": {"Authorization": "Bearer ${KEY}"}, "on": True}
MOVED: JsonObject = {"url": "https://speko.example/mcp", "on": True}
OWNED = (("headers", "Authorization"),)

names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=8).filter(
    lambda name: name != "speko"
)
words = st.text(string.ascii_letters + " #\"'{}[],:/*\\é", max_size=12)
plain = st.one_of(st.booleans(), st.integers(-(10**6), 10**6), words)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
objects = st.dictionaries(names, values, max_size=4)
comments = st.sampled_from(["", " // its own", " /* one */", "\n// alone", "\n  /* two\n lines */"])


@st.composite
def jsonc_texts(draw: st.DrawFn) -> str:
    """A file as a person would write it: any indent, comments, trailing commas, either line ending."""
    servers = draw(objects.filter(bool))
    root: dict[str, JsonValue] = {**draw(objects), "servers": servers, **draw(objects)}
    root["servers"] = servers
    indent = draw(st.sampled_from([None, 2, 4, "\t"]))
    lines = json.dumps(root, indent=indent, ensure_ascii=False).split("\n")
    if indent is not None:
        lines = [line + (draw(comments) if line.endswith((",", "{")) else "") for line in lines]
        if draw(st.booleans()):
            lines = [
                line + "," if line.endswith(("}", "]")) and following.strip()[:1] in ("}", "]") else line
                for line, following in zip(lines, [*lines[1:], ""], strict=True)
            ]
    text = draw(st.sampled_from(["", "// mine\n"])) + "\n".join(lines) + draw(st.sampled_from(["", "\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def _toml_value(value: JsonValue) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml_value(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@st.composite
def toml_texts(draw: st.DrawFn) -> str:
    """Tables with comments between and behind, and a long string that looks like a table."""
    note = st.sampled_from(["", "# note\n", "\n", "\n# note\n\n"])
    text = draw(note) + "".join(f"k{at} = {_toml_value(draw(values))} # why\n" for at in range(draw(st.integers(0, 2))))
    for name in draw(st.lists(names, max_size=3, unique=True)):
        text += f"{draw(note)}[servers.{name}]\nurl = {_toml_value(draw(words))}\n{draw(note)}"
    if draw(st.booleans()):
        text += '[trap]\ntext = """\n[servers.speko]\nurl = 1\n"""\n' + draw(note)
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@st.composite
def yaml_texts(draw: st.DrawFn) -> str:
    """Block mappings with comments, at either indent."""
    space = " " * draw(st.sampled_from([2, 4]))
    note = st.sampled_from(["", "# note\n", "\n"])
    text = draw(note) + f"before: {json.dumps(draw(words))}\nservers: # mine\n"
    for name in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        text += f'{space}"{name}":\n{space * 2}url: {json.dumps(draw(words))} # why\n{draw(note)}'
    if draw(st.booleans()):
        text += f"{space}long:\n{space * 2}text: |\n{space * 3}speko:\n{space * 3}# no comment\n{draw(note)}"
    return text + draw(st.sampled_from(["", "after: [1, 2]\n", "# the end\n"]))


def assert_added_and_taken(document: Document, text: str) -> None:
    before = document.read(text)
    added = put_entry(document, text, PATH, OURS)
    assert find(document.read(added), PATH) == OURS
    assert put_entry(document, added, PATH, OURS) == added
    assert take_entry(document, added, PATH) == text
    moved = put_entry(document, added, PATH, MOVED, OWNED)
    assert find(document.read(moved), PATH) == MOVED
    assert document.read(take_entry(document, moved, PATH)) == before


@given(jsonc_texts())
@settings(max_examples=60, deadline=None)
def test_an_entry_comes_and_goes_in_any_jsonc_file(text: str) -> None:
    """MCP-1"""
    assert_added_and_taken(Jsonc(), text)


@given(toml_texts())
@settings(max_examples=40, deadline=None)
def test_an_entry_comes_and_goes_in_any_toml_file(text: str) -> None:
    """MCP-1"""
    assert_added_and_taken(Toml(), text)


@given(yaml_texts())
@settings(max_examples=40, deadline=None)
def test_an_entry_comes_and_goes_in_any_yaml_file(text: str) -> None:
    """MCP-1"""
    assert_added_and_taken(Yaml(), text)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (Jsonc(), ""),
        (Jsonc(), " \n"),
        (Jsonc(), "{ // nothing\n}"),
        (Jsonc(), '{"servers": null}'),
        (Jsonc(), '{\n  "servers": { /* none */ },\n}'),
        (Jsonc(), '{"servers": {"speko": {"url": "one"}, "speko": {"url": "two"}}}'),
        (Toml(), ""),
        (Toml(), "servers = {}"),
        (Toml(), 'servers = { a = { url = "x" } } # inline'),
        (Toml(), 'servers.a.url = "x"\n[other]\n'),
        (Toml(), '[servers]\na = { url = "x" }\n# note'),
        (Toml(), "list = [\n  [1],\n]\n[[servers_list]]\nx = 1\n"),
        (Yaml(), ""),
        (Yaml(), "# only a note\n"),
        (Yaml(), "servers:\nother: 1\n"),
        (Yaml(), "servers: {}\n"),
        (Yaml(), "servers: {a: {url: x}}  # inline\n"),
        (Yaml(), "servers:\n- a\n"),
        (Yaml(), "other: &x {a: 1}\nservers: *x\n"),
    ],
)
def test_unusual_forms_are_edited_or_refused(document: Document, text: str) -> None:
    """MCP-1: never half, and never with a change elsewhere."""
    before = document.read(text)
    try:
        added = put_entry(document, text, PATH, OURS)
    except Unreadable:
        assert text.startswith(("servers:\n-", "other: &x"))
        return
    assert find(document.read(added), PATH) == OURS
    left = document.read(take_entry(document, added, PATH))
    gone = find(before, PATH) is None
    assert left in (before, {**before, "servers": {}}) if gone else find(left, PATH) is None
