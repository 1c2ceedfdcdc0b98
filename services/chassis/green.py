"""Eventlet's switch, in a module that imports nothing else: it must be thrown before anything else is imported."""

import os
import warnings


def patch() -> None:
    """Make the standard library cooperative."""
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    os.environ["EVENTLET_NO_GREENDNS"] = "yes"  # addresses come from settings; the resolver of its own is not needed
    import eventlet

    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"  # psycopg then waits in Python, where eventlet can switch
    eventlet.monkey_patch()
