"""Every catalogued recognizer answers, and its facts are whole."""

from dataclasses import replace
from datetime import date

import pytest

from speko_core.providers.base import Modality
from speko_core.providers.catalog import ModelFacts, load_catalog
from speko_core.routing.eligibility import LIVE_ONLY
from tests.fakes.vendors.recordings import HEARD
from tests.providers.stt.recognizers import RECOGNIZERS, REQUEST, bench

pytestmark = pytest.mark.virtual_time

VENDORS = {row.fake.vendor for row in RECOGNIZERS}
MODELS = [
    (vendor, model)
    for vendor, facts in load_catalog().items()
    for model in facts.models
    if vendor in VENDORS and model.modality is Modality.STT and LIVE_ONLY not in model.options
]
each_model = pytest.mark.parametrize(("vendor", "model"), MODELS, ids=[f"{name}:{model.id}" for name, model in MODELS])


@each_model
async def test_a_catalogued_model_hears(vendor: str, model: ModelFacts) -> None:
    """RTE-16: over the wire its adapter chooses for it; its options are taken too."""
    name = "assemblyai-upload" if model.id == "universal-2" else vendor
    keywords = ("Speko",) if "keywords" in model.options else ()
    async with bench(name) as here:
        request = replace(REQUEST, model=model.id, keywords=keywords)
        heard = [found async for found in here.adapter.transcribe(request, here.credential)]

    finals = [found for found in heard if found.is_final]
    assert " ".join(found.text.strip() for found in finals) == HEARD
    assert bool(finals[-1].words) == ("words" in model.options)
    assert any(not found.is_final for found in heard) == model.streaming


@each_model
def test_a_catalogued_model_has_a_price_with_source_and_date(vendor: str, model: ModelFacts) -> None:
    """MTR-1, RTE-18: a price nobody can look up is no price."""
    assert [price.unit for price in model.prices] == ["minute"]
    assert all(price.source and price.micro_usd > 0 for price in model.prices)
    assert model.languages


def test_models_that_end_have_their_date() -> None:
    """RTE-16: OpenAI ends its older transcribers on 2027-02-26; the newest stays."""
    ends = {model.id: model.deprecated_on for vendor, model in MODELS if vendor == "openai"}

    assert ends.pop("gpt-transcribe") is None
    assert set(ends.values()) == {date(2027, 2, 26)}
