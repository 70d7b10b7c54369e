"""Spans as the tree that is stored with a session."""

from dataclasses import dataclass, field

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode, format_span_id

from speko_core.types import JsonObject
from speko_worker.records import from_epoch, timestamp


@dataclass
class Node:
    """A span that has ended, and those within it."""

    span: ReadableSpan
    children: list["Node"] = field(default_factory=list)

    def to_wire(self) -> JsonObject:
        """The documented fields."""
        begin, end = self.span.start_time or 0, self.span.end_time or self.span.start_time or 0
        context = self.span.get_span_context()
        return {
            "spanId": format_span_id(context.span_id if context else 0),
            "name": self.span.name,
            "startTime": timestamp(from_epoch(begin / 1e9)),
            "endTime": timestamp(from_epoch(end / 1e9)),
            "durationMs": round((end - begin) / 1e6, 1),
            "status": "error" if self.span.status.status_code is StatusCode.ERROR else "ok",
            "attributes": {name: _plain(value) for name, value in (self.span.attributes or {}).items()},
            "children": [
                child.to_wire() for child in sorted(self.children, key=lambda node: node.span.start_time or 0)
            ],
        }


def _plain(value: object) -> str | bool | int | float:
    return value if isinstance(value, str | bool | int | float) else str(value)


def _begin(node: Node) -> int:
    return node.span.start_time or 0
