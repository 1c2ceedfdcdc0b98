"""What the planner writes in a plan: every field of the form (CQ 附件1, 1.1.1 and 1.1.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from services.chassis.errors import Violation
from services.plans.model import checks
from services.plans.model.authority import Authority
from services.plans.model.matter import Matter
from services.plans.model.values import Attachment, ContentLevel, Method, lies_in

ATTACHMENTS = 20


class PlanType(StrEnum):
    """Who carries a plan out."""

    OWN_AGENCY = "OWN_AGENCY"
    CROSS_AGENCY = "CROSS_AGENCY"


class PlanSource(StrEnum):
    """Where a plan comes from (计划来源)."""

    SELF = "SELF"
    NATIONAL = "NATIONAL"
    PROVINCIAL = "PROVINCIAL"
    CITY = "CITY"
    DISTRICT = "DISTRICT"


@dataclass(frozen=True)
class PlanScope:
    """To whom a plan goes when it is approved (下发范围)."""

    authority_ids: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegionalRatio:
    """What part of a region's objects is inspected (不同地区抽查比例)."""

    region: str = ""
    ratio: float = 0.0


@dataclass(eq=False, kw_only=True)
class PlanContent:
    """The form of a plan; a draft may leave open what its submission requires."""

    name: str = ""
    content_level: ContentLevel | None = None
    lead_domain: str = ""
    type: PlanType = PlanType.OWN_AGENCY
    joint_domains: tuple[str, ...] = ()
    legal_basis: str = ""
    task_nature: str = ""
    objects: str = ""
    methods: tuple[Method, ...] = ()
    draw_method: str = ""
    object_count: int = 0
    regional_ratios: tuple[RegionalRatio, ...] = ()
    credit_rule: str = ""
    requirements: str = ""
    inspecting_bodies: str = ""
    responsible_office: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    term_note: str = ""
    scope: PlanScope = field(default_factory=PlanScope)
    document_reference: str = ""
    attachments: tuple[Attachment, ...] = ()
    remarks: str = ""
    matter_ids: tuple[str, ...] = ()
    partner_matter_ids: tuple[str, ...] = ()
    source: PlanSource = PlanSource.SELF

    @property
    def domains(self) -> tuple[str, ...]:
        """The domain that leads, then those that join."""
        return (self.lead_domain, *self.joint_domains)

    def violations(self, year: int) -> Iterator[Violation]:
        """What is malformed in a plan of this year, be it a draft."""
        yield from checks.filled("name", self.name)
        yield from checks.filled("lead_domain", self.lead_domain)
        for name, limit in _LENGTHS.items():
            yield from checks.short(name, getattr(self, name), limit)
        for name in ("joint_domains", "methods", "matter_ids", "partner_matter_ids"):
            yield from checks.distinct(name, getattr(self, name))
        if self.object_count < 0:
            yield Violation("object_count", "RANGE", "检查对象数不能为负数", "object_count must not be negative")
        yield from self._type_violations()
        yield from self._term_violations(year)
        yield from self._region_violations()
        yield from self._attachment_violations()

    def gaps(self) -> Iterator[Violation]:
        """What a draft may leave open and a submitted plan may not."""
        for name in ("content_level", "methods", "starts_on", "ends_on", "matter_ids"):
            yield from checks.filled(name, getattr(self, name))
        if self.type is PlanType.CROSS_AGENCY:
            yield from checks.filled("joint_domains", self.joint_domains)

    def matter_violations(self, matters: Mapping[str, Matter]) -> Iterator[Violation]:
        """Matters that are not on the list, of another domain, or reached by none of the plan's methods."""
        for name, domains in (("matter_ids", (self.lead_domain,)), ("partner_matter_ids", self.joint_domains)):
            for index, matter_id in enumerate(getattr(self, name)):
                yield from self._matter(f"{name}[{index}]", matter_id, matters.get(matter_id), domains)

    def scope_violations(self, authorities: Mapping[str, Authority], day: date) -> Iterator[Violation]:
        """Authorities it should go to that are unknown or off the subject list."""
        for index, authority_id in enumerate(self.scope.authority_ids):
            authority = authorities.get(authority_id)
            if authority is None or not authority.is_listed(day):
                yield Violation(
                    f"scope.authority_ids[{index}]",
                    "NOT_ON_SUBJECT_LIST",
                    f"下发范围中的机构（{authority_id}）不存在或未列入检查主体清单",
                    f"authority {authority_id!r} in the scope is unknown or not on the subject list",
                )

    def recipients(self, authorities: Mapping[str, Authority], day: date, *, maker: str) -> list[str]:
        """Who gets it: the authorities named, and the listed ones in its regions that work in one of its domains."""
        wanted = {
            authority.authority_id
            for authority in authorities.values()
            if self.scope.regions
            and lies_in(authority.region, self.scope.regions)
            and not set(authority.domains).isdisjoint(self.domains)
            and authority.is_listed(day)
        }
        return sorted((wanted | set(self.scope.authority_ids)) - {maker})

    def _type_violations(self) -> Iterator[Violation]:
        if self.lead_domain and self.lead_domain in self.joint_domains:
            yield Violation(
                "joint_domains",
                "LEAD_JOINS",
                "联合领域不能包含牵头领域",
                "joint_domains must not name the domain that leads",
            )
        if self.type is PlanType.OWN_AGENCY:
            for name in ("joint_domains", "partner_matter_ids"):
                if getattr(self, name):
                    zh = f"本机构计划不能填写 {name}，请将计划类型改为“跨机构”"
                    yield Violation(name, "OWN_AGENCY", zh, f"{name} belong to a CROSS_AGENCY plan only")

    def _term_violations(self, year: int) -> Iterator[Violation]:
        yield from checks.span("ends_on", self.starts_on, self.ends_on)
        for name in ("starts_on", "ends_on"):
            day = getattr(self, name)
            if day is not None and day.year != year:
                yield Violation(name, "OUTSIDE_YEAR", f"{name} 应在计划年度 {year} 内", f"{name} must lie in {year}")

    def _region_violations(self) -> Iterator[Violation]:
        yield from checks.distinct("scope.authority_ids", self.scope.authority_ids)
        yield from checks.distinct("scope.regions", self.scope.regions)
        for index, region in enumerate(self.scope.regions):
            yield from checks.filled(f"scope.regions[{index}]", region)
            yield from checks.region(f"scope.regions[{index}]", region)
        yield from checks.distinct("regional_ratios", [entry.region for entry in self.regional_ratios])
        for index, entry in enumerate(self.regional_ratios):
            yield from checks.filled(f"regional_ratios[{index}].region", entry.region)
            yield from checks.region(f"regional_ratios[{index}].region", entry.region)
            if not 0 < entry.ratio <= 1:
                place = f"regional_ratios[{index}].ratio"
                yield Violation(place, "RANGE", f"{place} 应大于 0 且不超过 1", f"{place} must be over 0 and at most 1")

    def _attachment_violations(self) -> Iterator[Violation]:
        if len(self.attachments) > ATTACHMENTS:
            yield Violation("attachments", "COUNT", f"文件最多 {ATTACHMENTS} 个", f"at most {ATTACHMENTS} attachments")
        for index, attachment in enumerate(self.attachments):
            yield from checks.file_hash(f"attachments[{index}].sha256", attachment.sha256)

    def _matter(
        self, place: str, matter_id: str, matter: Matter | None, domains: tuple[str, ...]
    ) -> Iterator[Violation]:
        if matter is None or matter.retired:
            zh = f"事项（{matter_id}）不存在或已移出清单"
            yield Violation(place, "UNKNOWN_MATTER", zh, f"matter {matter_id!r} is unknown or off the list")
        elif matter.domain not in domains:
            zh = f"事项（{matter_id}）属于“{matter.domain}”领域，不在 {'、'.join(domains)} 之内"
            yield Violation(place, "MATTER_DOMAIN", zh, f"matter {matter_id!r} is of domain {matter.domain}")
        elif self.methods and set(self.methods).isdisjoint(matter.methods):
            zh = f"事项（{matter_id}）不允许采用所选的检查方式"
            yield Violation(place, "METHOD_NOT_ALLOWED", zh, f"matter {matter_id!r} allows none of the plan's methods")


_LENGTHS = {
    "name": 200,
    "lead_domain": 100,
    "legal_basis": 5000,
    "task_nature": 200,
    "objects": 5000,
    "draw_method": 200,
    "credit_rule": 5000,
    "requirements": 5000,
    "inspecting_bodies": 1000,
    "responsible_office": 200,
    "term_note": 1000,
    "document_reference": 200,
    "remarks": 5000,
}
