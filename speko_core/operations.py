"""One use case is one `Operation`: data that both doors, the documents and the guard tests are built from."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter

from speko_core.context import Ctx
from speko_core.principal import Toolset

Effect = Literal["read", "write", "spend", "destroy"]
# An operation with this status answers a `url`: REST sends its caller there.
REDIRECT = 302
I = TypeVar("I", bound=BaseModel)  # noqa: E741


@dataclass(frozen=True)
class ErrorCase:
    """A documented failure: its status, machine code, and when it happens."""

    status: int
    code: str
    when: str


@dataclass(frozen=True)
class Http:
    """The REST binding. Path parameters are input fields; GET and DELETE read the rest from the query."""

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    path: str
    status: int = 200
    tag: str = ""
    # Internal routes are for our own processes and stay out of the published document.
    internal: bool = False


@dataclass(frozen=True)
class ToolBinding:
    """The MCP binding.

    `description` says when to use the tool, what comes back, what to call next. `items_as` names the list
    in an object when the operation returns a bare list, because tools answer objects. `untrusted` marks
    results that carry what callers said or upstreams sent. `unfinished` are the statuses of work that still
    runs: the tool can wait for its end. `listed` False keeps the tool out of the default list,
    whose size every conversation pays for; it stays callable by name and is listed with its toolset.
    """

    name: str
    title: str
    description: str
    toolset: Toolset
    items_as: str | None = None
    next_steps: tuple[str, ...] = ()
    idempotent: bool = False
    open_world: bool = False
    untrusted: bool = False
    unfinished: tuple[str, ...] = ()
    listed: bool = True


@dataclass(frozen=True)
class Operation(Generic[I]):
    """A use case with everything around it declared as data; `execute` is its only runner."""

    id: str
    summary: str
    scope: str
    effect: Effect
    input: type[I]
    # A type pydantic can serialize: a model, `list[Model]`, or `type(None)` for an empty answer.
    output: Any
    run: Callable[[Ctx, I], Awaitable[object]]
    http: Http | None = None
    tool: ToolBinding | None = None
    description: str = ""
    errors: tuple[ErrorCase, ...] = ()
    # For what calls somebody over the network: `run` checks and writes inside the transaction and answers nothing,
    # this runs after the commit and gives the answer. An Idempotency-Key does not replay such an operation.
    conclude: Callable[[Ctx, I], Awaitable[object]] | None = None
    _adapter: list[TypeAdapter[Any]] = field(default_factory=list, repr=False, compare=False)

    @property
    def resource(self) -> str:
        """The first part of the id: `agents.create` belongs to `agents`."""
        return self.id.partition(".")[0]

    @property
    def output_adapter(self) -> TypeAdapter[Any]:
        """Validates and serializes what `run` returns; built once, at first use."""
        if not self._adapter:
            self._adapter.append(TypeAdapter(self.output))
        return self._adapter[0]


AnyOperation = Operation[Any]
