"""Where an authority may inspect: in its region, and outside of it with an assistance order (TJ 15)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from services.chassis.errors import FailedPrecondition
from services.chassis.work import Work
from services.tasks.model.copies import Authority, DirectoryObject
from services.tasks.model.inspection import InspectedObject
from services.tasks.model.task import Task
from services.tasks.model.terms import lies_within

ANYWHERE = "000000"
"""What stands for all regions: an assistance order that names none allows all."""

Somewhere = TypeVar("Somewhere", DirectoryObject, InspectedObject)


class OutOfRegion(FailedPrecondition):
    """No inspection outside the authority's region without an assistance order (TJ 15)."""

    def __init__(self, region: str, authority: str, objects: Sequence[DirectoryObject | InspectedObject]) -> None:
        names = "、".join(f"{object.name}（{object.object_id}，区划 {object.region}）" for object in objects)
        super().__init__(
            f"以下检查对象超出{authority}的属地管辖范围（{region}），须附异地协助文件：{names}",
            f"objects outside region {region} need an assistance order: {', '.join(o.object_id for o in objects)}",
            region=region,
            objects=",".join(object.object_id for object in objects),
        )


def require_region(work: Work, task: Task, objects: Iterable[DirectoryObject]) -> None:
    """Refuse objects that one of those who take part may not inspect."""
    wanted = list(objects)
    for name, region in _regions(work, task):
        outside = [object for object in wanted if not _is_within(task, object, region)]
        if outside:
            raise OutOfRegion(region, name, outside)


def within_region(work: Work, task: Task, objects: Iterable[Somewhere]) -> list[Somewhere]:
    """The objects that all who take part may inspect."""
    regions = [region for _, region in _regions(work, task)]
    return [object for object in objects if all(_is_within(task, object, region) for region in regions)]


def allowed_regions(work: Work, task: Task) -> tuple[str, ...]:
    """Where objects may be chosen: what those who take part have in common, then what an assistance order adds."""
    regions = [region for _, region in _regions(work, task)]
    common = [region for region in regions if all(lies_within(region, other) for other in regions)]
    assisted = () if task.assistance_order is None else (task.assistance_regions or (ANYWHERE,))
    return tuple(dict.fromkeys([*common[:1], *assisted]))


def _regions(work: Work, task: Task) -> list[tuple[str, str]]:
    """Of everybody who takes part, the name and the region; the lead's is the one the task was set up with."""
    partners = [part.authority_id for part in task.parts() if not part.lead]
    known = work.all(Authority, authority_id=partners) if partners else []
    return [(task.authority_name, task.region), *((partner.name, partner.region) for partner in known)]


def _is_within(task: Task, object: DirectoryObject | InspectedObject, region: str) -> bool:
    return lies_within(object.region, region) or task.is_assisted_in(object.region)
