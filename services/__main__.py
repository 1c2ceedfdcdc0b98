"""`liangma`: run the system, fill it, live the demo, verify without it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.command import operations
from services.command.terminal import conclude, explained, fail, genuine, progress

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

GatewayUrl = Annotated[str, typer.Option("--gateway", help="Address of the gateway.", envvar="LIANGMA_GATEWAY")]
Token = Annotated[str, typer.Option(help="Bearer token of an administrator.", envvar="LIANGMA_TOKEN")]


@app.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C; settings are LIANGMA_… variables."""
    from deploy import embedded

    with explained(embedded.CannotStart):
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
    kind: Annotated[str, typer.Argument(help="objects, inspectors, authorities, matters, plans, annual-caps, ratings")],
    file: Annotated[Path, typer.Argument(help=".csv, .csv.gz or .xlsx")],
    gateway: GatewayUrl = "http://127.0.0.1:8080",
    token: Token = "",
    person: Annotated[str, typer.Option(help="Embedded sign-in: who imports.")] = "administrator",
    report: Annotated[Path | None, typer.Option(help="Where refused rows go (.xlsx or .csv).")] = None,
) -> None:
    """Fill a directory from a file; good rows go in, bad ones are reported, a repeat is harmless."""
    from services.chassis import garbage
    from services.command import importing, rest

    if kind not in importing.KINDS:
        fail(f"unknown kind {kind!r}; there are: {', '.join(importing.KINDS)}")
    garbage.settle()
    with explained(importing.BadFile, rest.GatewayRefused, rest.GatewayUnreachable):
        proof = token or rest.Gateway(gateway).post("/v1/session", {"person": person})["token"]
        total = importing.count_rows(file)
        with rest.Gateway(gateway, proof) as client, progress(f"import {kind}", total) as advance:
            done = importing.import_file(importing.KINDS[kind], file, client, advance)
    typer.echo(f"imported {done.imported}, unchanged {done.unchanged}, rejected {len(done.rejected)}")
    if done.rejected:
        target = report or file.with_name(f"{file.name.split('.')[0]}-rejected.xlsx")
        importing.write_rejected(done, target)
        typer.echo(f"rejected rows, with reasons: {target}")


@app.command()
def sample_data(
    directory: Annotated[Path, typer.Argument(help="Where the four files go.")],
    objects: Annotated[int, typer.Option(help="How many objects.", min=1)] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same city.")] = 1,
) -> None:
    """Make up a plausible city with valid codes, for those who have no registry."""
    from services.command.sample_data import write_city

    for kind, path in write_city(directory, objects, seed).items():
        typer.echo(f"{kind}: {path}")


@app.command()
def verify_draw(
    transcript: Annotated[Path, typer.Argument(help="transcript.json")],
    frame: Annotated[Path | None, typer.Argument(help="frame.csv; not needed with --proof")] = None,
    excluded: Annotated[Path | None, typer.Argument(help="excluded.csv")] = None,
    announced: Annotated[str | None, typer.Option(help="The commitment as it was announced before the draw.")] = None,
    previous: Annotated[Path | None, typer.Option(help="The transcript of the round before.")] = None,
    proof: Annotated[Path | None, typer.Option(help="The proof of one object, instead of the whole frame.")] = None,
) -> None:
    """Recompute a draw from its published files, or how one object stands in it; needs no running system."""
    from services.sampling import verifier

    if not (frame or proof):
        fail("give frame.csv, or --proof")
    with explained(OSError, ValueError, verifier.NoCipher):
        verdict, faults = verifier.check(transcript, frame, excluded, proof, previous, announced)
    for line in verifier.told(verdict) if verdict else ():
        typer.echo(line)
    conclude(faults, "the draw is as its commitment, secrets and frame say")


@app.command()
def verify_code(
    source: Annotated[str, typer.Argument(metavar="TEXT|PICTURE", help="The text in a code, or a picture of it.")],
    keys: Annotated[Path, typer.Option(help="The published liangma-keys.json.")],
    status: Annotated[Path | None, typer.Option(help="A published list of revoked codes.")] = None,
    is_now: Annotated[bool, typer.Option("--now", help="Also check that the code is good at this moment.")] = False,
) -> None:
    """Check a code with the published keys; needs no running system."""
    from services.chassis import clock
    from services.chassis.errors import Refusal
    from services.codes import verify

    with explained(Refusal, verify.PictureSupportMissing, OSError, ValueError):
        content = verify.verify_code(source, keys, now=clock.now() if is_now else None, status=status)
    genuine(content, "the code is genuine")


@app.command()
def verify_receipt(
    source: Annotated[str, typer.Argument(metavar="TEXT|PICTURE", help="The text of a receipt, or a picture of it.")],
    keys: Annotated[Path, typer.Option(help="The published liangma-keys.json.")],
) -> None:
    """Check a receipt of mutual verification with the published keys; needs no running system."""
    from services.chassis.errors import Refusal
    from services.codes import verify

    with explained(Refusal, verify.PictureSupportMissing, OSError, ValueError):
        receipt = verify.verify_receipt(source, keys)
    genuine(receipt, "the receipt is genuine")


app.command()(operations.verify_log)
app.add_typer(operations.dead_letters, name="dead-letters")


def main() -> None:
    """The console command."""
    app()


if __name__ == "__main__":
    main()
