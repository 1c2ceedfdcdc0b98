"""Check forms: items of one or more matters in the order an inspector goes through them; every version is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.chassis.errors import FailedPrecondition, Violation
from services.plans.model import checks
from services.plans.model.matter import Matter
from services.plans.model.values import content_of, restate


class CheckFormRetired(FailedPrecondition):
    """It was taken off the list."""

    def __init__(self, form_id: str, name: str) -> None:
        super().__init__(
            f"检查表单“{name}”（{form_id}）已停用，只能查看",
            f"check form {name!r} ({form_id}) was taken off the list and can only be read",
            form_id=form_id,
        )


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
    retired: bool = False
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    def change(self, content: CheckFormContent) -> None:
        """Take new content as a new version.

        Raises:
            CheckFormRetired: it is off the list.
        """
        self.require_active()
        restate(self, content)
        self.matter_ids = tuple(dict.fromkeys(item.matter_id for item in content.items))
        self.version += 1

    def retire(self) -> None:
        """Leave the list for good.

        Raises:
            CheckFormRetired: it is off already.
        """
        self.require_active()
        self.retired = True
        self.version += 1

    def require_active(self) -> None:
        """Refuse what is off the list."""
        if self.retired:
            raise CheckFormRetired(self.form_id, self.name)


@dataclass(eq=False, kw_only=True)
class CheckFormVersion:
    """A form as it was in one version; never changed."""

    form_id: str
    version: int
    content: CheckFormContent
    made_at: datetime
    made_by: str = ""
    retired: bool = False

    @classmethod
    def of(cls, form: CheckForm, *, now: datetime, by: str) -> CheckFormVersion:
        content = content_of(form, CheckFormContent)
        id, version = form.form_id, form.version
        return cls(form_id=id, version=version, content=content, retired=form.retired, made_at=now, made_by=by)
