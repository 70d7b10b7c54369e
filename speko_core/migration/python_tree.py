"""Finding things in the syntax tree of a Python program: constants, imports, calls, functions."""

import ast
import re
import warnings
from collections.abc import Iterator

from speko_core.errors import InvalidInput
from speko_core.migration.python_values import dotted

# What the frameworks are made of.
_CALLS = re.compile(
    r"(^|\.)(AgentSession|VoicePipelineAgent|VoiceAssistant|MultimodalAgent|RealtimeModel|say|generate_reply|"
    r"\w+(STT|TTS|LLM|Realtime\w*)Service|TTSSpeakFrame|LLMContext|OpenAILLMContext|LLMUserAggregatorParams|"
    r"FunctionSchema|FlowsFunctionSchema|register_function|NodeConfig|FlowManager|SileroVADAnalyzer|VADParams|"
    r"ChatGPTAgentConfig|AnthropicAgentConfig|LlamacppAgentConfig|\w+SynthesizerConfig|\w+TranscriberConfig|"
    r"\w+Synthesizer|StreamingConversation|TelephonyServer|ConversationRelay|conversation_relay|RealtimeAgent)$"
)


def parse(text: str, name: str) -> ast.Module:
    """The syntax tree.

    Raises:
        InvalidInput: not Python that can be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise InvalidInput(f"{name} is not valid Python: see line {error.lineno or 1}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise InvalidInput(f"{name} is not Python that can be read.") from None


def constants_of(tree: ast.Module) -> dict[str, ast.expr]:
    """Names of the module and the expressions they stand for."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
    return {name: value for name, value in found.items() if not isinstance(value, ast.Name)}


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Modules that are imported, anywhere in the program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield f"{node.module}.{node.names[0].name}" if node.module == "livekit" else node.module


def is_framework_call(call: ast.Call) -> bool:
    """Whether this makes something of a framework's; other calls are the application's own code."""
    return _CALLS.search(dotted(call.func)) is not None


def calls_in(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """Outermost calls of interest: a call inside a call of interest belongs to it."""
    stack: list[ast.AST] = list(reversed(body))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if is_framework_call(node) or name.endswith("__init__"):
                yield node
                continue
        stack.extend(reversed(list(ast.iter_child_nodes(node))))


def functions_in(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions, however deep they stand."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def owners_of(tree: ast.Module) -> dict[ast.AST, str]:
    """The function that each dictionary stands in."""
    owners: dict[ast.AST, str] = {}
    for function in functions_in(tree.body):
        for node in ast.walk(function):
            if isinstance(node, ast.Dict):
                owners[node] = function.name
    return owners


def is_direct_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether this is a function that Pipecat Flows reads the schema of by itself."""
    first = node.args.args[0] if node.args.args else None
    named = ast.unparse(first.annotation) if first is not None and first.annotation is not None else ""
    return named.endswith("FlowManager") and bool(ast.get_docstring(node))
