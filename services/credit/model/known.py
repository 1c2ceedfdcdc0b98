"""What credit has learnt from the other services and keeps in its own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Finding(StrEnum):
    """What an inspection found, as the field names it."""

    NO_PROBLEM = "NO_PROBLEM"
    PROBLEM_CORRECTED = "PROBLEM_CORRECTED"
    PROBLEM_PENDING = "PROBLEM_PENDING"
    NO_SUCH_ACTIVITY = "NO_SUCH_ACTIVITY"
    UNREACHABLE = "UNREACHABLE"
    CLOSED = "CLOSED"
    NOT_COOPERATING = "NOT_COOPERATING"
    GONE = "GONE"
    OTHER = "OTHER"


FINDINGS: dict[str, str] = {
    Finding.NO_PROBLEM: "未发现问题",
    Finding.PROBLEM_CORRECTED: "发现问题经责令已改正",
    Finding.PROBLEM_PENDING: "发现问题待后续处理",
    Finding.NO_SUCH_ACTIVITY: "未发现开展本次抽查涉及的经营活动",
    Finding.UNREACHABLE: "通过登记的住所无法联系",
    Finding.CLOSED: "已关闭停业或正在清算",
    Finding.NOT_COOPERATING: "不配合检查情节严重",
    Finding.GONE: "注销/吊销/撤销/迁出",
    Finding.OTHER: "其他",
}
"""The terms of the field for people."""


@dataclass(eq=False, kw_only=True)
class KnownObject:
    """An object of the directory."""

    object_id: str
    version: int
    type: str
    name: str
    registration_status: str
    region: str
    tags: tuple[str, ...] = ()

    @property
    def is_person(self) -> bool:
        """Whether it is a natural person, of whom the public learns as little as it must."""
        return self.type == "PERSON"


@dataclass(eq=False, kw_only=True)
class KnownAuthority:
    """An authority."""

    authority_id: str
    version: int
    name: str
    short_name: str
    level: str
    parent_id: str


@dataclass(eq=False, kw_only=True)
class KnownTask:
    """A task, as far as the public may learn of it."""

    task_id: str
    version: int
    number: str
    name: str
    kind: str
    nature: str
    authority_id: str
    starts_on: date | None
    ends_on: date | None

    @property
    def is_test(self) -> bool:
        """A test task counts nowhere and is disclosed nowhere."""
        return self.nature == "TEST"


@dataclass(eq=False, kw_only=True)
class KnownResult:
    """What one authority found about one object; the newest version of it.

    Args:
        result_id: see `result_id`.
        repaired: a repair was granted, so it lowers no score any more.
    """

    result_id: str
    version: int
    inspection_id: str
    authority_id: str
    object_id: str
    domain: str
    finding: str
    adverse: bool
    inspected_on: date
    repaired: bool = False


@dataclass(eq=False, kw_only=True)
class KnownEvaluation:
    """That an enterprise judged an authority's visit; what it said stays out of every score."""

    evaluation_id: str
    inspection_id: str
    authority_id: str
    submitted_on: date


@dataclass(eq=False, kw_only=True)
class KnownOverdue:
    """A disposal that was not closed by its last day; one for each last day it missed."""

    overdue_id: str
    inspection_id: str
    authority_id: str
    disposal: str
    due_on: date


def result_id(inspection_id: str, authority_id: str) -> str:
    """A joint inspection has one result per authority, so both make the id."""
    return f"{inspection_id}:{authority_id}"


def competent_authority(inspecting: KnownAuthority | None, id: str) -> str:
    """Who decides on repairs of what an authority found: itself, or the one above a street (TJ 12: 县级以上)."""
    is_street = inspecting is not None and inspecting.level == "STREET" and inspecting.parent_id
    return inspecting.parent_id if inspecting is not None and is_street else id


def is_personal(object_id: str, known: KnownObject | None) -> bool:
    """Whether it is a natural person; of an object not known yet, whether its id could be a resident's number."""
    return known.is_person if known else bool(_RESIDENT.fullmatch(object_id))


_RESIDENT = re.compile(r"[1-8]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX]")
