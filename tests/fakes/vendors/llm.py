"""What a fake language model answers, in no vendor's words."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """A tool call; its arguments are streamed in these pieces."""

    name: str
    args: tuple[str, ...] = ("{}",)
    id: str = "call_1"


@dataclass(frozen=True)
class Reply:
    """Text in pieces, then tool calls. `finish` is `stop`, `length` or `refused`."""

    texts: tuple[str, ...] = ("Hel", "lo", " there.")
    calls: tuple[Call, ...] = field(default=())
    finish: str = "stop"
    prompt_tokens: int = 11
    completion_tokens: int = 7
    thoughts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.texts)


HELLO = Reply()
NOTHING = Reply(texts=())
WEATHER = Reply(
    texts=("One moment.",),
    calls=(
        Call("get_weather", ('{"ci', 'ty":"', 'Paris"}'), "call_a"),
        Call("get_time", ("",), "call_b"),
    ),
)


class Invalid(Exception):
    """The vendor refuses the request: status, its own code word, and a sentence."""

    def __init__(self, message: str, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.code, self.status = message, code, status


def must(holds: object, message: str, code: str | None = None, status: int = 400) -> None:
    """Refuse unless it holds."""
    if not holds:
        raise Invalid(message, code, status)
