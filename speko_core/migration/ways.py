"""Where the stages of a graph lead: past branches, tools and silent stages to what talks, or ends the call. Pure."""

from collections import defaultdict, deque
from dataclasses import dataclass

from speko_core.migration.neutral import Graph, GraphEdge, GraphNode

TALKS = ("talk", "say", "global")
MAX_WAYS = 40
# Longer ways are told as far as this; nobody follows more conditions at once.
MAX_STEPS = 12


@dataclass(frozen=True)
class Way:
    """From a stage on: what is passed, each with the condition under which it is reached, and last what comes next."""

    steps: tuple[tuple[str, GraphNode], ...]

    @property
    def to(self) -> GraphNode:
        """What comes next."""
        return self.steps[-1][1]

    @property
    def condition(self) -> str:
        """All that has to be so on the way."""
        return ", then ".join(condition for condition, _ in self.steps if condition)


class Ways:
    """The ways of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._nodes = {node.id: node for node in reversed(graph.nodes)}
        self._onward: dict[str, list[GraphEdge]] = defaultdict(list)
        for edge in graph.edges:
            self._onward[edge.source].append(edge)

    def is_stage(self, node: GraphNode) -> bool:
        """True for what talks. A stage without words that just leads on is passed."""
        silent = not node.text and not node.tools and not node.condition
        only_onward = [edge.kind for edge in self._onward[node.id]] == ["always"]
        return node.kind in TALKS and not (silent and only_onward)

    def of(self, stage: GraphNode) -> list[Way]:
        """Every way on, the nearest first."""
        found: list[Way] = []
        passed = {stage.id}
        waiting: deque[tuple[GraphEdge, Way]] = deque((edge, Way(())) for edge in self._onward[stage.id])
        while waiting and len(found) < MAX_WAYS:
            edge, before = waiting.popleft()
            node = self._nodes.get(edge.target)
            if node is None:
                continue
            way = Way((*before.steps, (_words(edge), node)))
            further = [] if self._ends(node) or len(way.steps) == MAX_STEPS else self._onward[node.id]
            if not further:
                found.append(way)
            elif node.id not in passed:
                passed.add(node.id)
                waiting.extend((one, way) for one in further)
        return found

    def _ends(self, node: GraphNode) -> bool:
        return self.is_stage(node) or node.kind in ("end", "transfer") or node.transfer_to is not None


def _words(edge: GraphEdge) -> str:
    return "nothing else fits" if edge.kind == "else" else edge.condition.strip().rstrip(".")
