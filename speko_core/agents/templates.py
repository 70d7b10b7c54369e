"""Variables in prompts: a small, bounded part of Liquid. Pure.

Who writes a prompt shares the process with others, so there are no loops, no includes, and no filter whose output can
outgrow its inputs by more than a sum; the library holds the rest to the limits below.
"""

from collections.abc import Mapping

from liquid import Environment
from liquid.builtin import content, illegal, output
from liquid.builtin.tags import assign_tag, case_tag, comment_tag, if_tag, inline_comment_tag, unless_tag
from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate
from liquid.undefined import Undefined

MAX_OUTPUT_BYTES = 400_000
_TAGS = (
    content.Literal,
    output.Output,
    illegal.Illegal,
    assign_tag.AssignTag,
    case_tag.CaseTag,
    comment_tag.CommentTag,
    if_tag.IfTag,
    inline_comment_tag.InlineCommentTag,
    unless_tag.UnlessTag,
)
FILTERS = (
    "append", "capitalize", "default", "downcase", "lstrip", "prepend", "remove", "rstrip", "size", "strip",
    "truncate", "truncatewords", "upcase",
)  # fmt: skip

Tree = dict[str, object]


class TemplateProblem(Exception):
    """The template cannot be used; the text says why, for the person who wrote it."""


class _Bounded(Environment):
    block_nesting_limit = 10
    context_depth_limit = 10
    local_namespace_limit = MAX_OUTPUT_BYTES
    output_stream_limit = MAX_OUTPUT_BYTES

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters()
        self.tags.clear()
        for tag in _TAGS:
            self.add_tag(tag)
        self.filters = {name: self.filters[name] for name in FILTERS}


class _Absent(Undefined):
    """A variable nobody gave: false in conditions, replaced by `default`, noted once it would be printed."""

    __slots__ = ("noted",)

    def __init__(self, name: str, noted: set[str]) -> None:
        super().__init__(name)
        self.noted = noted

    def __str__(self) -> str:
        self.noted.add(self.name)
        return ""


_ENVIRONMENT = _Bounded()


def check(text: str) -> None:
    """Compile a template.

    Raises:
        TemplateProblem: it does not compile, or uses a filter that is not offered.
    """
    _compiled(text)


def names(text: str) -> list[str]:
    """The variables that a template uses, sorted.

    Raises:
        TemplateProblem: it does not compile.
    """
    return sorted(set(_compiled(text).global_variable_paths()))


def fill(text: str, values: Mapping[str, str]) -> tuple[str, set[str]]:
    """The text with its variables filled in, and the names of those that are printed and have no value.

    Raises:
        TemplateProblem: it does not compile, or outgrows the limits; two values contradict each other.
    """
    template, noted, tree = _compiled(text), set[str](), Tree()
    for name, value in values.items():
        _plant(tree, name, value)
    for path in template.global_variable_paths():
        if path not in values:
            _plant(tree, path, _Absent(path, noted), keep=True)
    try:
        return template.render(**tree), noted
    except LiquidError as problem:
        raise TemplateProblem(f"cannot be filled in: {_sentence(problem)}") from None


def _compiled(text: str) -> BoundTemplate:
    try:
        template = _ENVIRONMENT.from_string(text)
        unknown = [name for name in template.filter_names() if name not in FILTERS]
    except LiquidError as problem:
        raise TemplateProblem(f"is not a valid template: {_sentence(problem)}") from None
    if unknown:
        raise TemplateProblem(f"uses the unknown filter {unknown[0]}; offered are {', '.join(FILTERS)}")
    return template


def _plant(tree: Tree, name: str, value: object, *, keep: bool = False) -> None:
    """Put `a.b` into the tree as `{a: {b: value}}`; with `keep`, what is there already stays."""
    *parents, leaf = name.split(".")
    for parent in parents:
        below = tree.setdefault(parent, {})
        if not isinstance(below, dict):
            if keep:
                return
            raise TemplateProblem(f"cannot be filled in: {parent} is a value and cannot have {name}")
        tree = below
    if keep and leaf in tree:
        return
    if isinstance(tree.get(leaf), dict):
        raise TemplateProblem(f"cannot be filled in: {name} is a value and has variables below it")
    tree[leaf] = value


def _sentence(problem: LiquidError) -> str:
    return str(problem.args[0]) if problem.args else type(problem).__name__
