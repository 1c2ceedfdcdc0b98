"""Whether a JSON document from elsewhere has the members it must have, each of its kind, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Shape = object
"""What a value must be: a mapping of members (`name?` may be absent), a one-element list for a list of such, a pattern
for a text that matches it as a whole, `str` for a text that is not empty, `int` for a whole number from 0 to 2⁵³-1, or
`bool`."""

HEX64 = re.compile(r"[0-9a-f]{64}")
GREATEST = 2**53 - 1
SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Misfit:
    """Where a document is not as it must be.

    Args:
        where: JSON pointer (RFC 6901).
    """

    where: str
    zh: str
    en: str


def misfits(value: object, shape: Shape, where: str = "") -> Iterator[Misfit]:
    """Everything in a document that is not as its shape says."""
    if isinstance(shape, Mapping):
        yield from member_misfits(value, shape, where)
    elif not isinstance(shape, list):
        yield from [Misfit(where, *wrong)] if (wrong := what_is_wrong(value, shape)) else []
    elif not isinstance(value, list):
        yield Misfit(where, "应为列表", "is not a list")
    else:
        for index, item in enumerate(value):
            yield from misfits(item, shape[0], f"{where}/{index}")


def what_is_wrong(value: object, shape: Shape) -> tuple[str, str] | None:
    """What is wrong with a value that has no members, in Chinese and English."""
    if shape is int:
        fits = type(value) is int and 0 <= value <= GREATEST
        return None if fits else ("应为 0 到 2⁵³-1 的整数", "is not a whole number from 0 to 2^53-1")
    if shape is bool:
        return None if type(value) is bool else ("应为 true 或 false", "is neither true nor false")
    if not isinstance(value, str) or SURROGATE.search(value):
        return "应为文本", "is not a text"
    if isinstance(shape, re.Pattern):
        return None if shape.fullmatch(value) else (f"应符合 {shape.pattern}", f"does not match {shape.pattern}")
    return None if value else ("不能为空", "is empty")


def member_misfits(value: object, shape: Mapping[str, Shape], where: str) -> Iterator[Misfit]:
    """The same for an object and its members."""
    if not isinstance(value, Mapping):
        yield Misfit(where, "应为对象", "is not an object")
        return
    members = {name.removesuffix("?"): member for name, member in shape.items()}
    for name in [*value, *(name for name in shape if name not in value and not name.endswith("?"))]:
        path = f"{where}/{name}"
        if name not in members:
            yield Misfit(path, "规范中没有此项", "is not part of the specification")
        elif name not in value:
            yield Misfit(path, "缺少此项", "is missing")
        else:
            yield from misfits(value[name], members[name], path)


def read_json(content: bytes) -> object:
    """A JSON document, strictly: UTF-8, no member twice, no NaN.

    Raises:
        ValueError: it is not one; says why.
    """
    return json.loads(content.decode(), object_pairs_hook=once, parse_constant=refuse_constant)


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose members are each there once."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(
            "a member is there twice: " + next(name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1)
        )
    return members


def refuse_constant(name: str) -> None:
    """NaN and the infinities are not JSON."""
    raise ValueError(f"{name} is not JSON")
