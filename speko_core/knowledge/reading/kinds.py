"""What can be read, by content type, or by the end of a file's name where the type says nothing."""

from typing import Literal, get_args

Kind = Literal["text", "markdown", "html", "pdf", "docx", "csv"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_BY_TYPE: dict[str, Kind] = {
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "application/x-markdown": "markdown",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/csv": "csv",
    "application/csv": "csv",
    "text/tab-separated-values": "csv",
}
_BY_ENDING: dict[str, Kind] = {
    "txt": "text",
    "md": "markdown",
    "markdown": "markdown",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "pdf": "pdf",
    "docx": "docx",
    "csv": "csv",
    "tsv": "csv",
}
# Types that clients send when they do not know; a file of text that is called .md is Markdown.
_SAYS_LITTLE = frozenset({"application/octet-stream", "binary/octet-stream", "application/vnd.ms-excel", "text/plain"})


def kind_of(content_type: str, filename: str) -> Kind | None:
    """How to read a document, None when it cannot be read."""
    media_type = content_type.partition(";")[0].strip().lower()
    ending = _BY_ENDING.get(filename.rpartition(".")[2].lower())
    if media_type in _SAYS_LITTLE and ending is not None:
        return ending
    return _BY_TYPE.get(media_type)
