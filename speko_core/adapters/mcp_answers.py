"""What a tool of an MCP server answered, as text for a model."""

import json

from mcp_types import CallToolResult, ContentBlock, EmbeddedResource, ResourceLink, TextContent, TextResourceContents


def text_of(result: CallToolResult) -> str:
    """The texts of an answer, one below the other; its structured content where it has no text."""
    texts = [text for text in map(_text, result.content) if text]
    if not texts and result.structured_content is not None:
        return json.dumps(result.structured_content, ensure_ascii=False)
    return "\n".join(texts)


def _text(block: ContentBlock) -> str:
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, ResourceLink):
        return f"{block.name}: {block.uri}"
    if isinstance(block, EmbeddedResource):
        return block.resource.text if isinstance(block.resource, TextResourceContents) else f"({block.resource.uri})"
    return f"({block.type}, which cannot be shown here)"
