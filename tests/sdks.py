"""Vendors' own clients take seconds to load: the first test that uses one does, not each process that collects."""

from typing import Any

from speko_core.late import LateModule

anthropic: Any = LateModule("anthropic")
elevenlabs: Any = LateModule("elevenlabs")
elevenlabs_core: Any = LateModule("elevenlabs.core")
elevenlabs_realtime: Any = LateModule("elevenlabs.realtime")
genai: Any = LateModule("google.genai")
groq: Any = LateModule("groq")
openai: Any = LateModule("openai")
