"""Routes built from the operation list. A route knows its envelope and nothing else."""

from collections.abc import Awaitable, Callable, Iterable
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from speko_core.execute import Caller, execute
from speko_core.operations import REDIRECT, AnyOperation, Http
from speko_core.principal import Principal
from speko_core.types import JsonValue
from speko_gateway.auth import deps_of, principal_of
from speko_gateway.body import read_json_object
from speko_gateway.envelope import Json

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(operations: Iterable[AnyOperation]) -> list[BaseRoute]:
    """One route per operation that has a REST binding; literal paths before those with parameters."""
    bound = [operation for operation in operations if operation.http is not None]
    bound.sort(key=lambda operation: cast(Http, operation.http).path.count("{"))
    return [_route(operation, cast(Http, operation.http)) for operation in bound]


def _route(operation: AnyOperation, http: Http) -> Route:
    return Route(http.path, _endpoint(operation, http), methods=[http.method], name=operation.id)


def _endpoint(operation: AnyOperation, http: Http) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        principal = await principal_of(request)
        outcome = await execute(operation, await _input(request, http), caller_of(request, principal), deps_of(request))
        headers = {"Idempotent-Replayed": "true"} if outcome.replayed else None
        if outcome.value is None:
            return Response(status_code=http.status, headers=headers)
        if http.status == REDIRECT:
            return Response(status_code=REDIRECT, headers=_location(outcome.value))
        return Json(outcome.value, http.status, headers)

    return endpoint


def _location(answer: JsonValue) -> dict[str, str]:
    assert isinstance(answer, dict)
    return {"Location": str(answer["url"]), "Cache-Control": "no-store"}


def caller_of(request: Request, principal: Principal) -> Caller:
    """The request's facts for `execute`."""
    return Caller(
        principal=principal,
        door="rest",
        request_id=request.state.request_id,
        client_ip=request.client.host if request.client else "",
        idempotency_key=request.headers.get("idempotency-key"),
        user_agent=request.headers.get("user-agent", "")[:200],
    )


async def _input(request: Request, http: Http) -> dict[str, object]:
    """Query and body fields; path parameters win over both."""
    fields: dict[str, object] = {}
    for name, value in request.query_params.multi_items():
        fields[name] = value
    if http.method in ("POST", "PATCH", "PUT"):
        fields.update(await read_json_object(request))
    fields.update(request.path_params)
    return fields
