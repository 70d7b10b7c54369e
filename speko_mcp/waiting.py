"""Long work answers at once with an id; the tool that reads it can wait for the end (MCP-8).

A reading tool whose binding names unfinished statuses takes `waitSeconds`. An answer that is still unfinished says
when to ask again and when to stop asking.
"""

from collections.abc import Awaitable, Callable, Mapping

from speko_core.errors import FieldProblem, InvalidInput
from speko_core.operations import ToolBinding
from speko_core.ports.clock import Clock
from speko_core.types import JsonObject, JsonValue

FIELD = "waitSeconds"
MOST_S = 25
EVERY_S = 1.0
RETRY_AFTER_S = 5
GIVE_UP = "if it has not changed after 10 minutes, stop and call run_doctor"
PARAMETER: JsonObject = {"type": "integer", "minimum": 0, "maximum": MOST_S, "description": "Wait for it to be done."}


def take_wait(binding: ToolBinding, fields: dict[str, object]) -> int:
    """How long the caller wants to wait, in seconds; taken out of `fields`.

    Raises:
        InvalidInput: that is no number of seconds we wait.
    """
    if not binding.unfinished:
        return 0
    wanted = fields.pop(FIELD, 0)
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 0 <= wanted <= MOST_S:
        problem = FieldProblem(FIELD, f"must be an integer from 0 to {MOST_S}")
        raise InvalidInput(f"{FIELD} {problem.problem}", fields=[problem])
    return wanted


async def until_done(
    binding: ToolBinding, read: Callable[[], Awaitable[JsonValue]], wait_s: int, clock: Clock
) -> JsonValue:
    """What `read` answers, once it is done or the time is over."""
    deadline = clock.monotonic() + wait_s
    value = await read()
    while is_unfinished(binding, value) and clock.monotonic() < deadline:
        await clock.sleep(EVERY_S)
        value = await read()
    return value


def is_unfinished(binding: ToolBinding, value: JsonValue) -> bool:
    """Whether the answer is about work that still runs."""
    return isinstance(value, Mapping) and value.get("status") in binding.unfinished


def asks_again(name: str) -> JsonObject:
    """What an unfinished answer carries."""
    again = f"call {name} again in {RETRY_AFTER_S} s, with {FIELD} up to {MOST_S}"
    return {"retry_after": RETRY_AFTER_S, "next_steps": [again, GIVE_UP]}
