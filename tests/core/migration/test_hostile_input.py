"""Files made to hurt end in one clear sentence, or are read within bounds."""

import json
from collections.abc import Callable

import pytest

from speko_core.errors import InvalidInput, SpekoError, TooLarge
from speko_core.migration import limits
from speko_core.migration.build import BuildOptions
from speko_core.migration.documents import File
from speko_core.migration.emit import build_session_config
from speko_core.migration.parse import parse_files


def _flow(nodes: int) -> bytes:
    rows = [
        {
            "id": f"n{at}",
            "type": "conversation",
            "instruction": {"type": "prompt", "text": "Talk."},
            "edges": [{"destination_node_id": f"n{at + 1}"}],
        }
        for at in range(nodes)
    ]
    return json.dumps({"start_node_id": "n0", "global_prompt": "P", "nodes": rows}).encode()


def _bomb() -> bytes:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]" for at in range(1, 12)]
    return "\n".join(levels).encode()


HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "fifty megabytes": ("a.json", lambda: b'{"a": "' + b"x" * 50_000_000 + b'"}', "At most 16 MiB"),
    "ten thousand nodes": ("a.json", lambda: _flow(10_000), "more than"),
    "deep arrays": ("a.json", lambda: b"[" * 200_000 + b"]" * 200_000, "nested deeper"),
    "deep objects": ("a.json", lambda: b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nested deeper"),
    "a doubled key": ("a.json", lambda: b'{"model": {"a": 1, "a": 2}}', "twice in one object"),
    "invalid utf-8": ("a.json", lambda: b'{"a": "\xff\xfe\xfa"}', "not UTF-8"),
    "not json": ("a.json", lambda: b'{"a": }', "not valid JSON: see line 1"),
    "an open text": ("a.json", lambda: b'{"a": "' + b'\\"' * 1_000_000, "not valid JSON"),
    "many values": ("a.json", lambda: json.dumps({"model": {"provider": "x", "messages": [1] * 70_000}, "firstMessage": "x"}).encode(), "more than 60,000 values"),
    "a yaml bomb": ("a.yaml", _bomb, "aliases that multiply"),
    "a yaml cycle": ("a.yaml", lambda: b"a: &a [*a]", "aliases that multiply"),
    "merges that multiply": ("a.yaml", lambda: b"a0: &a0 {x: 1}\n" + b"".join(b"a%d: &a%d {<<: [*a%d, *a%d]}\n" % (at, at, at - 1, at - 1) for at in range(1, 40)), "aliases that multiply"),
    "a yaml tag": ("a.yaml", lambda: b"a: !!python/object/apply:os.system ['true']", "tags"),
    "a doubled yaml key": ("a.yaml", lambda: b"a: 1\na: 2", "twice in one mapping"),
    "deep yaml": ("a.yaml", lambda: b"[" * 5_000 + b"]" * 5_000, "nested deeper"),
    "broken yaml": ("a.yaml", lambda: b"a: [", "not valid YAML"),
    "deep python": ("a.py", lambda: b"x = " + b"(" * 50_000 + b")" * 50_000, "Python"),
    "python of minus signs": ("a.py", lambda: b"x = " + b"-" * 200_000 + b"1", "Python"),
    "large python": ("a.py", lambda: b"# livekit.agents\n" * 100_000, "over 512 KiB"),
    "nul bytes": ("a.py", lambda: b"x = 1\x00", "Python"),
    "large script": ("a.ts", lambda: b"const a = {};\n" * 100_000, "over 256 KiB"),
}  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_sentence(name: str) -> None:
    """MIG-1"""
    path, make, sentence = HOSTILE[name]
    with pytest.raises((InvalidInput, TooLarge)) as caught:
        parse_files([File(path, make())])
    assert sentence in caught.value.message
    assert len(caught.value.message) < 200


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "const a = {" + "b: {" * 5_000,
        "const a = [" + "`${" * 5_000,
        "f({a: (" * 3_000,
        "const a = {b: \"" + "\\" * 100_001,
        "return {" * 20_000,
        "new A(" * 20_000,
        "const a = {b: c" + ".d()" * 20_000 + "};",
        "/*" * 100_000,
    ],
    ids=["objects", "templates", "calls", "backslashes", "returns", "news", "chains", "comments"],
)  # fmt: skip
def test_a_hostile_script_is_read_within_bounds(text: str) -> None:
    """MIG-1"""
    try:
        assert parse_files([File("a.ts", text.encode())]).parsed == []
    except InvalidInput as error:
        assert error.message.startswith("The program ")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["<ConversationRelay " * 20_000, "<ConversationRelay " + "a=" * 200_000], ids=["verbs", "signs"]
)
def test_a_hostile_verb_is_read_within_bounds(text: str) -> None:
    """MIG-1"""
    try:
        parse_files([File("a.xml", text.encode())])
    except SpekoError as error:
        assert error.message


def test_code_is_never_run(tmp_path: object) -> None:
    """MIG-1"""
    text = "import livekit.agents\nraise SystemExit(1)\nclass A(Agent):\n    x = __import__('os').abort()\n"
    outcome = parse_files([File("a.py", text.encode())])
    assert outcome.parsed[0].agents.platform == "livekit"


def test_a_graph_with_a_cycle_and_edges_to_nowhere_has_diagnostics() -> None:
    """MIG-2"""
    nodes = [
        {"id": "a", "type": "agentNode", "data": {"prompt": "A"}},
        {"id": "b", "type": "agentNode", "data": {"prompt": "B"}},
    ]
    edges = [{"source": "a", "target": "b"}, {"source": "b", "target": "a"}, {"source": "b", "target": "gone"}]
    document = json.dumps({"nodes": nodes, "edges": edges}).encode()
    found = parse_files([File("w.json", document)]).parsed[0]
    build = build_session_config(found.agents, BuildOptions())
    assert any("no start" in warning for warning in build.warnings)
    assert any("gone" in warning for warning in build.warnings)


def test_one_bad_file_among_many_does_not_stop_the_rest() -> None:
    """MIG-1"""
    good = b'{"model": {"provider": "openai", "model": "gpt-4o"}, "firstMessage": "Hi"}'
    outcome = parse_files([File("bad.json", b"{"), File("good.json", good), File("note.txt", b"hello")])
    assert [found.agents.files for found in outcome.parsed] == [["good.json"]]
    assert [refused.path for refused in outcome.refused] == ["bad.json", "note.txt"]


def test_too_many_files_and_too_many_bytes_are_refused() -> None:
    """MIG-1"""
    with pytest.raises(InvalidInput):
        parse_files([File("a.json", b"{}")] * (limits.MAX_FILES + 1))
    with pytest.raises(TooLarge):
        parse_files([File("a.json", b" " * limits.MAX_FILE_BYTES)] * 5)
