"""What a plan is checked against: its maker, the matters and the authorities that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from services.chassis.errors import Violation
from services.chassis.work import Work
from services.plans.model.authority import Authority
from services.plans.model.matter import Matter
from services.plans.model.plan_content import PlanContent
from services.plans.use_cases.authority import authorities_named
from services.plans.use_cases.matter import matters_named


@dataclass(frozen=True)
class Surroundings:
    """What plans of one maker are checked against on a day; gathered once for all of them."""

    maker: Authority
    matters: Mapping[str, Matter]
    authorities: Mapping[str, Authority]
    day: date

    @classmethod
    def of(cls, work: Work, maker: Authority, contents: Iterable[PlanContent], day: date) -> Surroundings:
        """Gather what these plans name."""
        matter_ids, authority_ids = set[str](), set[str]()
        for content in contents:
            matter_ids.update(content.matter_ids, content.partner_matter_ids)
            authority_ids.update(content.scope.authority_ids)
        return cls(maker, matters_named(work, matter_ids), authorities_named(work, authority_ids), day)

    def violations(self, content: PlanContent, year: int) -> Iterator[Violation]:
        """What is wrong with a plan of this year, be it a draft."""
        yield from content.violations(year)
        domains = self.maker.domains
        if content.lead_domain and content.lead_domain not in domains:
            zh = f"牵头领域“{content.lead_domain}”不在本机构的执法领域（{'、'.join(domains)}）内"
            yield Violation("lead_domain", "NOT_OWN_DOMAIN", zh, f"{content.lead_domain} is none of your domains")
        yield from content.matter_violations(self.matters)
        yield from content.scope_violations(self.authorities, self.day)
