"""The pair as worker processes that die at the worst moment: what they did is committed and not acknowledged.

`python -m tests.support.mortal plans tasks`
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    from services.chassis import green

    green.patch()

from services.chassis.settings import Settings, load
from services.chassis.worker import clerks, deliver, run_workers
from tests.support.pair import PLANS, TASKS

EXIT = 9


def deliver_and_die(*told: object, **how: object) -> int:
    """Handle facts; if any was new, that was the last thing this process did."""
    new = deliver(*told, **how)  # type: ignore[arg-type]
    if new:
        os._exit(EXIT)
    return new


if __name__ == "__main__":
    clerks.deliver = deliver_and_die  # type: ignore[attr-defined]
    run_workers([{"plans": PLANS, "tasks": TASKS}[name] for name in sys.argv[1:]], load(Settings))
