"""A process that decides a repair, or carries its withdrawal, and is killed (SIGKILL) at a named step.

`python -m tests.credit.mortal <step> <repair> <authority> <instant>`
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.chassis.identity import Principal
from services.chassis.runtime import Runtime
from services.chassis.settings import Settings, load
from services.credit import courier as couriers
from services.credit.__main__ import SERVICE
from services.credit.channels import senders
from services.credit.courier import Courier
from services.credit.settings import credit_settings, vault_of
from services.credit.use_cases.repair import grant_repair


def die(*_: object, **__: object) -> None:
    """As the kernel ends a process: no handler runs, no buffer is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


def decide(runtime: Runtime, repair_id: str, officer: Principal, now: datetime, *, inside: bool) -> None:
    """Grant, and die inside the transaction or right behind it."""
    with runtime.unit_of_work(principal=officer, now=now) as work:
        grant_repair(work, repair_id, "", by=officer, now=now, workdays=runtime.workdays)
        if inside:
            work.session.flush()
            die()
    die()


def carry(courier: Courier) -> None:
    """One round as a worker makes it."""
    courier.deliver_due()


def die_before_sending(courier: Courier) -> None:
    """The attempt is on record; nothing has left."""
    for sender in courier._senders.values():
        setattr(sender, "send", die)  # noqa: B010 (mypy knows no other way to replace a method)
    carry(courier)


def die_before_recording(courier: Courier) -> None:
    """The receiver has acknowledged; nobody has written it down."""
    couriers.note_acknowledged = die  # type: ignore[attr-defined]
    carry(courier)


def die_while_recording(courier: Courier) -> None:
    """The acknowledgement is written, and not committed."""
    note = couriers.note_acknowledged  # type: ignore[attr-defined]

    def note_and_die(work: Any, *told: Any, **how: Any) -> None:
        note(work, *told, **how)
        work.session.flush()
        die()

    couriers.note_acknowledged = note_and_die  # type: ignore[attr-defined]
    carry(courier)


ON_THE_WAY: dict[str, Callable[[Courier], None]] = {
    "BEGUN": die_before_sending,
    "SENT": carry,  # the receiver says nothing, and who started the process kills it
    "ACKNOWLEDGED": die_before_recording,
    "RECORDING": die_while_recording,
}
"""How far a withdrawal has come when its courier dies."""


def courier_of(runtime: Runtime) -> Courier:
    """As `services.credit.__main__` puts it together, without the bus."""
    settings = credit_settings()
    ways = senders(settings.allowed_hosts, settings.directories(runtime.settings), vault_of(runtime))
    return Courier(runtime, ways)


def main(step: str, repair_id: str, authority_id: str, instant: str) -> None:
    """Come to the step and die there."""
    now = datetime.fromisoformat(instant)
    runtime = Runtime(SERVICE, load(Settings), clock=lambda: now)
    if step in ON_THE_WAY:
        ON_THE_WAY[step](courier_of(runtime))
    else:
        officer = Principal(subject="officer", roles=frozenset({"repair_officer"}), authority=authority_id)
        decide(runtime, repair_id, officer, now, inside=step == "DECIDING")


if __name__ == "__main__":
    main(*sys.argv[1:])
