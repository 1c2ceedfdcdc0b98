"""What was changed of who inspects and of what is inspected: kept with its reason, never taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ChangeKind(StrEnum):
    """What sort of change it was."""

    INSPECTOR_REASSIGNED = "INSPECTOR_REASSIGNED"
    OBJECT_REPLACED = "OBJECT_REPLACED"
    OBJECT_TRANSFERRED = "OBJECT_TRANSFERRED"
    OBJECT_REMOVED = "OBJECT_REMOVED"
    OBJECT_EXCLUDED = "OBJECT_EXCLUDED"
    OBJECT_INCLUDED = "OBJECT_INCLUDED"
    INSPECTION_CANCELLED = "INSPECTION_CANCELLED"

    @property
    def zh(self) -> str:
        return _ZH[self][0]


_ZH: Mapping[ChangeKind, tuple[str, str]] = {
    ChangeKind.INSPECTOR_REASSIGNED: ("更换检查人员", "{before}更换为{after}"),
    ChangeKind.OBJECT_REPLACED: ("更换检查对象", "{before}更换为{after}"),
    ChangeKind.OBJECT_TRANSFERRED: ("移交其他机构", "{object}由{before}移交{after}"),
    ChangeKind.OBJECT_REMOVED: ("移出名单", "{object}移出检查对象名单"),
    ChangeKind.OBJECT_EXCLUDED: ("标记排除", "{object}标记为排除"),
    ChangeKind.OBJECT_INCLUDED: ("标记不排除", "{object}标记为不排除"),
    ChangeKind.INSPECTION_CANCELLED: ("取消检查", "取消对{object}的检查"),
}


@dataclass(frozen=True)
class Thing:
    """What stood or stands in a place: an inspector, an object, an authority."""

    id: str
    name: str

    @property
    def text(self) -> str:
        return f"{self.name}（{self.id}）"


@dataclass(eq=False, kw_only=True)
class Change:
    """One change of one inspection."""

    change_id: str
    kind: ChangeKind
    task_id: str
    task_number: str
    inspection_id: str
    authority_id: str
    object_id: str
    object_name: str
    before: str
    after: str
    reason: str
    text: str
    changed_by: str
    changed_at: datetime


def change_text(kind: ChangeKind, object: Thing, before: Thing | None, after: Thing | None) -> str:
    """The line for people."""
    named = {"object": object, "before": before, "after": after}
    return _ZH[kind][1].format(**{name: thing.text if thing else "" for name, thing in named.items()})
