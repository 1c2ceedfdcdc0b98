"""What a task checks: matters and their items, frozen as they are when the task takes them (CQ 附件1 2.1, 备注4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from services.chassis.errors import FailedPrecondition, InvalidArgument, Violation, malformed
from services.tasks.model.copies import CheckForm, CheckItem, Matter
from services.tasks.model.terms import Method


class ContentMode(StrEnum):
    """按检查表单选择, 按事项选择."""

    BY_FORM = "BY_FORM"
    BY_MATTER = "BY_MATTER"


class MatterNotClaimed(FailedPrecondition):
    """An authority inspects only matters that it has claimed (认领)."""

    def __init__(self, matter_id: str, authority_id: str) -> None:
        super().__init__(
            f"检查事项 {matter_id} 未被机构 {authority_id} 认领，请先认领",
            f"authority {authority_id!r} has not claimed matter {matter_id!r}",
            matter=matter_id,
            authority=authority_id,
        )


class MatterNotRandom(FailedPrecondition):
    """Only matters of the random list may be inspected by random draw."""

    def __init__(self, matter_id: str) -> None:
        super().__init__(
            f"检查事项 {matter_id} 不在随机抽查事项清单内，不能用于双随机抽查",
            f"matter {matter_id!r} may not be inspected by random draw",
            matter=matter_id,
        )


class MethodNotAllowed(FailedPrecondition):
    """The law does not allow this method for a matter."""

    def __init__(self, matter_id: str, method: Method, allowed: tuple[Method, ...]) -> None:
        super().__init__(
            f"检查事项 {matter_id} 不能采用{method.zh}；可采用：{'、'.join(m.zh for m in allowed) or '无'}",
            f"matter {matter_id!r} does not allow {method}; it allows {', '.join(allowed) or 'nothing'}",
            matter=matter_id,
            method=method,
        )


@dataclass(frozen=True)
class MatterChoice:
    """What to take of a matter."""

    matter_id: str = ""
    form_ids: tuple[str, ...] = ()
    dropped_item_ids: tuple[str, ...] = ()
    own_items: tuple[CheckItem, ...] = ()


@dataclass(frozen=True)
class TaskMatter:
    """A matter as it was when a task took it."""

    matter_id: str
    version: int
    name: str
    domain: str
    legal_basis: str = ""
    qualification: str = ""
    methods: tuple[Method, ...] = ()
    form_ids: tuple[str, ...] = ()
    items: tuple[CheckItem, ...] = ()


@dataclass(frozen=True)
class Shelf:
    """The matters and forms an authority can choose from now."""

    authority_id: str
    matters: Mapping[str, Matter]
    forms: Collection[CheckForm]


def freeze(
    shelf: Shelf, choices: Iterable[MatterChoice], mode: ContentMode, new_id: Callable[[], str]
) -> tuple[TaskMatter, ...]:
    """The chosen matters with their items, as they are now.

    Raises:
        InvalidArgument: a matter, form or item is unknown or named twice, or none of a matter's items is left.
        MatterNotClaimed: the authority has not claimed a matter.
    """
    chosen = list(choices)
    _require_distinct("task.matters", [choice.matter_id for choice in chosen])
    return tuple(
        _freeze_one(shelf, choice, mode, f"task.matters[{index}]", new_id) for index, choice in enumerate(chosen)
    )


def check_method(matters: Iterable[TaskMatter], method: Method, on_site_reason: str) -> None:
    """Refuse a method the law does not allow, and a visit without a reason where none is needed (TJ 10)."""
    taken = list(matters)
    for matter in taken:
        if method not in matter.methods:
            raise MethodNotAllowed(matter.matter_id, method, matter.methods)
    avoidable = [m.matter_id for m in taken if any(other is not Method.ON_SITE for other in m.methods)]
    if method is Method.ON_SITE and avoidable and not on_site_reason.strip():
        zh = f"检查事项 {'、'.join(avoidable)} 可采用非现场方式检查，选择实地检查须说明理由"
        en = f"matters {', '.join(avoidable)} can be inspected off-site; on_site_reason must say why on site"
        raise malformed("task.on_site_reason", "ON_SITE_REASON", zh, en)


def check_random(matters: Iterable[Matter]) -> None:
    """Refuse a matter that may not be drawn."""
    for matter in matters:
        if not matter.random_eligible:
            raise MatterNotRandom(matter.matter_id)


def _freeze_one(
    shelf: Shelf, choice: MatterChoice, mode: ContentMode, path: str, new_id: Callable[[], str]
) -> TaskMatter:
    matter = shelf.matters.get(choice.matter_id)
    if matter is None or matter.retired:
        raise _unknown(f"{path}.matter_id", choice.matter_id, "检查事项不存在或已取消", "is not on the matter list")
    if shelf.authority_id not in matter.claimed_by:
        raise MatterNotClaimed(matter.matter_id, shelf.authority_id)
    form_ids, items = (
        _by_form(shelf, matter, choice, path)
        if mode is ContentMode.BY_FORM
        else _by_matter(matter, choice, path, new_id)
    )
    if not any(not item.own for item in items):
        zh = f"检查事项 {matter.matter_id} 至少保留一个检查项"
        raise malformed(f"{path}.dropped_item_ids", "ONE_ITEM", zh, "at least one item of each matter must stay")
    return TaskMatter(
        matter_id=matter.matter_id,
        version=matter.version,
        name=matter.name,
        domain=matter.domain,
        legal_basis=matter.legal_basis,
        qualification=matter.qualification,
        methods=matter.methods,
        form_ids=form_ids,
        items=items,
    )


def _by_form(
    shelf: Shelf, matter: Matter, choice: MatterChoice, path: str
) -> tuple[tuple[str, ...], tuple[CheckItem, ...]]:
    if choice.dropped_item_ids or choice.own_items:
        zh = "删减检查项或自定义资料项时，检查内容须选择“按事项选择”"
        raise malformed(path, "BY_MATTER_ONLY", zh, "items can be dropped or added only with content_mode BY_MATTER")
    kept = [form for form in shelf.forms if form.authority_id == shelf.authority_id and form.covers(matter.matter_id)]
    for index, form_id in enumerate(choice.form_ids):
        if all(form.form_id != form_id for form in kept):
            field = f"{path}.form_ids[{index}]"
            raise _unknown(
                field, form_id, "检查表单不存在或不含该事项的检查项", "is no form of this authority for the matter"
            )
    forms = [form for form in kept if not choice.form_ids or form.form_id in choice.form_ids]
    wanted = {item.item_id for form in forms for item in form.items if item.matter_id == matter.matter_id}
    items = tuple(item for item in matter.items if item.item_id in wanted) if forms else matter.items
    return tuple(form.form_id for form in forms), items


def _by_matter(
    matter: Matter, choice: MatterChoice, path: str, new_id: Callable[[], str]
) -> tuple[tuple[str, ...], tuple[CheckItem, ...]]:
    known = {item.item_id for item in matter.items}
    for index, item_id in enumerate(choice.dropped_item_ids):
        if item_id not in known:
            raise _unknown(
                f"{path}.dropped_item_ids[{index}]", item_id, "该事项没有此检查项", "is no item of the matter"
            )
    for index, item in enumerate(choice.own_items):
        if not item.name.strip():
            field = f"{path}.own_items[{index}].name"
            raise malformed(field, "REQUIRED", f"{field} 为必填项", f"{field} is required")
    own = tuple(replace(item, item_id=f"own-{new_id()}", own=True) for item in choice.own_items)
    return (), tuple(item for item in matter.items if item.item_id not in choice.dropped_item_ids) + own


def _unknown(field: str, value: str, zh: str, en: str) -> InvalidArgument:
    return InvalidArgument(Violation(field, "UNKNOWN", f"{field}（{value}）：{zh}", f"{field}: {value!r} {en}"))


def _require_distinct(field: str, ids: list[str]) -> None:
    for index, id in enumerate(ids):
        if id in ids[:index]:
            path = f"{field}[{index}]"
            raise malformed(path, "DUPLICATE", f"{path}（{id}）重复", f"{path}: {id!r} is named twice")
