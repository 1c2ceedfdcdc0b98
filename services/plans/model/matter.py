"""Matters: the smallest things a law lets an authority inspect, and how (TJ 16); every version is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.chassis.errors import AlreadyExists, FailedPrecondition, PermissionDenied, Violation
from services.plans.model import checks
from services.plans.model.values import ContentLevel, Method, content_of, restate

_CODE = re.compile(r"[0-9A-Za-z._-]{1,64}")


class MatterExists(AlreadyExists):
    """Its code is there already."""

    def __init__(self, matter_id: str) -> None:
        super().__init__(f"事项（{matter_id}）已存在", f"matter {matter_id!r} is there already", matter_id=matter_id)


class MatterRetired(FailedPrecondition):
    """It was taken off the list."""

    def __init__(self, matter_id: str) -> None:
        super().__init__(
            f"事项（{matter_id}）已移出清单，只能查看",
            f"matter {matter_id!r} was taken off the list and can only be read",
            matter_id=matter_id,
        )


class MatterOutsideDomains(PermissionDenied):
    """An authority claims matters of its own domains only."""

    def __init__(self, matter_id: str, domain: str, domains: tuple[str, ...]) -> None:
        super().__init__(
            f"事项（{matter_id}）属于“{domain}”领域，不在本机构的执法领域（{'、'.join(domains)}）内",
            f"matter {matter_id!r} is of domain {domain}, which is none of yours ({', '.join(domains)})",
            matter_id=matter_id,
            domain=domain,
        )


@dataclass(frozen=True)
class CheckItem:
    """One thing that is looked at, how, and the standard it must meet (检查项, 检查要点)."""

    item_id: str = ""
    name: str = ""
    check_points: tuple[str, ...] = ()
    standard: str = ""


@dataclass(eq=False, kw_only=True)
class MatterContent:
    """What an administrator enters of a matter."""

    name: str = ""
    domain: str = ""
    legal_basis: str = ""
    methods: tuple[Method, ...] = ()
    random_eligible: bool = False
    ratio: str = ""
    frequency: str = ""
    materials: tuple[str, ...] = ()
    qualification: str = ""
    content_level: ContentLevel = ContentLevel.GENERAL
    items: tuple[CheckItem, ...] = ()

    def violations(self) -> Iterator[Violation]:
        """What is missing or malformed."""
        for name in ("name", "domain", "legal_basis", "methods"):
            yield from checks.filled(name, getattr(self, name))
        for name, limit in (("name", 500), ("domain", 100), ("ratio", 500), ("frequency", 500), ("qualification", 200)):
            yield from checks.short(name, getattr(self, name), limit)
        yield from checks.distinct("methods", self.methods)
        yield from checks.all_filled("materials", self.materials)
        for index, item in enumerate(self.items):
            yield from checks.filled(f"items[{index}].name", item.name)
        yield from checks.distinct("items", [item.item_id for item in self.items if item.item_id])

    def with_item_ids(self) -> MatterContent:
        """The same, with an id for each item that has none: the next whole number that no item has."""
        taken = max((int(item.item_id) for item in self.items if item.item_id.isdecimal()), default=0)
        items = []
        for item in self.items:
            taken += not item.item_id
            items.append(item if item.item_id else replace(item, item_id=str(taken)))
        return replace(self, items=tuple(items))


@dataclass(eq=False, kw_only=True)
class Matter(MatterContent):
    """The smallest thing a law lets an authority inspect (监管事项)."""

    matter_id: str
    claimed_by: tuple[str, ...] = ()
    retired: bool = False
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def missing(self) -> tuple[str, ...]:
        """What it lacks to be inspected everywhere alike, in the words of the field (CQ 二(一), TJ 16)."""
        lacking = {
            "检查项": not self.items,
            "检查要点": any(not item.check_points for item in self.items),
            "检查标准": any(not item.standard for item in self.items),
            "抽查比例": self.random_eligible and not self.ratio,
            "抽查频次": self.random_eligible and not self.frequency,
            "认领机构": not self.claimed_by,
        }
        return tuple(word for word, is_lacking in lacking.items() if is_lacking)

    def change(self, content: MatterContent) -> None:
        """Take new content as a new version.

        Raises:
            MatterRetired: it is off the list.
        """
        self._require_active()
        restate(self, content.with_item_ids())
        self.version += 1

    def claim(self, authority_id: str, domains: tuple[str, ...]) -> bool:
        """Let an authority inspect it (认领); False if it was claimed already.

        Raises:
            MatterRetired: it is off the list.
            MatterOutsideDomains: it is of none of the authority's domains.
        """
        self._require_active()
        if self.domain not in domains:
            raise MatterOutsideDomains(self.matter_id, self.domain, domains)
        return self._set_claims((*self.claimed_by, authority_id)) if authority_id not in self.claimed_by else False

    def unclaim(self, authority_id: str) -> bool:
        """Give it back; False if it was not claimed."""
        kept = tuple(id for id in self.claimed_by if id != authority_id)
        return self._set_claims(kept) if authority_id in self.claimed_by else False

    def retire(self) -> None:
        """Take it off the list for good.

        Raises:
            MatterRetired: it is off already.
        """
        self._require_active()
        self.retired = True
        self.version += 1

    def _set_claims(self, claimed_by: tuple[str, ...]) -> bool:
        self.claimed_by = claimed_by
        self.version += 1
        return True

    def _require_active(self) -> None:
        if self.retired:
            raise MatterRetired(self.matter_id)


@dataclass(eq=False, kw_only=True)
class MatterVersion:
    """A matter as it was in one version; never changed."""

    matter_id: str
    version: int
    content: MatterContent
    claimed_by: tuple[str, ...] = ()
    retired: bool = False
    made_at: datetime
    made_by: str = field(default="")

    @classmethod
    def of(cls, matter: Matter, *, now: datetime, by: str) -> MatterVersion:
        return cls(
            matter_id=matter.matter_id,
            version=matter.version,
            content=content_of(matter, MatterContent),
            claimed_by=matter.claimed_by,
            retired=matter.retired,
            made_at=now,
            made_by=by,
        )


def code_violations(matter_id: str) -> Iterator[Violation]:
    """A matter's code is part of addresses and papers."""
    if not _CODE.fullmatch(matter_id):
        yield Violation(
            "matter_id",
            "MATTER_CODE",
            "事项编码只能由字母、数字和 . _ - 组成，最多 64 位",
            "matter_id may hold letters, digits, '.', '_' and '-', at most 64",
        )
