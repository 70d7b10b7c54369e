"""Every recognizer in every kind of trouble its vendor may be in."""

import asyncio
from contextlib import aclosing

import pytest

from speko_core.providers.base import FailureKind
from tests.fakes.vendors.base import PROMPTLY_S
from tests.fakes.vendors.behaviour import Behaviour, Trouble, refusing
from tests.fakes.vendors.recordings import HEARD
from tests.providers.stt.recognizers import RECOGNIZERS, Bench, bench, recognizer

pytestmark = pytest.mark.virtual_time

NAMES = [row.name for row in RECOGNIZERS]
# What a recognizer over HTTP and one over a socket make of each trouble; several where the moment decides.
TROUBLES: dict[Trouble, tuple[tuple[FailureKind, ...], tuple[FailureKind, ...]]] = {
    Trouble.SILENT: ((FailureKind.TIMEOUT,), (FailureKind.TIMEOUT,)),
    Trouble.STALL: ((FailureKind.TIMEOUT,), (FailureKind.TIMEOUT,)),
    Trouble.EMPTY: ((FailureKind.EMPTY,), (FailureKind.EMPTY,)),
    Trouble.NOTHING: ((FailureKind.EMPTY,), (FailureKind.EMPTY, FailureKind.UPSTREAM)),
    Trouble.MALFORMED: ((FailureKind.UPSTREAM,), (FailureKind.UPSTREAM,)),
    Trouble.TRUNCATED: ((FailureKind.UPSTREAM,), (FailureKind.UPSTREAM,)),
    Trouble.CUT: ((FailureKind.NETWORK,), (FailureKind.UPSTREAM,)),
}
REFUSALS = [
    (refusing(400), FailureKind.INVALID),
    (refusing(401), FailureKind.AUTH),
    (refusing(402), FailureKind.QUOTA),
    (refusing(403), FailureKind.AUTH),
    (refusing(429), FailureKind.RATE),
    (refusing(500), FailureKind.UPSTREAM),
    (refusing(503), FailureKind.UPSTREAM),
    (refusing(504), FailureKind.TIMEOUT),
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_recording_is_heard(name: str) -> None:
    """RTE-16: one final text, and interims only where the vendor streams."""
    async with bench(name) as here:
        heard = await here.hear()

    assert " ".join(found.text.strip() for found in heard if found.is_final) == HEARD
    assert any(not found.is_final for found in heard) == here.row.streams
    assert all(found.text.strip() for found in heard)


@pytest.mark.parametrize("name", NAMES)
async def test_a_slow_vendor_is_waited_for(name: str) -> None:
    """RTE-9: slow is not dead."""
    async with bench(name) as here:
        here.fake.always = Behaviour(Trouble.SLOW, delay_s=0.2)
        assert " ".join(found.text for found in await here.hear() if found.is_final) == HEARD


# Closing in good order is how Flux ends, and an upload that is answered has nothing in it to be empty.
NOT_A_FAILURE = {("deepgram-flux", Trouble.TRUNCATED), ("assemblyai-upload", Trouble.EMPTY)}


@pytest.mark.parametrize(
    ("name", "trouble"),
    [(name, trouble) for name in NAMES for trouble in TROUBLES if (name, trouble) not in NOT_A_FAILURE],
)
async def test_every_trouble_is_a_failure_of_its_kind(name: str, trouble: Trouble) -> None:
    """RTE-9, ONE-11: and nothing is yielded that holds no text."""
    async with bench(name) as here:
        here.fake.always = Behaviour(trouble)
        heard, error = await here.fail()

    assert error.kind in TROUBLES[trouble][here.row.socket]
    assert all(found.text.strip() and not found.is_final for found in heard)


@pytest.mark.parametrize(("behaviour", "kind"), REFUSALS, ids=[str(behaviour.status) for behaviour, _ in REFUSALS])
@pytest.mark.parametrize("name", NAMES)
async def test_every_refusal_has_its_kind(name: str, behaviour: Behaviour, kind: FailureKind) -> None:
    """RTE-9: the vendor's sentence may quote the caller, so it stays outside."""
    async with bench(name) as here:
        here.fake.always = behaviour
        heard, error = await here.fail()

    assert (heard, error.kind, error.status) == ([], kind, behaviour.status)
    assert "secret" not in str(error)


@pytest.mark.parametrize("name", NAMES)
async def test_the_wait_a_vendor_asks_for_is_kept(name: str) -> None:
    """RTE-12: for the circuit breaker."""
    async with bench(name) as here:
        here.fake.always = refusing(429, retry_after="7")
        _, error = await here.fail()

    assert (error.kind, error.retry_after_s) == (FailureKind.RATE, 7.0)


@pytest.mark.parametrize("name", NAMES)
async def test_nobody_listening_is_a_network_failure(name: str) -> None:
    """RTE-9: without the address in the text."""
    async with bench(name) as here:
        url, here.fake.url = here.fake.url, "http://127.0.0.1:1"
        _, error = await here.fail()
        here.fake.url = url

    assert error.kind is FailureKind.NETWORK
    assert "127.0.0.1" not in str(error)


@pytest.mark.parametrize("name", NAMES)
async def test_leaving_closes_the_call_upstream_at_once(name: str) -> None:
    """ONE-7: within 100 ms, seen at the vendor."""
    async with bench(name) as here:
        here.fake.always = Behaviour(Trouble.SILENT)
        listening = asyncio.create_task(anext(aiter(here.listen())))
        await _asked(here)
        left = asyncio.get_running_loop().time()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        assert await here.fake.until_hung_up() - left < PROMPTLY_S
        assert here.fake.answering == 0


@pytest.mark.parametrize("name", [row.name for row in RECOGNIZERS if row.streams])
async def test_closing_after_the_first_words_closes_the_call_upstream(name: str) -> None:
    """ONE-7: the iterator is closed, not only cancelled."""
    async with bench(name) as here:
        here.fake.always = Behaviour(Trouble.STALL)
        async with aclosing(here.listen()) as found:  # type: ignore[type-var]  # adapters are generators
            first = await anext(found)
            left = asyncio.get_running_loop().time()
        assert await here.fake.until_hung_up() - left < PROMPTLY_S

    assert (first.text, first.is_final) == ("Hello", False)


@pytest.mark.parametrize("name", NAMES)
async def test_the_fake_takes_its_own_key_only(name: str) -> None:
    """RTE-9: a wrong key is a failure of the credential."""
    async with bench(name) as here:
        key, here.fake.key = here.fake.key, "another-key"
        credential = here.credential
        here.fake.key = key
        with pytest.raises(Exception, match="auth"):
            await anext(aiter(here.listen(credential=credential)))


async def test_flux_that_closes_in_the_middle_of_a_turn_has_said_what_it_heard() -> None:
    """RTE-16: the last words of a recording need no pause after them."""
    async with bench("deepgram-flux") as here:
        here.fake.always = Behaviour(Trouble.TRUNCATED)
        heard = await here.hear()

    assert [(found.text, found.is_final) for found in heard] == [("Hello", False), ("Hello", True)]


async def test_a_job_that_ends_in_error_is_a_failure() -> None:
    """RTE-9: AssemblyAI says so under status 200."""
    async with bench("assemblyai-poll") as here:
        here.fake.fails = True  # type: ignore[attr-defined]  # of the fake of jobs
        _, error = await here.fail()

    assert error.kind is FailureKind.UPSTREAM
    assert "secret" not in str(error)


def test_every_vendor_of_the_requirement_is_here() -> None:
    """RTE-16: Deepgram, AssemblyAI, OpenAI, ElevenLabs, Groq, Cartesia, and a declared server."""
    vendors = {recognizer(name).fake.vendor for name in NAMES}
    assert vendors == {"deepgram", "assemblyai", "openai", "elevenlabs", "groq", "cartesia", "compatible"}


async def _asked(here: Bench) -> None:
    """Wait until the fake holds an unanswered call."""
    deadline = asyncio.get_running_loop().time() + 5
    while not (here.fake.answering and here.fake.seen):
        assert asyncio.get_running_loop().time() < deadline, "the vendor was not called"
        await asyncio.sleep(0.005)
