"""`liangma`: run the system, fill it, live the demo, verify without it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.orm import Session

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
dead_letters = typer.Typer(no_args_is_help=True, help="Facts that a service could not handle.")
app.add_typer(dead_letters, name="dead-letters")

GatewayUrl = Annotated[str, typer.Option("--gateway", help="Address of the gateway.", envvar="LIANGMA_GATEWAY")]
Token = Annotated[str, typer.Option(help="Bearer token of an administrator.", envvar="LIANGMA_TOKEN")]
ServiceName = Annotated[str, typer.Argument(help="plans, tasks, sampling, codes or credit")]


@app.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C; settings are LIANGMA_… variables."""
    from deploy import embedded

    with _explained(embedded.CannotStart):
        embedded.up()


@app.command()
def demo(
    registry: Annotated[
        Path | None, typer.Option(help="A registry file to import; without one, a made-up city.")
    ] = None,
    objects: Annotated[int, typer.Option(help="How many objects to make up without a registry.", min=5000)] = 20_000,
    out: Annotated[Path, typer.Option(help="Where files to look at are put.")] = Path("demo-out"),
    gateway: Annotated[str, typer.Option(help="A running gateway; without one, the system is started here.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON, and nothing else.")] = False,
) -> None:
    """Live the closed loop once, from the annual plan to the repaired credit, as its people would."""
    from deploy import demo as demonstration

    if not demonstration.run(registry=registry, objects=objects, out=out, gateway=gateway, as_json=as_json):
        raise typer.Exit(1)


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="objects, inspectors, authorities or matters")],
    file: Annotated[Path, typer.Argument(help=".csv, .csv.gz or .xlsx")],
    gateway: GatewayUrl = "http://127.0.0.1:8080",
    token: Token = "",
    person: Annotated[str, typer.Option(help="Embedded sign-in: who imports.")] = "administrator",
    report: Annotated[Path | None, typer.Option(help="Where refused rows go (.xlsx or .csv).")] = None,
) -> None:
    """Fill a directory from a file; good rows go in, bad ones are reported, a repeat is harmless."""
    from services import importing, rest

    if kind not in importing.KINDS:
        _fail(f"unknown kind {kind!r}; there are: {', '.join(importing.KINDS)}")
    with _explained(importing.BadFile, rest.GatewayRefused, rest.GatewayUnreachable):
        proof = token or rest.Gateway(gateway).post("/v1/session", {"person": person})["token"]
        total = sum(1 for _ in importing.read(file))
        with rest.Gateway(gateway, proof) as client, _progress(f"import {kind}", total) as advance:
            done = importing.import_file(importing.KINDS[kind], file, client, advance)
    print(f"imported {done.imported}, unchanged {done.unchanged}, rejected {len(done.rejected)}")  # noqa: T201
    if done.rejected:
        target = report or file.with_name(f"{file.name.split('.')[0]}-rejected.xlsx")
        importing.write_rejected(done, target)
        print(f"rejected rows, with reasons: {target}")  # noqa: T201


@app.command()
def sample_data(
    directory: Annotated[Path, typer.Argument(help="Where the four files go.")],
    objects: Annotated[int, typer.Option(help="How many objects.", min=1)] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same city.")] = 1,
) -> None:
    """Make up a plausible city with valid codes, for those who have no registry."""
    from services.sample_data import write_city

    for kind, path in write_city(directory, objects, seed).items():
        print(f"{kind}: {path}")  # noqa: T201


@app.command()
def verify_draw(
    transcript: Annotated[Path, typer.Argument(help="transcript.json")],
    frame: Annotated[Path, typer.Argument(help="frame.csv")],
    excluded: Annotated[Path | None, typer.Argument(help="excluded.csv")] = None,
    announced: Annotated[str | None, typer.Option(help="The commitment as it was announced before the draw.")] = None,
) -> None:
    """Recompute a draw from its published files; needs no running system."""
    from services.sampling.transcript import verify

    with _explained(OSError, ValueError):
        left_out = excluded.read_bytes() if excluded else None
        faults = verify(transcript.read_bytes(), frame.read_bytes(), left_out, announced=announced)
    _conclude(faults, "the draw is as its commitment, secrets and frame say")


@app.command()
def verify_code(
    source: Annotated[str, typer.Argument(metavar="TEXT|PICTURE", help="The text in a code, or a picture of it.")],
    keys: Annotated[Path, typer.Option(help="The published liangma-keys.json.")],
    status: Annotated[Path | None, typer.Option(help="A published list of revoked codes.")] = None,
    is_now: Annotated[bool, typer.Option("--now", help="Also check that the code is good at this moment.")] = False,
) -> None:
    """Check a code with the published keys; needs no running system."""
    import dataclasses
    import json

    from services.chassis import clock
    from services.chassis.errors import Refusal
    from services.codes import verify

    with _explained(Refusal, verify.PictureSupportMissing, OSError, ValueError):
        content = verify.verify_code(source, keys, now=clock.now() if is_now else None, status=status)
    print(json.dumps(dataclasses.asdict(content), ensure_ascii=False, indent=2, default=str))  # noqa: T201
    print("✓ the code is genuine")  # noqa: T201


@app.command()
def verify_log(service: ServiceName) -> None:
    """Recompute the hash chain over everything a service has announced."""
    from services.chassis import outbox

    with _explained(OSError), _database(service) as (session, tables):
        faults = outbox.verify_chain(session, tables["outbox"])
    _conclude(faults, f"the log of {service} is whole")


@dead_letters.command("list")
def dead_letters_list(service: ServiceName) -> None:
    """One line per letter."""
    from services.chassis import dead_letters as letters

    with _database(service) as (session, tables):
        for letter in letters.list_letters(session, tables["dead_letters"]):
            print(f"{letter.id}  {letter.subscription}  {letter.attempts} attempts  {letter.reason}")  # noqa: T201


@dead_letters.command("show")
def dead_letters_show(service: ServiceName, id: str) -> None:
    """Everything known of a letter."""
    from services.chassis import dead_letters as letters
    from services.chassis.errors import Refusal

    with _explained(Refusal), _database(service) as (session, tables):
        letter = letters.show(session, tables["dead_letters"], id)
        for name in letter.__dataclass_fields__:
            print(f"{name}: {getattr(letter, name)}")  # noqa: T201


@dead_letters.command("replay")
def dead_letters_replay(service: ServiceName, id: str) -> None:
    """Have a letter handled again."""
    from services.chassis import dead_letters as letters
    from services.chassis.errors import Refusal

    with _explained(Refusal), _database(service) as (session, tables):
        letters.replay(session, tables["dead_letters"], id)
    print("the worker will handle it within a second of running")  # noqa: T201


@dead_letters.command("drop")
def dead_letters_drop(service: ServiceName, id: str) -> None:
    """Set a letter aside for good; its text stays."""
    from services.chassis import clock
    from services.chassis import dead_letters as letters
    from services.chassis.errors import Refusal

    with _explained(Refusal), _database(service) as (session, tables):
        letters.drop(session, tables["dead_letters"], id, now=clock.now())


def _conclude(faults: Sequence[object], good: str) -> None:
    for fault in faults:
        print(f"✗ {fault}")  # noqa: T201
    if faults:
        raise typer.Exit(1)
    print(f"✓ {good}")  # noqa: T201


@contextmanager
def _database(name: str) -> Iterator[tuple[Session, Mapping[str, Table]]]:
    from services.chassis import service
    from services.chassis.database import Database
    from services.chassis.settings import Settings, database_url, load

    if name not in ("plans", "tasks", "sampling", "codes", "credit"):
        _fail(f"unknown service {name!r}")
    database = Database(database_url(name, load(Settings)))
    with database.transaction() as session:
        yield session, service.find(name).metadata.tables


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def _explained(*kinds: type[Exception]) -> Iterator[None]:
    """Turn expected errors into one line and exit code 1."""
    try:
        yield
    except kinds as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    print(f"liangma: {message}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(1)


def main() -> None:
    """The console command."""
    app()


if __name__ == "__main__":
    main()
