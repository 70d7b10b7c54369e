"""Word times, speakers and the found language, on request (ONE-12): what vendors are asked and what callers get."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.vendors.recordings import HEARD, WORDS
from tests.providers.stt.recognizers import REQUEST, bench
from tests.providers.stt.test_transcribe_door import JSON, door

TIMED = [{"text": text, "start": start, "end": end, "confidence": sure} for text, start, end, sure in WORDS]
SPOKEN_BY = [word | {"speaker": speaker} for word, speaker in zip(TIMED, ["0", "0", "1"], strict=True)]


async def test_words_come_only_when_asked_for(tmp_path: Path, migrated_sqlite: Path) -> None:
    """ONE-12: as one object and on the final event."""
    async with door(tmp_path, migrated_sqlite, "deepgram") as here:
        plain = await here.post(**JSON)
        whole = await here.post(**JSON, x_speko_stt_options='{"words":true}')
        streamed = await here.post(x_speko_stt_options='{"words":true}')

    assert "words" not in plain.json()
    assert whole.json()["words"] == TIMED
    assert streamed.text.count('"words"') == 2


async def test_speakers_are_told_apart_on_request(tmp_path: Path, migrated_sqlite: Path) -> None:
    """ONE-12: and only then asked for, because it costs the vendor time."""
    async with door(tmp_path, migrated_sqlite, "deepgram") as here:
        answer = await here.post(**JSON, x_speko_stt_options='{"speakers":true}')
        await here.post(**JSON)
        asked = [dict(seen.query).get("diarize") for seen in here.fakes["deepgram"].seen]

    assert (answer.json()["words"], asked) == (SPOKEN_BY, ["true", None])


async def test_detail_goes_to_models_that_have_it(tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-20: the router goes around models without it, and refuses where there is none with it."""
    async with door(tmp_path, migrated_sqlite, "openai", "groq") as here:
        words = await here.post(**JSON, x_speko_stt_options='{"words":true}')
        speakers = await here.post(**JSON, x_speko_stt_options='{"speakers":true}')

    assert words.status_code == 200
    assert words.headers["x-speko-model"].startswith("whisper")
    assert (speakers.status_code, speakers.json()["code"]) == (400, "VALIDATION_ERROR")
    assert "cannot honour speakers" in speakers.json()["error"]


@pytest.mark.parametrize("model", ["deepgram:nova-3", "groq:whisper-large-v3", "elevenlabs:scribe_v2"])
async def test_the_found_language_is_told_when_nobody_said_it(
    tmp_path: Path, migrated_sqlite: Path, model: str
) -> None:
    """ONE-12: as a tag, whatever the vendor calls it."""
    pinned = f'{{"allowedProviders":{{"stt":["{model}"]}}}}'
    async with door(tmp_path, migrated_sqlite, model.partition(":")[0]) as here:
        found = await here.post(**JSON, x_speko_constraints=pinned, x_speko_stt_options='{"language":"auto"}')
        told = await here.post(**JSON)

    assert (found.json()["text"], found.json()["language"]) == (HEARD, "en")
    assert "language" not in told.json()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("elevenlabs", b'diarize"\r\n\r\ntrue'), ("assemblyai-upload", b'"speaker_labels":true')],
)
async def test_vendors_are_asked_for_speakers_in_their_words(name: str, expected: bytes) -> None:
    """ONE-12"""
    async with bench(name) as here:
        await here.hear(replace(REQUEST, speakers=True))

    assert any(expected in seen.body for seen in here.fake.seen)


async def test_what_was_left_out_is_said_to_the_caller(tmp_path: Path, migrated_sqlite: Path) -> None:
    """RTE-20: a vendor that takes fewer keywords than it was given."""
    many = ",".join(f'"word{number}"' for number in range(150))
    async with door(tmp_path, migrated_sqlite, "deepgram") as here:
        answer = await here.post(**JSON, x_speko_stt_options=f'{{"keywords":[{many}]}}')

    assert answer.json()["warnings"] == ["50 of 150 keywords were left out: the provider takes fewer."]
