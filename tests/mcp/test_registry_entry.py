"""`server.json`, as registries of MCP servers read it."""

import json
import re
from importlib.metadata import version
from pathlib import Path

ENTRY = json.loads((Path(__file__).parents[2] / "server.json").read_text())
# Limits of the registry's schema of 2025-12-11: one slash after a domain written backwards, 100 characters.
NAME = re.compile(r"[a-zA-Z0-9.-]+\.[a-zA-Z0-9-]+/[a-zA-Z0-9._-]+")


def test_the_entry_keeps_the_registrys_limits_and_tells_this_version() -> None:
    """MCP-9"""
    assert NAME.fullmatch(ENTRY["name"])
    assert len(ENTRY["description"]) <= 100
    assert ENTRY["version"] == version("speko")


def test_every_blank_in_an_address_or_header_is_explained() -> None:
    """MCP-9"""
    (remote,) = ENTRY["remotes"]
    blanks = [(remote["url"], remote["variables"])]
    blanks += [(header["value"], header["variables"]) for header in remote["headers"]]
    assert remote["type"] == "streamable-http"
    assert [set(re.findall(r"{(\w+)}", text)) == set(told) for text, told in blanks] == [True, True]
    assert remote["headers"][0]["variables"]["api_key"]["isSecret"] is True
