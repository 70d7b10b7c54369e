"""What gives a platform away in code, in dependency lists and in names of environment variables."""

import re

CODE: tuple[tuple[str, str, "re.Pattern[str]"], ...] = tuple(
    (platform, what, re.compile(pattern))
    for platform, what, pattern in (
        ("livekit", "LiveKit Agents code", r"from livekit(\.agents| import agents)|livekit\.agents|@livekit/agents"),
        ("pipecat", "Pipecat code", r"\bfrom pipecat\b|\bimport pipecat\b|pipecat_flows"),
        ("vocode", "Vocode code", r"\bfrom vocode\b|\bimport vocode\b"),
        (
            "ultravox",
            "Ultravox call settings",
            r"api\.ultravox\.ai|ultravox-client|selectedTools\s*:|fixie-ai/ultravox",
        ),
        (
            "vapi",
            "Vapi client or webhook code",
            r"api\.vapi\.ai|@vapi-ai/|\bvapi_server_sdk\b|x-vapi-secret|toolCallList",
        ),
        ("retell", "Retell client or webhook code", r"api\.retellai\.com|retell-sdk|retell-client|x-retell-signature"),
        (
            "elevenlabs",
            "ElevenLabs agents code",
            r"convai/conversation|@elevenlabs/(client|react|convai)|elevenlabs\.conversational_ai",
        ),
        ("bland", "Bland client code", r"api\.bland\.ai"),
        ("bolna", "Bolna client code", r"api\.bolna\.(dev|ai)|\bfrom bolna\b"),
        (
            "openai_realtime",
            "OpenAI Realtime code",
            r"api\.openai\.com/v1/realtime|RealtimeAgent\(|RealtimeSession\(|/v1/realtime/",
        ),
        ("deepgram", "Deepgram Voice Agent code", r"agent\.deepgram\.com|AgentV1Settings|SettingsOptions"),
        ("hume", "Hume EVI code", r"/v0/evi/|@humeai/voice|empathic_voice"),
        ("twilio", "Twilio ConversationRelay code", r"ConversationRelay|conversationRelay"),
        ("telnyx", "Telnyx assistants code", r"api\.telnyx\.com/v2/ai/assistants"),
        ("synthflow", "Synthflow client code", r"api\.synthflow\.ai|fine-tuner\.ai"),
        ("ten", "TEN framework code", r"\bfrom ten_runtime\b|\bten_ai_base\b"),
    )
)
ROUTE = re.compile(
    r"""(?:@\w+(?:\.\w+)*\.(?:post|route|websocket|api_route)|\b(?:app|router|server|fastify|api|hono)\.(?:post|all|ws))\(\s*
    ["'`](?P<route>/[^"'`\s]{0,120})["'`]""",
    re.VERBOSE,
)
ROUTE_WORDS = re.compile(
    r"vapi|retell|eleven|bland|bolna|voice|call|webhook|tool|twilio|telnyx|agent|twiml|media|stream", re.IGNORECASE
)
PHONE = re.compile(r"(?<![\w+.])\+[1-9]\d{9,14}(?!\d)")
ENV_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]{1,80})\s*=", re.MULTILINE)
ENV_NAME = re.compile(
    r"VAPI|RETELL|ELEVEN|BLAND|BOLNA|DEEPGRAM|OPENAI|ANTHROPIC|CARTESIA|LIVEKIT|TWILIO|TELNYX|ULTRAVOX|HUME|SYNTHFLOW|"
    r"GROQ|GOOGLE|GEMINI|AZURE|ASSEMBLY|SPEECHMATICS|GLADIA|PLAYHT|RIME|LMNT|DAILY|PLIVO|VONAGE|AGORA|XAI|VOCODE|WEBHOOK"
)
DEPENDENCY = re.compile(
    r"livekit-agents|livekit-plugins-\w+|pipecat-ai(?:-flows)?|@vapi-ai/[\w-]+|vapi-server-sdk|retell-sdk|retell-client-js-sdk|"
    r"@elevenlabs/[\w-]+|elevenlabs|ultravox-client|@humeai/[\w-]+|hume|@deepgram/sdk|deepgram-sdk|vocode|bolna|twilio|"
    r"@livekit/agents[\w-]*|@openai/agents-realtime|@openai/agents"
)
MANIFESTS = frozenset({"package.json", "requirements.txt", "pyproject.toml", "Pipfile", "requirements-dev.txt"})
