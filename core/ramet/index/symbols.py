"""Finds the definitions of a file with tree-sitter queries that touch nothing but definition nodes.

A query (`queries/definitions/*.scm`) captures the whole definition under its kind and its name under `@name`. Special names:
`@scope` is a qualifier written beside the name (a Go receiver), `@scope.KIND` is a definition that only qualifies what is in
it (a Rust impl), `@prototype.KIND` is a declaration without a body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tree_sitter import Node, Tree

from ramet.index.parser import packaged_query, query_matches
from ramet.models import Symbol
from ramet.tokens import bare_name

FUNCTION_KINDS = frozenset({"function", "method", "constructor", "macro"})
MINOR_KINDS = frozenset({"constant", "variable", "field", "property", "type", "key", "index", "schema"})
"""Definitions that are usually a line or two and then no chunk of their own."""
NAMESPACE_KINDS = frozenset({"namespace", "module"})
_TEXT_KINDS = frozenset({"rule", "key", "table", "element", "heading", "view", "index", "trigger", "schema"})
"""Kinds whose names are not identifiers and are kept as written."""
_LONGEST_NAME = 200
"""Characters."""
_LONGEST_SIGNATURE = 300
"""Characters."""
_MOST_DEFINITIONS = 50_000
"""Definitions of one file that are kept; a file with more is generated or one endless line."""
_DEEPEST_DECLARATOR = 20
_SPACE = re.compile(r"\s+")
_SCRIPT_PREFIX = re.compile(r"^(?:module\.exports|exports|window|globalThis|self|this)\.")


@dataclass(slots=True, eq=False)
class Definition:
    """One definition and those inside it; lines are 1-based and inclusive."""

    name: str
    qualified_name: str
    kind: str
    start_byte: int
    end_byte: int
    start_line: int
    end_line: int
    name_line: int
    is_symbol: bool = True
    """False for what only qualifies names, such as a Rust impl."""
    is_prototype: bool = False
    parent: Definition | None = None
    children: list[Definition] = field(default_factory=list)

    @property
    def line_count(self) -> int:
        """Lines that it spans."""
        return self.end_line - self.start_line + 1

    @property
    def is_minor(self) -> bool:
        """Whether it is of a kind that is usually too small for a chunk."""
        return self.is_prototype or self.kind in MINOR_KINDS

    def symbol(self, lines: list[str]) -> Symbol:
        """Return it as a value, with its signature from the file's lines."""
        signature = lines[self.name_line - 1].strip()[:_LONGEST_SIGNATURE] if self.name_line <= len(lines) else ""
        end_line = min(self.end_line, len(lines))
        while end_line > self.start_line and not lines[end_line - 1].strip():
            end_line -= 1
        return Symbol(self.name, self.qualified_name, self.kind, self.start_line, end_line, signature)


def last_line(node: Node) -> int:
    """Return the 1-based line that a node ends on; a final line feed does not reach into the next line."""
    row, column = node.end_point
    return row if column == 0 and row > node.start_point[0] else row + 1


def _declared_name(node: Node) -> Node | None:
    """Follow C declarators from a definition to the node that holds its name."""
    here: Node | None = node
    for _ in range(_DEEPEST_DECLARATOR):
        if here is None:
            return None
        if here.type == "template_declaration":
            here = here.named_child(here.named_child_count - 1)
            continue
        inner = here.child_by_field_name("declarator")
        if inner is None and here.type in ("reference_declarator", "parenthesized_declarator", "attributed_declarator"):
            inner = here.named_child(0)
        if inner is None:
            return here if here.type.endswith(("identifier", "_name", "operator_cast", "template_function")) else None
        here = inner
    return None


def _clean_name(text: str, kind: str) -> str:
    """Return a dotted name: `A::b`, `a:b`, `module.exports.b`, `A.prototype.b` and `"b"` in one form."""
    if text.isidentifier():
        return text[:_LONGEST_NAME]
    name = _SPACE.sub(" ", text).strip()
    if kind in _TEXT_KINDS:
        return name.strip("\"'`")[:_LONGEST_NAME]
    name = name.strip("\"'`")
    if name.startswith(("operator", "(")) or "::operator" in name:
        return name.replace("::", ".")[:_LONGEST_NAME]
    name = _SCRIPT_PREFIX.sub("", bare_name(name).replace("::", ".").replace(".prototype.", ".").replace(":", "."))
    return name.strip(". ")[:_LONGEST_NAME]


def _written_type(text: str) -> str:
    """Return the type of an `impl` without its path: what is implemented for `Point<u8>` is not there for `Point<f32>`."""
    name, opening, arguments = _SPACE.sub(" ", text).strip().partition("<")
    return f"{name.rpartition('::')[2]}{opening}{arguments}"[:_LONGEST_NAME]


def _definition(captures: dict[str, list[Node]], data: bytes) -> tuple[int, Definition] | None:
    """Return the place of the name and the definition of one match."""
    names = captures.pop("name", None)
    qualifiers = captures.pop("scope", None)
    captures.pop("_wrapper", None)
    captures.pop("_id", None)
    for label, (node, *_) in captures.items():
        role, _, kind = label.rpartition(".")
        name_node = names[0] if names else _declared_name(node) if not role or role == "prototype" else None
        if name_node is None and role != "scope":
            return None
        where = name_node or node
        name = _clean_name(data[where.start_byte : where.end_byte].decode("utf-8", "replace"), kind) if name_node else ""
        if role == "scope" and kind == "impl":
            name = _written_type(data[where.start_byte : where.end_byte].decode("utf-8", "replace"))
        elif role == "scope":
            name = name.rpartition(".")[2]
        elif not name:
            return None
        if qualifiers:
            name = (
                f"{_clean_name(data[qualifiers[0].start_byte : qualifiers[0].end_byte].decode('utf-8', 'replace'), kind)}.{name}"
            )
        start_line = node.start_point[0] + 1
        return where.start_byte, Definition(
            name=name,
            qualified_name=name,
            kind=kind,
            start_byte=node.start_byte,
            end_byte=node.end_byte,
            start_line=start_line,
            end_line=last_line(node),
            name_line=where.start_point[0] + 1,
            is_symbol=role != "scope",
            is_prototype=role == "prototype",
        )
    return None


def _better(first: Definition, second: Definition) -> Definition:
    """Return the one of two readings of the same name that says more: not minor, then the longer, then the first."""
    if first.is_minor != second.is_minor:
        return second if first.is_minor else first
    if first.is_minor and first.kind != second.kind:
        return first
    return second if second.end_byte - second.start_byte > first.end_byte - first.start_byte else first


def _is_repeated(definition: Definition, parent: Definition | None) -> bool:
    """Whether it is the tag inside `typedef struct A {...} A`."""
    return parent is not None and definition.name == parent.name and definition.kind == parent.kind in ("struct", "enum", "union")


def _place(definition: Definition, parent: Definition | None) -> None:
    """Qualify a definition by its parent and settle its kind."""
    definition.parent = parent
    owner = parent
    while owner is not None and owner.kind in NAMESPACE_KINDS and owner.kind != "module":
        owner = owner.parent
    if definition.kind == "function" and owner is not None and owner.kind not in FUNCTION_KINDS | MINOR_KINDS | NAMESPACE_KINDS:
        definition.kind = "method"
    elif definition.kind == "method" and parent is None and "." not in definition.name:
        definition.kind = "function"
    prefix = parent.qualified_name if parent else ""
    local = definition.qualified_name
    definition.qualified_name = ".".join(part for part in (prefix, local) if part)
    if definition.kind not in _TEXT_KINDS and not local.startswith("operator"):
        definition.name = local.rpartition(".")[2] or local


def _nest(found: list[Definition]) -> list[Definition]:
    """Put definitions into those that contain them; return the outermost ones."""
    found.sort(key=lambda definition: (definition.start_byte, -definition.end_byte))
    roots: list[Definition] = []
    open_definitions: list[Definition] = []
    for definition in found:
        while open_definitions and open_definitions[-1].end_byte <= definition.start_byte:
            open_definitions.pop()
        parent = open_definitions[-1] if open_definitions else None
        if parent and (parent.start_byte, parent.end_byte) == (definition.start_byte, definition.end_byte):
            parent = parent.parent  # `const a = 1, b = 2`: two names of one statement
        if _is_repeated(definition, parent) or (definition.is_minor and parent and parent.kind in FUNCTION_KINDS):
            continue
        _place(definition, parent)
        (parent.children if parent else roots).append(definition)
        open_definitions.append(definition)
    return roots


def find_definitions(language: str, tree: Tree, data: bytes) -> list[Definition]:
    """Return the outermost definitions of a parsed file, in order, with the inner ones as their children."""
    query = packaged_query("definitions", language)
    if query is None:
        return []
    by_name: dict[int, Definition] = {}
    for _, captures in query_matches(query, tree.root_node)[:_MOST_DEFINITIONS]:
        placed = _definition(captures, data)
        if placed is None:
            continue
        place, definition = placed
        other = by_name.get(place)
        by_name[place] = _better(other, definition) if other else definition
    return _nest(list(by_name.values()))


def flatten(roots: list[Definition]) -> list[Definition]:
    """Return definitions and all that is inside them, in the order of the file."""
    ordered: list[Definition] = []
    waiting = roots[::-1]
    while waiting:
        definition = waiting.pop()
        ordered.append(definition)
        waiting.extend(reversed(definition.children))
    return ordered
