"""How a process looks for garbage: rarely, and not among what it was started with."""

from __future__ import annotations

import gc

SELDOM = (50_000, 20, 20)


def settle() -> None:
    """Call when a process has loaded all it works with.

    What is there stays, so nobody need look through it again. And a batch of thousands of rows makes tens of thousands
    of things that live until it is done: to look for garbage among them after every 700 is in vain.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
