"""Joint lists: trades that several authorities inspect together, under one of them (一业一查, TJ 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.chassis.errors import AlreadyExists, FailedPrecondition, Violation
from services.plans.model import checks
from services.plans.model.authority import Authority
from services.plans.model.matter import Matter
from services.plans.model.values import content_of, restate


class TradeListed(AlreadyExists):
    """The lead has this trade on the list."""

    def __init__(self, trade: str, joint_list_id: str) -> None:
        super().__init__(
            f"该牵头机构的联合抽查事项清单中已有行业“{trade}”",
            f"the lead has trade {trade!r} on the joint list already",
            joint_list_id=joint_list_id,
        )


class JointListRetired(FailedPrecondition):
    """It was taken off the list."""

    def __init__(self, joint_list_id: str) -> None:
        super().__init__(
            f"联合抽查事项清单条目（{joint_list_id}）已移出清单，只能查看",
            f"joint list entry {joint_list_id!r} was taken off the list and can only be read",
            joint_list_id=joint_list_id,
        )


@dataclass(frozen=True)
class JointMember:
    """An authority and what it inspects in a trade."""

    authority_id: str = ""
    matter_ids: tuple[str, ...] = ()


@dataclass(eq=False, kw_only=True)
class JointListContent:
    """What is entered of a trade."""

    trade: str = ""
    lead_id: str = ""
    members: tuple[JointMember, ...] = ()

    def violations(
        self, authorities: Mapping[str, Authority], matters: Mapping[str, Matter], day: date
    ) -> Iterator[Violation]:
        """What is missing or wrong on this day; the mappings hold what is there of what it names."""
        ids = [member.authority_id for member in self.members]
        yield from checks.filled("trade", self.trade)
        yield from checks.short("trade", self.trade, 100)
        yield from checks.filled("lead_id", self.lead_id)
        yield from checks.distinct("members", ids)
        if len(set(ids)) < 2:
            yield Violation(
                "members",
                "AT_LEAST_TWO",
                "联合抽查至少需要两个机构",
                "a joint inspection needs at least two authorities",
            )
        if self.lead_id and self.lead_id not in ids:
            yield Violation(
                "lead_id", "LEAD_NOT_MEMBER", "牵头机构必须在参与机构之中", "the lead must be one of the members"
            )
        for index, member in enumerate(self.members):
            yield from _member_violations(f"members[{index}]", member, authorities, matters, day)


def _member_violations(
    path: str, member: JointMember, authorities: Mapping[str, Authority], matters: Mapping[str, Matter], day: date
) -> Iterator[Violation]:
    yield from checks.filled(f"{path}.matter_ids", member.matter_ids)
    yield from checks.distinct(f"{path}.matter_ids", member.matter_ids)
    authority = authorities.get(member.authority_id)
    if authority is None:
        yield Violation(
            f"{path}.authority_id",
            "UNKNOWN_AUTHORITY",
            f"机构（{member.authority_id}）不存在",
            f"there is no authority {member.authority_id!r}",
        )
        return
    if not authority.is_listed(day):
        zh = f"{authority.name}（{member.authority_id}）在 {day} 未列入检查主体清单，不能参与联合抽查"
        en = f"{authority.name} is not on the inspection-subject list on {day} and cannot take part"
        yield Violation(f"{path}.authority_id", "NOT_ON_SUBJECT_LIST", zh, en)
    for index, matter_id in enumerate(member.matter_ids):
        matter = matters.get(matter_id)
        if matter is None or matter.retired or matter.domain not in authority.domains:
            yield Violation(
                f"{path}.matter_ids[{index}]",
                "MATTER",
                f"事项（{matter_id}）不在清单中，或不属于{authority.name}的执法领域",
                f"matter {matter_id!r} is not on the list or is of none of the domains of {authority.name}",
            )


@dataclass(eq=False, kw_only=True)
class JointList(JointListContent):
    """A trade that several authorities inspect together."""

    joint_list_id: str
    retired: bool = False
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def change(self, content: JointListContent) -> None:
        """Take new content.

        Raises:
            JointListRetired: it is off the list.
        """
        self.require_active()
        restate(self, content)
        self.version += 1

    def retire(self) -> None:
        """Take it off the list for good.

        Raises:
            JointListRetired: it is off already.
        """
        self.require_active()
        self.retired = True
        self.version += 1

    def require_active(self) -> None:
        """Refuse what is off the list."""
        if self.retired:
            raise JointListRetired(self.joint_list_id)


@dataclass(eq=False, kw_only=True)
class JointListVersion(JointListContent):
    """A trade as it stood on the list in one version; never changed."""

    joint_list_id: str
    version: int
    retired: bool = False
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @classmethod
    def of(cls, entry: JointList) -> JointListVersion:
        content = content_of(entry, JointListContent)
        id = entry.joint_list_id
        return cls(**vars(content), joint_list_id=id, version=entry.version, retired=entry.retired)
