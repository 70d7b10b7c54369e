"""Vendor names of every platform in one spelling, models that speak by themselves, voices that live elsewhere."""

import re

from speko_core.migration.neutral import Agent, Model, Speech2Speech
from speko_core.migration.report import Status
from speko_core.migration.source import Node

_NAMES = {
    "11labs": "elevenlabs", "eleven_labs": "elevenlabs", "eleven-labs": "elevenlabs", "elevenlabs": "elevenlabs",
    "assembly-ai": "assemblyai", "assembly_ai": "assemblyai", "microsoft": "azure", "azure-openai": "azure",
    "azure_openai": "azure", "deep-seek": "deepseek", "together-ai": "together", "perplexity-ai": "perplexity",
    "inflection-ai": "inflection", "anthropic-bedrock": "bedrock", "amazon_bedrock": "bedrock",
    "aws_bedrock": "bedrock", "open_ai": "openai", "open-ai": "openai", "rime-ai": "rime", "rime_ai": "rime",
    "smallest-ai": "smallest", "smallestai": "smallest", "aws_polly": "polly", "amazon": "polly", "aws": "polly",
    "x_ai": "xai", "grok": "xai", "fish_audio": "fish", "fish-audio": "fish", "google_vertex_ai": "google",
    "gemini": "google", "google-genai": "google", "claude": "anthropic", "gpt": "openai", "sarvamai": "sarvam",
    "speechmatics-rt": "speechmatics", "custom_llm": "custom-llm",
}  # fmt: skip
HOUSE = frozenset({"vapi", "retell", "platform", "synthflow", "telnyx", "hume_ai", "bland", "ultravox", "custom_voice"})
GONE = frozenset({"playht", "play.ht", "play_ht", "talkscriber", "anyscale"})
OWN = frozenset({"custom-llm", "custom-voice", "custom-transcriber", "custom", "custom_llm"})
_SPEAKS = re.compile(r"realtime|[-_/]live\b|\blive-|grok-voice|ultravox|\bevi\b|nova-sonic|native-audio", re.IGNORECASE)
_BY_MODEL = (
    (r"^(gpt|o[1345]|chatgpt|text-embedding)", "openai"), (r"^claude", "anthropic"), (r"^gemini", "google"),
    (r"^(grok)", "xai"), (r"^(llama|mixtral|qwen|openai/gpt-oss)", "groq"), (r"^(eleven_|scribe)", "elevenlabs"),
    (r"^sonic", "cartesia"), (r"^(nova|aura|flux)", "deepgram"), (r"^(deepseek)", "deepseek"), (r"^mistral", "mistral"),
)  # fmt: skip
_ENTRY = re.compile(r"^[a-z0-9_-]+(:[A-Za-z0-9._/@:-]+)?$")
HOUSE_VOICE = "A voice of that platform; another one has to be chosen."
VENDOR_GONE = "This vendor is no longer served; another one has to be chosen."


def vendor(name: str | None) -> str | None:
    """The neutral spelling of a vendor."""
    if not name:
        return None
    folded = re.sub(r"[^a-z0-9_.-]+", "-", name.strip().lower()).strip("-.")
    return _NAMES.get(folded, folded) or None


def vendor_of_model(model: str | None) -> str | None:
    """The vendor a model name gives away."""
    for pattern, name in _BY_MODEL if model else ():
        if re.match(pattern, model or "", re.IGNORECASE):
            return name
    return None


def speaks_itself(model: str | None) -> bool:
    """Whether this is a speech-to-speech model."""
    return bool(model and _SPEAKS.search(model))


def split_entry(text: str) -> Model:
    """`openai/gpt-4o` or `gpt-4o` as vendor and model."""
    head, slash, tail = text.partition("/")
    if slash and vendor(head):
        return Model(provider=vendor(head), model=tail)
    return Model(provider=vendor_of_model(text), model=text)


def entry_of(model: Model) -> str | None:
    """The allow-list entry, or None where this installation cannot name the vendor."""
    if model.provider is None or model.provider in HOUSE | GONE | OWN:
        return None
    entry = model.entry
    if entry is not None and len(entry) <= 120 and _ENTRY.match(entry):
        return entry
    return model.provider if _ENTRY.match(model.provider) else None


def take_llm(agent: Agent, provider: Node, model: Node) -> None:
    """Read a language model; a speech-to-speech one goes where it belongs."""
    name, house = model.text, vendor(provider.text)
    if speaks_itself(name):
        model.take_text("s2s.model")
        provider.take_text("s2s.provider")
        agent.s2s = Speech2Speech(provider=house or vendor_of_model(name), model=name)
        return
    if house in OWN:
        provider.mark("needs_input", "Add this language model as a provider of your own.", "llm.provider")
        model.mark("needs_input", "A model of your own endpoint.", "llm.model")
        return
    agent.llm.model = model.take_text("llm.model")
    provider.take_text("llm.provider")
    agent.llm.provider = house or vendor_of_model(name)


def take_voice(agent: Agent, provider: Node, voice: Node, model: Node | None = None) -> None:
    """Read a voice. House voices and vendors that are gone stay behind, with the reason."""
    house = vendor(provider.text)
    if model is not None:
        agent.voice.model = model.take_text("voice.model")
    if house in HOUSE or house in GONE or house in OWN:
        reason = VENDOR_GONE if house in GONE else HOUSE_VOICE
        status: Status = "needs_input" if house in OWN else "approximated"
        provider.mark(status, reason, "voice.provider")
        voice.mark(status, reason, "voice.name")
        agent.voice.name = voice.text
        agent.voice.model = None
        return
    provider.take_text("voice.provider")
    agent.voice.provider = house
    agent.voice.id = voice.take_text("voice.id")


def take_stt(agent: Agent, provider: Node, model: Node) -> None:
    """Read a recognizer."""
    house = vendor(provider.text)
    if house in HOUSE | GONE | OWN:
        reason = "Add this recognizer as a provider of your own." if house in OWN else VENDOR_GONE
        provider.mark("needs_input" if house in OWN else "approximated", reason, "stt.provider")
        model.mark("approximated", "Belongs to that recognizer.", "stt.model")
        return
    provider.take_text("stt.provider")
    agent.stt.provider = house
    agent.stt.model = model.take_text("stt.model")
