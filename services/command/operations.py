"""What an operator does with a service's own database: verify its log, look after its dead letters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from services.chassis import clock
from services.chassis.errors import Refusal
from services.command.terminal import conclude, explained, fail

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.orm import Session

SERVICES = ("plans", "tasks", "sampling", "codes", "credit")
ServiceName = Annotated[str, typer.Argument(help=f"{', '.join(SERVICES[:-1])} or {SERVICES[-1]}")]

dead_letters = typer.Typer(no_args_is_help=True, help="Facts that a service could not handle.")


def verify_log(service: ServiceName) -> None:
    """Recompute the hash chain over everything a service has announced."""
    from services.chassis.chain import verify_chain

    with explained(OSError), _table(service, "outbox") as (session, table):
        faults = verify_chain(session, table)
    conclude(faults, f"the log of {service} is whole")


@dead_letters.command("list")
def list_letters(service: ServiceName) -> None:
    """One line per letter."""
    from services.chassis import dead_letters as letters

    with _table(service, "dead_letters") as (session, table):
        for letter in letters.list_letters(session, table):
            typer.echo(f"{letter.id}  {letter.subscription}  {letter.attempts} attempts  {letter.reason}")


@dead_letters.command("show")
def show_letter(service: ServiceName, id: str) -> None:
    """Everything known of a letter."""
    from services.chassis import dead_letters as letters

    with explained(Refusal), _table(service, "dead_letters") as (session, table):
        for name, value in asdict(letters.show(session, table, id)).items():
            typer.echo(f"{name}: {value}")


@dead_letters.command("replay")
def replay_letter(service: ServiceName, id: str) -> None:
    """Have a letter handled again."""
    from services.chassis import dead_letters as letters

    with explained(Refusal), _table(service, "dead_letters") as (session, table):
        letters.replay(session, table, id)
    typer.echo("the worker will handle it within a second of running")


@dead_letters.command("drop")
def drop_letter(service: ServiceName, id: str) -> None:
    """Set a letter aside for good; its text stays."""
    from services.chassis import dead_letters as letters

    with explained(Refusal), _table(service, "dead_letters") as (session, table):
        letters.drop(session, table, id, now=clock.now())


@contextmanager
def _table(service: str, name: str) -> Iterator[tuple[Session, Table]]:
    """A transaction on a service's database, and a table in it."""
    from services.chassis.database import Database
    from services.chassis.service import find
    from services.chassis.settings import Settings, database_url, load

    if service not in SERVICES:
        fail(f"unknown service {service!r}")
    database = Database(database_url(service, load(Settings)))
    try:
        with database.transaction() as session:
            yield session, find(service).metadata.tables[name]
    finally:
        database.dispose()
