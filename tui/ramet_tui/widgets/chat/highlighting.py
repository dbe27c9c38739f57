"""Colours of code in answers: those of the viewer, by the token types of Pygments."""

from __future__ import annotations

from pygments.token import Token  # type: ignore[import-untyped]  # ships no types
from textual.highlight import HighlightTheme

_Kind = tuple[str, ...]


class AnswerHighlightTheme(HighlightTheme):
    """Maps token types to the theme's `$syntax-` variables."""

    STYLES: dict[_Kind, str] = {  # noqa: RUF012  # as the base class declares it
        Token.Comment: "$syntax-comment",
        Token.Keyword: "$syntax-keyword",
        Token.Keyword.Constant: "$syntax-constant",
        Token.Keyword.Type: "$syntax-type",
        Token.Literal.Number: "$syntax-number",
        Token.Literal.String: "$syntax-string",
        Token.Literal.String.Escape: "$syntax-constant",
        Token.Name: "$syntax-variable",
        Token.Name.Attribute: "$syntax-property",
        Token.Name.Builtin: "$syntax-function",
        Token.Name.Class: "$syntax-type",
        Token.Name.Constant: "$syntax-constant",
        Token.Name.Decorator: "$syntax-function",
        Token.Name.Exception: "$syntax-type",
        Token.Name.Function: "$syntax-function",
        Token.Name.Namespace: "$syntax-type",
        Token.Name.Tag: "$syntax-tag",
        Token.Operator: "$syntax-operator",
        Token.Operator.Word: "$syntax-keyword",
        Token.Punctuation: "$syntax-punctuation",
        Token.Generic.Heading: "$syntax-heading",
        Token.Generic.Subheading: "$syntax-heading",
        Token.Generic.Inserted: "$status-added",
        Token.Generic.Deleted: "$status-deleted",
    }
