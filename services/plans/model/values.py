"""Words that several aggregates share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Method(StrEnum):
    """How an inspection is done (检查方式)."""

    ON_SITE = "ON_SITE"
    DOCUMENTARY = "DOCUMENTARY"
    AGENCY_FINDING = "AGENCY_FINDING"
    TESTING = "TESTING"
    ONLINE_MONITORING = "ONLINE_MONITORING"
    ENTRUSTED = "ENTRUSTED"


class ContentLevel(StrEnum):
    """How closely a matter is watched (内容分级)."""

    GENERAL = "GENERAL"
    KEY = "KEY"


@dataclass(frozen=True)
class Attachment:
    """A file that was uploaded before, named by what is in it."""

    sha256: str
    name: str = ""
    content_type: str = ""
    size: int = 0


def region_prefix(region: str) -> str:
    """What the codes of all places in a region begin with: `50` for 500000, `5001` for 500100, 500103 for itself."""
    if region.endswith("0000"):
        return region[:2]
    return region[:4] if region.endswith("00") else region


def lies_in(region: str, regions: Sequence[str]) -> bool:
    """Whether a region is one of these or lies in one of them (GB/T 2260)."""
    return region.startswith(tuple(region_prefix(outer) for outer in regions))


def content_of(entity: object, kind: type[T]) -> T:
    """The part of an entity that people write, as a value of its own."""
    return kind(**{field.name: getattr(entity, field.name) for field in fields(kind)})  # type: ignore[arg-type]


def restate(entity: object, content: Any) -> None:
    """Put new content in place of what an entity holds."""
    for field in fields(content):
        setattr(entity, field.name, getattr(content, field.name))


def is_restated(entity: object, content: Any) -> bool:
    """Whether an entity holds just this content."""
    return all(getattr(entity, field.name) == getattr(content, field.name) for field in fields(content))
