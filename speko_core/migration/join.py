"""Documents that are one agent in several files: Retell's agent and its LLM or flow, Vapi's squad and its members."""

from dataclasses import dataclass, field

from speko_core.migration.ledger import Locations
from speko_core.migration.paths import Path
from speko_core.migration.readers.base import Detection, part
from speko_core.types import JsonObject, JsonValue


@dataclass(frozen=True)
class Candidate:
    """A recognized document: the file and the place in it."""

    path: str
    prefix: Path
    value: JsonValue
    detection: Detection
    joined: dict[Path, str] = field(default_factory=dict)
    lines: dict[Path, str] = field(default_factory=dict)

    @property
    def locations(self) -> Locations:
        """How its leaves are named: bare pointers when it is a whole file."""
        if self.joined:
            return Locations(files=self.joined)
        return Locations(base=self.prefix, lines=self.lines)

    @property
    def files(self) -> list[str]:
        """The files it came from."""
        return list(dict.fromkeys(self.joined.values())) if self.joined else [self.path]


def join(candidates: list[Candidate]) -> list[Candidate]:
    """Put together what belongs together; the rest stays as it is."""
    return _join_vapi(_join_retell(candidates))


def _join_retell(candidates: list[Candidate]) -> list[Candidate]:
    agents = [item for item in candidates if item.detection == Detection("retell", "agent")]
    engines = [
        item
        for item in candidates
        if item.detection.platform == "retell" and item.detection.kind in ("llm", "conversation_flow")
    ]
    taken: list[Candidate] = []
    joined: list[Candidate] = []
    for agent in agents:
        engine = next((item for item in engines if item not in taken and _belongs(agent, item)), None)
        if engine is None and len(agents) == len(engines) == 1:
            engine = engines[0]
        if engine is not None:
            taken += [agent, engine]
            joined.append(_pair(agent, engine))
    return [*joined, *(item for item in candidates if not any(item is other for other in taken))]


def _belongs(agent: Candidate, engine: Candidate) -> bool:
    wanted = part(agent.value, "response_engine")
    return any(
        part(wanted, key) is not None and part(wanted, key) == part(engine.value, key)
        for key in ("llm_id", "conversation_flow_id")
    )


def _pair(agent: Candidate, engine: Candidate) -> Candidate:
    key = "llm" if engine.detection.kind == "llm" else "conversation_flow"
    value: JsonObject = {"agent": agent.value, key: engine.value}
    files: dict[Path, str] = {("agent",): agent.path, (key,): engine.path}
    return Candidate(agent.path, (), value, Detection("retell", "bundle"), files)


def _join_vapi(candidates: list[Candidate]) -> list[Candidate]:
    squads = [item for item in candidates if item.detection == Detection("vapi", "squad")]
    assistants = {
        str(part(item.value, "id")): item
        for item in candidates
        if item.detection == Detection("vapi", "assistant") and part(item.value, "id")
    }
    if not squads or not assistants:
        return candidates
    used: set[int] = set()
    done: list[Candidate] = []
    for squad in squads:
        done.append(_with_members(squad, assistants, used))
    rest = [item for item in candidates if not any(item is squad for squad in squads) and id(item) not in used]
    return [*done, *rest]


def _with_members(squad: Candidate, assistants: dict[str, Candidate], used: set[int]) -> Candidate:
    members = part(squad.value, "members")
    if not isinstance(squad.value, dict) or not isinstance(members, list):
        return squad
    files: dict[Path, str] = {(): squad.path}
    filled: list[JsonValue] = []
    for at, member in enumerate(members):
        found = assistants.get(str(part(member, "assistantId")))
        if found is None or not isinstance(member, dict):
            filled.append(member)
            continue
        used.add(id(found))
        rest = {key: value for key, value in member.items() if key != "assistantId"}
        filled.append({**rest, "assistant": found.value})
        files[("members", at, "assistant")] = found.path
    if len(files) == 1:
        return squad
    return Candidate(squad.path, (), {**squad.value, "members": filled}, squad.detection, files)
