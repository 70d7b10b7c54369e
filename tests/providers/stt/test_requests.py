"""What each vendor is sent: model, language, hints, and the recording in a form it reads."""

from dataclasses import replace

import orjson
import pytest

from speko_core.audio import parse_wav_header, wav_bytes
from speko_core.providers.base import FailureKind, ProviderError, SttRequest
from speko_core.providers.families.recording import upload_of
from speko_core.providers.families.speech import kept_keywords
from tests.fakes.vendors.base import Seen
from tests.providers.stt.recognizers import PCM, RECOGNIZERS, REQUEST, WAV, bench, recognizer

pytestmark = pytest.mark.virtual_time

# Enough of a file to be taken for one; fakes do not decode.
FILES = {
    "mp3": b"ID3\x04" + bytes(64),
    "ogg": b"OggS" + bytes(64),
    "flac": b"fLaC" + bytes(64),
    "webm": b"\x1a\x45\xdf\xa3" + bytes(64),
}
TELEPHONE_WAV = WAV[:20] + b"\x07\x00" + WAV[22:]
HTTP = [row.name for row in RECOGNIZERS if not row.socket]
SOCKETS = [row.name for row in RECOGNIZERS if row.socket]


async def sent(name: str, request: SttRequest = REQUEST) -> Seen:
    """The request that carried the recording's description."""
    async with bench(name) as here:
        await here.hear(request)
        position = 1 if name in ("assemblyai-upload", "assemblyai-poll") else 0
        return here.fake.seen[position]


def told(seen: Seen) -> str:
    """Everything but the audio, as text to look into."""
    return "&".join(f"{key}={value}" for key, value in seen.query) + seen.body[:4000].decode("latin-1")


@pytest.mark.parametrize(
    ("name", "language", "expected"),
    [
        ("deepgram", "en-US", [("language", "en-US")]),
        ("deepgram", "es-MX", [("language", "es-419")]),
        ("deepgram", "es-ES", [("language", "es")]),
        ("deepgram", "nb", [("language", "no")]),
        ("deepgram", "multi", [("language", "multi")]),
        ("deepgram", "auto", [("detect_language", "true")]),
        ("deepgram-flux", "en-GB", [("model", "flux-general-en")]),
        ("deepgram-flux", "es-MX", [("model", "flux-general-multi"), ("language_hint", "es")]),
        ("deepgram-flux", "multi", [("model", "flux-general-multi")]),
        ("elevenlabs-realtime", "pt-BR", [("language_code", "pt")]),
        ("cartesia-ink", "en-US", [("language", "en")]),
    ],
)
async def test_the_language_is_the_vendors_word_for_it(
    name: str, language: str, expected: list[tuple[str, str]]
) -> None:
    """RTE-16: a tag that a vendor does not know would be refused or, worse, ignored."""
    seen = await sent(name, replace(REQUEST, language=language))
    languages = [pair for pair in seen.query if "language" in pair[0]]

    assert [pair for pair in expected if "language" in pair[0]] == languages
    assert set(expected) <= set(seen.query)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("openai", "language"),
        ("openai-whisper", "language"),
        ("groq", "language"),
        ("compatible", "language"),
        ("elevenlabs", "language_code"),
        ("cartesia", "language"),
    ],
)
async def test_forms_carry_the_primary_subtag_or_nothing(name: str, field: str) -> None:
    """RTE-16: `multi` and `auto` leave it to the vendor."""
    named = f'name="{field}"\r\n\r\npt\r\n'
    assert named in told(await sent(name, replace(REQUEST, language="pt-BR")))
    for language in ("multi", "auto"):
        assert f'name="{field}"' not in told(await sent(name, replace(REQUEST, language=language)))


async def test_assemblyai_is_told_the_language_in_both_of_its_ways() -> None:
    """RTE-16: a list for the synchronous service, a code or detection for a job."""
    assert '"language_codes":["es"]' in told(await sent("assemblyai", replace(REQUEST, language="es-MX")))
    job = (await sent("assemblyai-upload", replace(REQUEST, language="es-MX"))).json
    detected = (await sent("assemblyai-upload", replace(REQUEST, language="multi"))).json

    assert (job["language_code"], job.get("language_detection")) == ("es", None)
    assert (detected.get("language_code"), detected["language_detection"]) == (None, True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deepgram", "keyterm=Ava Martinez&keyterm=Speko"),
        ("deepgram-flux", "keyterm=Ava Martinez&keyterm=Speko"),
        ("assemblyai", '"keyterms_prompt":["Ava Martinez","Speko"]'),
        ("assemblyai-upload", '"keyterms_prompt":["Ava Martinez","Speko"]'),
        ("openai", 'name="keywords[]"\r\n\r\nAva Martinez\r\n'),
        ("openai-whisper", 'name="prompt"\r\n\r\nAva Martinez, Speko\r\n'),
        ("groq", 'name="prompt"\r\n\r\nAva Martinez, Speko\r\n'),
        ("compatible", 'name="prompt"\r\n\r\nAva Martinez, Speko\r\n'),
        ("elevenlabs", 'name="keyterms"\r\n\r\nSpeko\r\n'),
        ("elevenlabs-realtime", "keyterms=Ava Martinez&keyterms=Speko"),
        ("cartesia-ink", "keyterm=Ava Martinez&keyterm=Speko"),
    ],
)
async def test_keywords_arrive(name: str, expected: str) -> None:
    """RTE-20: in the field the vendor has for them."""
    assert expected in told(await sent(name, replace(REQUEST, keywords=("Ava Martinez", "Speko"))))


async def test_older_deepgram_models_get_single_words_without_boosts() -> None:
    """RTE-20: a colon in a keyword would set how much it counts."""
    async with bench("deepgram") as here:
        request = replace(REQUEST, model="nova-2", keywords=("Ava: Martinez",))
        _ = [found async for found in here.adapter.transcribe(request, here.credential)]

    assert [pair for pair in here.fake.seen[0].query if pair[0] == "keywords"] == [
        ("keywords", "Ava"),
        ("keywords", "Martinez"),
    ]


def test_keywords_beyond_a_vendors_limits_are_left_out_and_said() -> None:
    """RTE-20: never in silence."""
    kept, warnings = kept_keywords(
        ["fits", "far too long for it", "a b c", " ", "also"], most=2, longest=8, most_words=2
    )

    assert kept == ("fits", "also")
    assert warnings == ("3 of 5 keywords were left out: the provider takes fewer.",)
    assert kept_keywords(["all"], most=1) == (("all",), ())


@pytest.mark.parametrize("name", ["assemblyai", "openai", "openai-whisper", "groq", "compatible"])
async def test_a_prompt_arrives_where_there_is_one(name: str) -> None:
    """RTE-20"""
    seen = await sent(name, replace(REQUEST, prompt="A call with a dentist."))

    assert "A call with a dentist." in told(seen)


@pytest.mark.parametrize(
    "name",
    ["deepgram", "deepgram-flux", "assemblyai-upload", "elevenlabs", "elevenlabs-realtime", "cartesia", "cartesia-ink"],
)
async def test_a_prompt_without_a_place_is_warned_about(name: str) -> None:
    """RTE-20: what is left out is said with the result."""
    async with bench(name) as here:
        heard = await here.hear(replace(REQUEST, prompt="secret words"))

    assert any("prompt" in warning for found in heard if found.is_final for warning in found.warnings)
    assert not any("secret words" in told(seen) for seen in here.fake.seen)


async def test_whisper_gets_the_end_of_a_long_prompt() -> None:
    """RTE-20: it reads no more than that, and Groq refuses more."""
    async with bench("groq") as here:
        heard = await here.hear(replace(REQUEST, prompt="x" * 2000, keywords=("Speko",)))
        prompt = told(here.fake.seen[0]).partition('name="prompt"\r\n\r\n')[2].partition("\r\n")[0]

    assert (len(prompt), prompt[-6:]) == (896, " Speko")
    assert heard[-1].warnings == ("The prompt was shortened for the provider.",)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", [name for name in HTTP if name != "assemblyai"])
async def test_a_compressed_file_goes_as_it_is(name: str, kind: str) -> None:
    """ONE-1: smaller to send, and nothing is lost by decoding twice."""
    request = replace(REQUEST, body=FILES[kind], content_type="application/octet-stream")
    async with bench(name) as here:
        await here.hear(request)

    assert FILES[kind] in here.fake.seen[0].body


@pytest.mark.parametrize("body", [FILES["mp3"], FILES["ogg"], TELEPHONE_WAV, PCM])
async def test_a_vendor_that_reads_wav_only_gets_wav(body: bytes) -> None:
    """ONE-1: made from the decoded samples, whatever the caller sent."""
    async with bench("assemblyai") as here:
        await here.hear(replace(REQUEST, body=body, content_type="audio/pcm;rate=16000"))

    assert WAV in here.fake.seen[0].body


def test_raw_samples_and_odd_wav_files_are_sent_as_plain_wav() -> None:
    """ONE-1: raw samples that look like an MPEG frame are still samples."""
    for body in (b"\xff\xfb" + bytes(30), TELEPHONE_WAV, WAV[:4] + b"\xff\xff\xff\xff" + WAV[8:]):
        upload = upload_of(replace(REQUEST, body=body, content_type="audio/pcm;rate=16000"))
        info = parse_wav_header(upload.data)

        assert (upload.filename, upload.content_type, upload.data) == ("audio.wav", "audio/wav", WAV)
        assert info is not None
        assert info.data_bytes == len(PCM)
    assert upload_of(replace(REQUEST, body=b"\xff\xfb" + bytes(30))).extension == "mp3"


def test_a_file_larger_than_a_vendor_takes_moves_on() -> None:
    """RTE-9: it is no mistake of the caller's, another vendor takes it."""
    with pytest.raises(ProviderError) as caught:
        upload_of(REQUEST, max_bytes=len(WAV) - 1)

    assert caught.value.kind is FailureKind.REFUSED
    assert caught.value.fails_over
    assert upload_of(REQUEST, max_bytes=len(WAV)).data == WAV


@pytest.mark.parametrize("name", SOCKETS)
async def test_sockets_carry_every_sample_at_their_rate(name: str) -> None:
    """ONE-8: resampled to 16 kHz, nothing lost at the end."""
    loud = b"\x10\x20" * 12_345
    async with bench(name) as here:
        await here.hear(replace(REQUEST, pcm=loud, sample_rate=16_000))
        await here.hear(replace(REQUEST, pcm=bytes(16_000), sample_rate=8_000))

    assert here.fake.seen[0].body == loud
    assert len(here.fake.seen[1].body) == 32_000


async def test_a_very_short_word_is_padded_where_a_commit_needs_more() -> None:
    """RTE-16: Scribe ends the session of who commits less than 0.3 s."""
    seen = await sent("elevenlabs-realtime", replace(REQUEST, pcm=b"\x10\x20" * 1600))

    assert len(seen.body) == 0.4 * 16_000 * 2
    assert seen.body.startswith(b"\x10\x20" * 1600)


async def test_recordings_beyond_the_synchronous_service_become_jobs() -> None:
    """RTE-16: AssemblyAI's synchronous service takes 80 ms to two minutes."""
    row = recognizer("assemblyai")
    for seconds in (0.05, 121):
        pcm = bytes(int(seconds * 16_000) * 2)
        request = replace(REQUEST, model=row.model, pcm=pcm, body=wav_bytes(pcm, 16_000))
        async with bench("assemblyai-upload") as here:
            heard = [found async for found in here.adapter.transcribe(request, here.credential)]
        assert heard[0].text == "Hello wonderful world."
        assert orjson.loads(here.fake.seen[1].body)["speech_models"] == [row.model]


async def test_no_field_of_a_form_can_break_out_of_it() -> None:
    """RTE-16: values hold what callers write."""
    evil = '"\r\n--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nother'
    async with bench("groq") as here:
        heard = await here.hear(replace(REQUEST, prompt=evil))

    assert heard[0].text == "Hello wonderful world."
