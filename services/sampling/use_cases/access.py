"""Who gets hold of which draw."""

from __future__ import annotations

from services.chassis.errors import NoSuchThing
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.sampling.model.draw import Draw
from services.sampling.model.neighbours import Task

OVERSEERS = frozenset({"supervisor", "administrator"})


def known_task(work: Work, task_id: str) -> Task:
    """A task as it was last heard of.

    Raises:
        NoSuchThing: it was not, or it was purged.
    """
    task = work.find(Task, task_id=task_id)
    if task is None or task.purged:
        raise NoSuchThing("Task", task_id)
    return task


def seen(work: Work, draw_id: str, by: Principal, *, etag: str = "", lock: bool = False) -> Draw:
    """A draw, for who takes part in its task or oversees it.

    Raises:
        NoSuchThing: there is none, or it is not for the caller to know.
    """
    draw = work.get(Draw, draw_id, etag=etag, lock=lock)
    if by.authority not in draw.participants and not by.roles & OVERSEERS:
        raise NoSuchThing("Draw", draw_id)
    return draw


def own(work: Work, draw_id: str, by: Principal, etag: str) -> Draw:
    """A draw, for the authority that leads its task.

    Raises:
        NoSuchThing, NotYours: it is not.
    """
    draw = seen(work, draw_id, by, etag=etag, lock=True)
    by.require(authority=draw.authority_id)
    return draw


def decidable(work: Work, draw_id: str, by: Principal, etag: str) -> Draw:
    """A draw, for the head of the authority that leads its task, or a supervisor.

    Raises:
        NoSuchThing, NotYours: the caller is neither.
    """
    draw = seen(work, draw_id, by, etag=etag, lock=True)
    if "supervisor" not in by.roles and by.authority != draw.authority_id:
        raise NotYours("authority", draw.authority_id)
    return draw
