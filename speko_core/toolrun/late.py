"""What asynchronous tools of a session answered meanwhile, told to the model in a later turn."""

from speko_core.deps import Deps
from speko_core.oneshot.schemas import ChatMessage
from speko_core.toolrun.record import late_results

SHOWN = 5


async def with_late_results(
    deps: Deps, organization_id: str, session_id: str, messages: tuple[ChatMessage, ...]
) -> tuple[ChatMessage, ...]:
    """The conversation with the newest answers before the caller's last sentence.

    They come back in every turn from then on, because the caller's own record of the conversation does not have them.
    """
    async with deps.database.transaction(organization_id, read_only=True) as db:
        rows = await late_results(db, session_id, SHOWN)
    if not rows:
        return messages
    news = [f"The tool {row.name}, started earlier, has ended.\n{row.result}" for row in rows]
    told = ChatMessage(role="system", content="\n\n".join(news))
    last = max((index for index, message in enumerate(messages) if message.role == "user"), default=len(messages))
    return (*messages[:last], told, *messages[last:])
