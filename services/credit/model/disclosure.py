"""What is disclosed to the public (公示), every version of it, and its withdrawal (停止公示)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class DisclosureKind(StrEnum):
    """What is disclosed."""

    PLAN = "PLAN"
    TASK = "TASK"
    DRAW = "DRAW"
    RESULT = "RESULT"


class DisclosureState(StrEnum):
    """State of a disclosure."""

    DISCLOSED = "DISCLOSED"
    WITHDRAWN = "WITHDRAWN"


class RevisionAction(StrEnum):
    """What was done to a disclosure."""

    DISCLOSED = "DISCLOSED"
    CORRECTED = "CORRECTED"
    WITHDRAWN = "WITHDRAWN"


REPAIR, TASK_PURGED = "REPAIR", "TASK_PURGED"
"""Reasons of a withdrawal."""


@dataclass(frozen=True)
class Content:
    """What one version of a disclosure says.

    Args:
        source_version: version of what is disclosed, at its service.
        facts: all public facts that have no field of their own.
    """

    source_version: int
    number: str
    title: str
    facts: Mapping[str, str]
    adverse: bool = False
    domain: str = ""
    happened_on: date | None = None


@dataclass(eq=False, kw_only=True)
class DisclosureRevision:
    """One version of a disclosure, or its withdrawal: the internal history."""

    revision_id: str
    disclosure_id: str
    source_version: int
    action: RevisionAction
    reason: str = ""
    title: str
    facts: dict[str, str]
    adverse: bool
    recorded_at: datetime


@dataclass(eq=False, kw_only=True)
class Disclosure:
    """Something that is or was disclosed.

    Args:
        subject_id: id of the plan, task, draw or inspection.
        task_id: the task it hangs on; empty for a plan.
        personal: it is about a natural person, whose data the public does not see.
        revision: how many versions of it were disclosed.
    """

    disclosure_id: str
    kind: DisclosureKind
    subject_id: str
    authority_id: str
    task_id: str = ""
    object_id: str = ""
    object_name: str = ""
    personal: bool = False
    number: str = ""
    title: str = ""
    domain: str = ""
    happened_on: date | None = None
    facts: dict[str, str] = field(default_factory=dict)
    adverse: bool = False
    source_version: int = -1
    revision: int = 0
    state: DisclosureState = DisclosureState.DISCLOSED
    disclosed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str = ""
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @property
    def is_disclosed(self) -> bool:
        """Whether the public sees it."""
        return self.state is DisclosureState.DISCLOSED

    def take(self, content: Content, revision_id: str, reason: str, now: datetime) -> DisclosureRevision:
        """Record a version; the newest is what is disclosed, an older one that comes late is history only."""
        self.revision += 1
        if content.source_version > self.source_version:
            self.source_version, self.disclosed_at = content.source_version, now
            self.number, self.title, self.facts = content.number, content.title, dict(content.facts)
            self.adverse, self.domain, self.happened_on = content.adverse, content.domain, content.happened_on
        action = RevisionAction.CORRECTED if reason else RevisionAction.DISCLOSED
        return self._revision(revision_id, action, reason, now, content)

    def withdraw(self, reason: str, revision_id: str, now: datetime) -> DisclosureRevision:
        """Take it from the public; nothing takes its place (TJ 13)."""
        self.state, self.withdrawn_at, self.withdrawal_reason = DisclosureState.WITHDRAWN, now, reason
        return self._revision(revision_id, RevisionAction.WITHDRAWN, reason, now)

    def _revision(
        self, revision_id: str, action: RevisionAction, reason: str, now: datetime, content: Content | None = None
    ) -> DisclosureRevision:
        return DisclosureRevision(
            revision_id=revision_id,
            disclosure_id=self.disclosure_id,
            source_version=content.source_version if content else self.source_version,
            action=action,
            reason=reason,
            title=content.title if content else self.title,
            facts=dict(content.facts if content else self.facts),
            adverse=content.adverse if content else self.adverse,
            recorded_at=now,
        )


def masked(name: str) -> str:
    """A natural person's name as the public sees it: `张*`."""
    return f"{name[:1]}{'*' * max(len(name) - 1, 1)}" if name else ""
