"""Routing as operations: look before you call."""

from speko_core.operations import AnyOperation, Http, Operation, ToolBinding
from speko_core.routing import schemas, service
from speko_core.schemas import Nothing

STACK = Operation(
    id="routing.stack",
    summary="Preview the routing decision",
    description="The current pick per modality for an intent, the runners-up with their scores, and why every other "
    "candidate is left out. Calls no provider and records no usage.",
    scope="inference:use",
    effect="read",
    input=schemas.StackQuery,
    output=schemas.Stack,
    run=service.stack,
    http=Http("GET", "/v1/benchmarks/stack", tag="Routing"),
    tool=ToolBinding(
        "preview_stack",
        "Preview stack",
        "Use to see which STT, LLM and TTS an agent would run on for a language, before creating it or when a pick "
        "surprises. Returns pick, runnersUp and filtered_out with reasons for each modality.",
        toolset="routing",
        next_steps=("create_agent with stackPreferences.allowedProviders to pin an id",),
    ),
)
KNOWN = Operation(
    id="providers.known",
    summary="List known providers",
    description="Every vendor and model the router knows; `id` is the verbatim string for `allowedProviders`.",
    scope="inference:use",
    effect="read",
    input=Nothing,
    output=schemas.KnownProviders,
    run=service.known_providers,
    http=Http("GET", "/v1/providers/known", tag="Routing"),
    tool=ToolBinding(
        "list_known_providers",
        "List known providers",
        "Use to find the exact ids that allowedProviders takes. Returns every vendor and model by modality, whether it "
        "is benchmarked, and whether this installation can call it now.",
        toolset="routing",
        next_steps=("update_agent with stackPreferences.allowedProviders to pin an id",),
        listed=False,
    ),
)
VOICES = Operation(
    id="voices.list",
    summary="List TTS voices",
    description="The catalogue of voices by provider, and the TTS providers the router knows.",
    scope="inference:use",
    effect="read",
    input=schemas.VoicesQuery,
    output=schemas.Voices,
    run=service.voices,
    http=Http("GET", "/v1/voices", tag="Voices"),
    tool=ToolBinding(
        "list_voices",
        "List voices",
        "Use to find a voice id for an agent or for synthesize. Returns voices with vendor, id and name; a voice only "
        "works with its vendor. Filter by provider when the list is long.",
        toolset="routing",
        next_steps=("update_agent with voice", "preview_stack to see which vendor an agent runs on"),
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (STACK, KNOWN, VOICES)
