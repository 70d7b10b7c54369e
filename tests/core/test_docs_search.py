"""Search over the documentation: sections, anchors, ranking, and the operation over REST."""

import httpx
import pytest

from benchmarks.docs_search import measure
from speko_core.docs_search.index import Index
from speko_core.docs_search.pages import sections, split
from speko_core.docs_search.ranking import terms
from speko_core.docs_search.service import SNIPPET

PAGE = """Intro words.

# Phones

Numbers and carriers.

## Buying a number

Costs credits.

```
# not a heading
```

## Buying a number

Again.
"""


def test_a_page_is_cut_at_its_headings_and_not_inside_code() -> None:
    """MCP-2"""
    found = list(split("phone", PAGE))
    assert [(section.headings, section.anchor) for section in found] == [
        (("phone",), ""),
        (("Phones",), "phones"),
        (("Phones", "Buying a number"), "buying-a-number"),
        (("Phones", "Buying a number"), "buying-a-number-1"),
    ]
    assert "# not a heading" in found[2].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("policies", ["policy"]),
        ("systemPrompt", ["system", "prompt", "systemprompt"]),
        ("the URLs", ["url"]),
        ("created creates", ["creat", "creat"]),
    ],
)
def test_words_are_found_in_other_forms(text: str, expected: list[str]) -> None:
    """MCP-2"""
    assert terms(text) == expected


def test_a_word_in_the_heading_beats_the_same_word_in_the_text() -> None:
    """MCP-2"""
    page = "# Calls\n\n## Recording\n\nKept for days.\n\n## Storage\n\nA recording is a file, like a transcript.\n"
    hits = Index(split("calls", page)).search("recording", 5)
    assert [hit.section.headings[-1] for hit in hits] == ["Recording", "Storage"]


def test_words_that_occur_nowhere_find_nothing() -> None:
    """MCP-2"""
    assert Index(split("phone", PAGE)).search("zeppelin", 5) == []


def test_the_shipped_pages_are_found() -> None:
    """MCP-2: in a checkout the pages are in docs/, in the package beside the code."""
    assert {"media-protocol", "mcp"} <= {section.page for section in sections()}


async def test_a_question_finds_the_section_that_answers_it(rest: httpx.AsyncClient) -> None:
    """MCP-2"""
    answer = await rest.get("/v1/docs/search", params={"query": "which close code means a bad media token?"})
    assert answer.status_code == 200, answer.text
    best = answer.json()["results"][0]
    assert (best["page"], best["anchor"]) == ("media-protocol", "connecting")
    assert "4401" in best["text"]
    assert best["complete"] is (len(best["text"]) < SNIPPET)


def test_questions_people_ask_find_the_section_that_answers() -> None:
    """MCP-2"""
    recall = measure()
    assert recall.questions >= 40
    assert recall.section >= 0.6
    assert recall.page >= 0.7
