"""The served gateway as OpenAI's own client sees it, with scripted vendors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from speko_core.deps import Deps
from speko_gateway.app import create_app
from tests.fakes.scripted_providers import Cast
from tests.gateway.oneshot_door import known_key, with_cast
from tests.sdks import openai
from tests.serving import served


@asynccontextmanager
async def openai_client(
    deps: Deps, scripted: Cast, key: str | None = None, strict: bool = True
) -> AsyncIterator["openai.AsyncOpenAI"]:
    """OpenAI's asynchronous client of a served gateway. `strict`: answers must hold every field its types have."""
    config = uvicorn.Config(create_app(with_cast(deps, scripted)), log_level="critical", lifespan="off", ws="none")
    config.timeout_graceful_shutdown = 1
    async with (
        served(config) as url,
        openai.AsyncOpenAI(
            api_key=key or known_key(deps),
            base_url=f"{url}/v1",
            max_retries=0,
            timeout=20,
            _strict_response_validation=strict,
        ) as client,
    ):
        yield client
