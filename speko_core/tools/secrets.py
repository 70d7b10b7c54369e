"""How the secrets that a tool's source names are called; `agents/secrets.py` keeps them."""


def signing_ref(agent_id: str, tool_name: str) -> str:
    """How a tool's signing secret is named on the wire; also what finds the tool when it comes back."""
    return f"webhook:{agent_id}:{tool_name}"


def header_ref(agent_id: str, tool_name: str, header: str) -> str:
    """How the value of a tool's secret header is named."""
    return f"{signing_ref(agent_id, tool_name)}:{header.lower()}"


def agent_of(secret_ref: str) -> tuple[str, str] | None:
    """The agent's id and the tool's name in a reference of ours; None for any other text."""
    parts = secret_ref.split(":")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "webhook" else None
