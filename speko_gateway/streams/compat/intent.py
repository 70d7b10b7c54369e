"""From a model's name and a few headers to an intent and constraints.

The router wants a language, which OpenAI's requests do not have: a call that says nothing is taken to be English.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field
from starlette.requests import Request

from speko_core.deps import Deps
from speko_core.errors import FieldProblem, InvalidInput
from speko_core.oneshot.parsing import parse_json
from speko_core.providers.base import Modality
from speko_core.routing.intent import AllowedProviders, Constraints, OptimizeFor, Region, RoutingIntent
from speko_core.routing.model_names import allowed_by_name
from speko_core.schemas import Input
from speko_gateway.streams.incoming import header

DEFAULT_LANGUAGE: Final = "en"


class PartialIntent(Input):
    """An intent that may leave the language out."""

    language: str | None = None
    region: Region | None = None
    optimize_for: OptimizeFor | None = None


class Routed(Input):
    """What any of these requests may say to the router, beside or instead of the headers."""

    model: str = Field("auto", max_length=250, description="`auto`, `vendor:model`, `vendor/model` or a bare model.")
    intent: PartialIntent | None = Field(None, description="As `X-Speko-Intent`; every field may be left out.")
    constraints: Constraints | None = Field(None, description="As `X-Speko-Constraints`; a named model comes first.")


@dataclass(frozen=True)
class Wish:
    """What the router is asked."""

    intent: RoutingIntent
    constraints: Constraints | None


def wish(deps: Deps, request: Request, said: Routed, modality: Modality, language: str | None = None) -> Wish:
    """The intent and constraints of a request; its own fields before its headers.

    Raises:
        NotFound: there is no such model.
        InvalidInput: a header or the language is malformed.
    """
    named = allowed_by_name(said.model, modality, deps.providers.catalog)
    allowed = Constraints(allowed_providers=AllowedProviders(**{str(modality): named})) if named else None
    return Wish(_intent(request, said, language), allowed or said.constraints or _constraints(request))


def _intent(request: Request, said: Routed, language: str | None) -> RoutingIntent:
    sent = said.intent or parse_json(PartialIntent, header(request, "x-speko-intent") or "{}", "x-speko-intent")
    chosen = {"language": sent.language or language or DEFAULT_LANGUAGE}
    return parse_json(RoutingIntent, sent.model_copy(update=chosen).model_dump_json(by_alias=True), "intent")


def _constraints(request: Request) -> Constraints | None:
    sent = header(request, "x-speko-constraints")
    return parse_json(Constraints, sent, "x-speko-constraints") if sent else None


def refused(param: str, text: str) -> InvalidInput:
    """What these doors do not have, as an error: it must not be dropped in silence (RTE-20)."""
    return InvalidInput(text, fields=[FieldProblem(param, text)])


def named(headers: Mapping[str, str], left_out: Sequence[str]) -> Mapping[str, str]:
    """The routing headers, with what this door left out of the request among what the model ignored."""
    if not left_out:
        return headers
    ignored = headers.get("X-Speko-Ignored-Options")
    return {**headers, "X-Speko-Ignored-Options": ",".join([*([ignored] if ignored else ()), *left_out])}
