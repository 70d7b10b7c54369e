"""Generated requests over the OpenAPI document: nothing fails inside, and nothing answers what it does not document."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from speko_core.deps import build_deps
from speko_core.providers.adapters import ProviderRegistry
from speko_core.providers.base import AudioChunk, Provider
from speko_core.settings import Settings
from speko_gateway.all_routes import document
from speko_gateway.app import create_app
from tests.conftest import MASTER_KEY, Tenant, add_tenant
from tests.fakes.scripted_providers import HEARD, HELLO, Script, ScriptedVendor, cast

EXAMPLES = 2
# Long enough to be encoded into any format.
SPEECH = (AudioChunk(bytes(9_600), "audio/pcm;rate=24000"),)


class Gateway:
    """Stands for the application, which exists only while the tests run."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


GATEWAY = Gateway()
DOCUMENT = document("http://testserver")
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
Described = APIOperation[Any, Any, Any, Any]
Example = Case[Described]
quick = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Tenant:
    """The document's application: an organization with an agent, and offline providers that answer at once."""
    folder = tmp_path_factory.mktemp("contract")
    shutil.copy(migrated_sqlite, folder / "speko.sqlite")
    configured = Settings(
        data_dir=folder, master_key=MASTER_KEY, rate_limit_per_key=0, rate_limit_per_organization=0, _env_file=None
    )

    async def seed() -> Tenant:
        deps = build_deps(configured)
        made = await add_tenant(deps)
        await deps.aclose()
        return made

    tenant = asyncio.run(seed())
    # Every request is made in one loop of schemathesis' own, which these dependencies then belong to.
    GATEWAY.app = create_app(replace(build_deps(configured), providers=offline()))
    return tenant


@pytest.fixture(scope="module")
def described() -> Any:
    """The document as schemathesis reads it, by path and method."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = GATEWAY
    return schema


def offline() -> ProviderRegistry:
    """One vendor that answers at once, in every modality and language."""
    catalog = cast(sandbox=True, offline=()).registry.catalog
    facts = catalog["offline"]
    everywhere = facts.model_copy(
        update={"models": tuple(model.model_copy(update={"languages": ()}) for model in facts.models)}
    )
    stt, llm, tts = (ScriptedVendor(Script(steps)) for steps in (HEARD, HELLO, SPEECH))
    return ProviderRegistry({"offline": Provider("offline", stt, llm, tts, sandbox=True)}, {"offline": everywhere})


def no_failure_of_ours(ctx: CheckContext, response: Response, case: Example) -> None:
    """Failing providers are a documented 500 with a code of their own; a bug is `INTERNAL_ERROR`."""
    assert response.status_code < 500 or "INTERNAL_ERROR" not in response.text


CHECKS = [no_failure_of_ours, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=str)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_an_operation_answers_what_it_documents(
    path: str, method: str, mode: GenerationMode, tenant: Tenant, described: Any
) -> None:
    """ONE-1: no 5xx, no undocumented status, no answer of another shape."""
    operation: Described = described[path][method]

    @quick
    @given(case=operation.as_strategy(mode))
    def try_it(case: Example) -> None:
        # A model's name may hold a slash, and such a path takes no line break: it is no path of this document.
        assume(not any("\n" in str(value) for value in (case.path_parameters or {}).values()))
        case.call_and_validate(headers={"Authorization": f"Bearer {tenant.key}"}, checks=CHECKS)

    try_it()
