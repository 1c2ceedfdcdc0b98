"""Path templates of `google.api.http`: `/v1/{name=plans/*}:submit`.

Template = "/" Segments [ Verb ] ;
Segments = Segment { "/" Segment } ;
Segment  = "*" | "**" | LITERAL | Variable ;
Variable = "{" FieldPath [ "=" Segments ] "}" ;
FieldPath = IDENT { "." IDENT } ;
Verb     = ":" LITERAL ;
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

ONE, MANY = "*", "**"
_FIELD_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_LITERAL = re.compile(r"([\w.~!$&'()+,;=@-]|%[0-9A-Fa-f]{2})+", re.ASCII)
_SLASH_OUTSIDE_BRACES = re.compile(r"/(?![^{}]*\})")
_ENCODED_SLASH = re.compile("(%2[fF])")


class BadTemplate(ValueError):
    """A path template that the grammar does not allow."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(f"path template {text!r}: {why}")


@dataclass(frozen=True)
class Variable:
    """A part of the path that goes into a field of the request.

    Args:
        field: path of the field, e.g. `plan.plan_id`.
        start: index of its first segment.
        end: index after its last segment; None: to the end of the path.
    """

    field: str
    start: int
    end: int | None

    def value(self, segments: Sequence[str]) -> str:
        """The field's text, from the segments of a path as they came.

        Raises:
            UnicodeDecodeError: the percent-encoding is not UTF-8.
        """
        if self.end == self.start + 1:
            return unquote(segments[self.start], errors="strict")
        return "/".join(_decode_all_but_slashes(s) for s in segments[self.start : self.end])


def _decode_all_but_slashes(segment: str) -> str:
    if "%" not in segment:
        return segment
    parts = _ENCODED_SLASH.split(segment)
    return "".join(part if _ENCODED_SLASH.fullmatch(part) else unquote(part, errors="strict") for part in parts)


@dataclass(frozen=True)
class Template:
    """A path template.

    Args:
        text: as the contract has it.
        segments: `*`, `**` or a literal (decoded), variables resolved.
        variables: which segments go into which fields.
        verb: the custom verb after the last colon; empty: none.
    """

    text: str
    segments: tuple[str, ...]
    variables: tuple[Variable, ...]
    verb: str

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template.

        Raises:
            BadTemplate: the grammar does not allow it.
        """
        return _Reader(text).template()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._segments: list[str] = []
        self._variables: list[Variable] = []

    def template(self) -> Template:
        if not self._text.startswith("/"):
            self._refuse("does not begin with '/'")
        path, verb = self._split_verb(self._text[1:])
        for part in _SLASH_OUTSIDE_BRACES.split(path):
            if part.startswith("{"):
                self._variable(part)
            else:
                self._segment(part)
        if MANY in self._segments[:-1]:
            self._refuse("'**' stands before other segments")
        fields = [variable.field for variable in self._variables]
        if len(fields) != len(set(fields)):
            self._refuse("one field is bound twice")
        return Template(self._text, tuple(self._segments), tuple(self._variables), verb)

    def _split_verb(self, rest: str) -> tuple[str, str]:
        colon = rest.find(":", rest.rfind("}") + 1)
        if colon < 0:
            return rest, ""
        verb = rest[colon + 1 :]
        if not _LITERAL.fullmatch(verb):
            self._refuse(f"{verb!r} is not a verb")
        return rest[:colon], unquote(verb)

    def _variable(self, part: str) -> None:
        if not part.endswith("}"):
            self._refuse("a variable is not closed")
        field, given, inner = part[1:-1].partition("=")
        if not _FIELD_PATH.fullmatch(field):
            self._refuse(f"{field!r} is not a field path")
        start = len(self._segments)
        for segment in inner.split("/") if given else [ONE]:
            self._segment(segment)
        end = None if self._segments[-1] == MANY else len(self._segments)
        self._variables.append(Variable(field, start, end))

    def _segment(self, segment: str) -> None:
        if segment not in (ONE, MANY) and not _LITERAL.fullmatch(segment):
            self._refuse(f"{segment!r} is not a segment")
        self._segments.append(segment if segment in (ONE, MANY) else unquote(segment))

    def _refuse(self, why: str) -> None:
        raise BadTemplate(self._text, why)
