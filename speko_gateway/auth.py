"""From a request to its principal."""

from starlette.requests import HTTPConnection

from speko_core.accounts.authentication import authenticate
from speko_core.deps import Deps
from speko_core.errors import Forbidden, Unauthorized
from speko_core.principal import Principal


def deps_of(request: HTTPConnection) -> Deps:
    """The process's ports."""
    deps = request.app.state.deps
    assert isinstance(deps, Deps)
    return deps


async def principal_of(request: HTTPConnection) -> Principal:
    """Authenticate the bearer credential and count the request.

    Raises:
        Unauthorized: there is none, or it is not valid. Checked before anything of the body is read.
        RateLimited: the credential or its organization is over its rate.
    """
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise Unauthorized("Unauthorized", hint="Send `Authorization: Bearer <api key>`.")
    deps = deps_of(request)
    principal = await authenticate(deps, credential.strip())
    # The middleware turns it into headers of whatever answer follows.
    request.state.allowance = deps.limits.take(principal)
    return principal


async def principal_with(request: HTTPConnection, scope: str) -> Principal:
    """Authenticate and require a scope.

    Raises:
        Unauthorized: no valid credential.
        Forbidden: the credential lacks the scope.
    """
    principal = await principal_of(request)
    if not principal.may(scope):
        raise Forbidden(f"This credential lacks the scope {scope}.")
    return principal
