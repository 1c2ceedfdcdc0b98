"""Check forms: items of one or more matters in the order an inspector goes through them; every version is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import Violation
from services.plans.model import checks
from services.plans.model.matter import Matter
from services.plans.model.values import content_of, restate


@dataclass(frozen=True)
class FormItem:
    """A check item taken from a matter."""

    matter_id: str = ""
    item_id: str = ""


@dataclass(eq=False, kw_only=True)
class CheckFormContent:
    """What its keeper writes of a form."""

    name: str = ""
    items: tuple[FormItem, ...] = ()

    def violations(self, matters: Mapping[str, Matter]) -> Iterator[Violation]:
        """What is missing or wrong; `matters` are those that its items name and that are there."""
        yield from checks.filled("name", self.name)
        yield from checks.short("name", self.name, 200)
        yield from checks.filled("items", self.items)
        yield from checks.distinct("items", self.items)
        for index, item in enumerate(self.items):
            matter = matters.get(item.matter_id)
            known = {known.item_id for known in matter.items} if matter and not matter.retired else set()
            if item.item_id not in known:
                yield Violation(
                    f"items[{index}]",
                    "UNKNOWN_ITEM",
                    f"事项（{item.matter_id}）中没有检查项（{item.item_id}），或该事项已移出清单",
                    f"matter {item.matter_id!r} has no item {item.item_id!r}, or is off the list",
                )


@dataclass(eq=False, kw_only=True)
class CheckForm(CheckFormContent):
    """A check form (检查表单)."""

    form_id: str
    authority_id: str
    matter_ids: tuple[str, ...] = ()
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def change(self, content: CheckFormContent) -> None:
        """Take new content as a new version."""
        restate(self, content)
        self.matter_ids = tuple(dict.fromkeys(item.matter_id for item in content.items))
        self.version += 1


@dataclass(eq=False, kw_only=True)
class CheckFormVersion:
    """A form as it was in one version; never changed."""

    form_id: str
    version: int
    content: CheckFormContent
    made_at: datetime
    made_by: str = ""

    @classmethod
    def of(cls, form: CheckForm, *, now: datetime, by: str) -> CheckFormVersion:
        content = content_of(form, CheckFormContent)
        return cls(form_id=form.form_id, version=form.version, content=content, made_at=now, made_by=by)
