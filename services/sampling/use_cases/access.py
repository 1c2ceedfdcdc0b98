"""Who gets hold of which draw."""

from __future__ import annotations

from datetime import date

from services.chassis.errors import NoSuchThing, PermissionDenied
from services.chassis.identity import NotYours, Principal
from services.chassis.work import Work
from services.sampling.model.draw import Draw
from services.sampling.model.inspector import Inspector
from services.sampling.model.neighbours import Task

OVERSEERS = frozenset({"supervisor", "administrator"})


class AccountStopped(PermissionDenied):
    """Who has no valid certificate uses no account (TJ 14)."""

    def __init__(self, certificate: str, valid_until: date) -> None:
        super().__init__(
            f"执法证 {certificate} 已失效（有效期至 {valid_until}）或已移出名录库，账号停止使用，请续期后再试",
            f"certificate {certificate!r} is no longer valid (until {valid_until}), or off the directory: the account "
            "is stopped until it is prolonged",
            certificate=certificate,
            valid_until=str(valid_until),
        )


def require_account(work: Work, by: Principal, day: date) -> None:
    """Stop an account that is an inspector's and nothing else, once its certificate is not valid on this day.

    Raises:
        AccountStopped: it is not.
    """
    if by.roles != {"inspector"}:
        return
    inspector = work.find(Inspector, certificate=by.certificate)
    if inspector and (inspector.retired or not inspector.is_certified(day)):
        raise AccountStopped(by.certificate, inspector.valid_until)


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
