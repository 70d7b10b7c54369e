"""`GET /v1/models` and `GET /v1/models/{id}`: what a request may name."""

from starlette.requests import Request
from starlette.responses import Response

from speko_core.routing.model_names import AUTO, callable_models, no_such_model, written_id
from speko_core.types import JsonObject
from speko_gateway.auth import deps_of, principal_with
from speko_gateway.envelope import Json
from speko_gateway.streams.incoming import SCOPE


async def list_models(request: Request) -> Response:
    """`auto`, and every model that could be called now."""
    return Json({"object": "list", "data": await _models(request)})


async def get_model(request: Request) -> Response:
    """One of them; its id may also be written with a slash."""
    wanted = request.path_params["id"]
    for model in await _models(request):
        if model["id"] == written_id(wanted):
            return Json(model)
    raise no_such_model(wanted)


async def _models(request: Request) -> list[JsonObject]:
    deps, principal = deps_of(request), await principal_with(request, SCOPE)
    found = await callable_models(deps, principal)
    auto = _model(AUTO, "speko", "")
    return [auto, *(_model(offer.id, offer.vendor, offer.facts.modality) for offer in found)]


def _model(id_: str, owner: str, modality: str) -> JsonObject:
    # The catalogue does not know when a model was made, and clients insist on a number.
    model: JsonObject = {"id": id_, "object": "model", "created": 0, "owned_by": owner}
    return {**model, "modality": modality} if modality else model
