"""How the `liangma` command speaks to who typed it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def conclude(faults: Sequence[object], good: str) -> None:
    """Tell what a check found; faults make the exit code 1."""
    for fault in faults:
        typer.echo(f"✗ {fault}")
    if faults:
        raise typer.Exit(1)
    typer.echo(f"✓ {good}")


def genuine(said: Any, good: str) -> None:
    """Tell what a signed text says that was found genuine.

    Args:
        said: a dataclass.
    """
    typer.echo(json.dumps(dataclasses.asdict(said), ensure_ascii=False, indent=2, default=str))
    conclude((), good)


def fail(message: str) -> NoReturn:
    """Say in one line what is wrong, and end with exit code 1."""
    typer.echo(f"liangma: {message}", err=True)
    raise typer.Exit(1)


@contextmanager
def explained(*kinds: type[Exception]) -> Iterator[None]:
    """Turn expected errors into one line and exit code 1."""
    try:
        yield
    except kinds as error:
        fail(str(error))


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar; call what it gives with how much is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
