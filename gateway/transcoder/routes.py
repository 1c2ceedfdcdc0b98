"""Which operation a request line means: a tree of path segments, literals before wildcards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from gateway.transcoder.contract import Binding, Operation
from gateway.transcoder.templates import MANY, ONE

Target = tuple[Operation, Binding]


@dataclass(frozen=True)
class Found:
    """An operation and the path that reached it.

    Args:
        operation: the operation.
        binding: which of its bindings.
        segments: the path's segments as they came, the verb taken off.
    """

    operation: Operation
    binding: Binding
    segments: list[str]


@dataclass
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    one: _Node | None = None
    many: _Node | None = None
    targets: dict[tuple[str, str], Target] = field(default_factory=dict)  # by verb and HTTP method

    def child(self, segment: str) -> _Node:
        if segment == ONE:
            self.one = self.one or _Node()
            return self.one
        if segment == MANY:
            self.many = self.many or _Node()
            return self.many
        return self.literals.setdefault(segment, _Node())


class Routes:
    """The routes of a contract.

    Args:
        operations: what can be reached.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        self._verbs: set[str] = set()
        for operation in operations:
            for binding in operation.bindings:
                self._add(operation, binding)

    def _add(self, operation: Operation, binding: Binding) -> None:
        node = self._root
        for segment in binding.template.segments:
            node = node.child(segment)
        node.targets[binding.template.verb, binding.http_method] = operation, binding
        if binding.template.verb:
            self._verbs.add(binding.template.verb)

    def find(self, http_method: str, path: str) -> Found | set[str]:
        """What a request line means.

        Args:
            path: as it came, percent-encoded, without query.

        Returns:
            the operation found, else the HTTP methods this path knows: none where it is unknown.
        """
        segments, verb = self._split(path)
        allowed: set[str] = set()
        for node in _leaves(self._root, segments, 0):
            target = node.targets.get((verb, http_method)) or node.targets.get((verb, "*"))
            if target is None and http_method == "HEAD":
                target = node.targets.get((verb, "GET"))
            if target is not None:
                return Found(*target, segments)
            allowed.update(method for its_verb, method in node.targets if its_verb == verb)
        return allowed

    def _split(self, path: str) -> tuple[list[str], str]:
        segments = path[1:].split("/")
        head, colon, tail = segments[-1].rpartition(":")
        verb = unquote(tail)
        if colon and verb in self._verbs:
            segments[-1] = head
            return segments, verb
        return segments, ""


def _leaves(node: _Node, segments: list[str], at: int) -> Iterator[_Node]:
    """The nodes that this path ends in, the most literal first."""
    if at == len(segments):
        if node.targets:
            yield node
    else:
        segment = segments[at]
        literal = node.literals.get(unquote(segment) if "%" in segment else segment)
        if literal is not None:
            yield from _leaves(literal, segments, at + 1)
        if node.one is not None and segment:
            yield from _leaves(node.one, segments, at + 1)
    if node.many is not None:
        yield node.many
