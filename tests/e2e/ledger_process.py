"""A real web process with priced scripted vendors, to be killed: `-m tests.e2e.ledger_process FD DATA_DIR URL`."""

import asyncio
import socket
import sys
from dataclasses import replace
from pathlib import Path

import uvicorn
from pydantic import SecretStr

from speko_core.deps import build_deps
from speko_core.settings import Settings
from speko_gateway.app import create_app
from tests.conftest import MASTER_KEY
from tests.doors.test_metering import priced
from tests.fakes.scripted_providers import HELLO, Pause, cast


async def main(listener: int, data_dir: str, database_url: str) -> None:
    settings = Settings(
        data_dir=Path(data_dir),
        database_url=database_url,
        master_key=MASTER_KEY,
        provider_keys={"acme": SecretStr("platform")},
        rate_limit_per_key=0,
        rate_limit_per_organization=0,
        _env_file=None,
    )
    # Answers of different length, so that ends of calls fall everywhere between two commits.
    vendor = cast(acme=(HELLO[0], Pause(0.003), *HELLO[1:]), needs_key=True)
    app = create_app(replace(build_deps(settings), providers=priced(vendor)))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none")
    await uvicorn.Server(config).serve(sockets=[socket.socket(fileno=listener)])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
