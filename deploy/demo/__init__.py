"""The closed loop, lived once through the gateway as its people would: `liangma demo`."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy import embedded
from deploy.demo.life import Life
from deploy.demo.steps import STEPS
from services.command.importing import BadFile
from services.command.rest import GatewayRefused, GatewayUnreachable

EXPECTED = (AssertionError, BadFile, GatewayRefused, GatewayUnreachable, TimeoutError, OSError, KeyError)


def run(
    *,
    out: Path,
    registry: Path | None = None,
    objects: int = 20_000,
    gateway: str = "",
    as_json: bool = False,
    on_step: Callable[[str], None] = lambda _: None,
) -> bool:
    """Live the loop and write what it leaves behind.

    Args:
        out: gets `summary.json` and the files one can open.
        registry: objects to import; None: a made-up city.
        objects: how many to make up.
        gateway: a running one; empty: the embedded system is started for the demo, on free ports, and leaves nothing.
        as_json: print the summary instead of an account for people.
        on_step: is told the name of each step before it is taken.

    Returns:
        Whether every step went as it must.
    """
    out.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    try:
        with _system(gateway, out, console) as url:
            summary = _live(Life(url, out, registry, objects), console, on_step)
    except embedded.CannotStart as error:
        summary = {"import": {}, "steps": [{"name": "启动", "ok": False, "detail": str(error)}], "files": {}}
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    if as_json:
        print(text)  # noqa: T201
    else:
        _tell(summary, Console())
    return all(step["ok"] for step in summary["steps"])


@contextlib.contextmanager
def _system(gateway: str, out: Path, console: Console) -> Iterator[str]:
    """The gateway's address: the one given, or that of a system started for the time of the demo."""
    if gateway:
        yield gateway
        return
    port, grpc_port, worker_port = free_ports(3)
    with tempfile.TemporaryDirectory(prefix="liangma-demo-") as scratch, (out / "log.jsonl").open("w") as log:
        environment = {
            **os.environ,
            "LIANGMA_VAR_DIR": os.environ.get("LIANGMA_VAR_DIR", scratch),
            "LIANGMA_GATEWAY_PORT": str(port),
            "LIANGMA_GRPC_LISTEN": f"127.0.0.1:{grpc_port}",
            "LIANGMA_WORKER_LISTEN": f"127.0.0.1:{worker_port}",
            "LIANGMA_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "LIANGMA_SIGN_IN": "embedded",
        }
        console.print("starting the embedded system …")
        with embedded.running(environment, log):
            yield f"http://127.0.0.1:{port}"


def _live(life: Life, console: Console, on_step: Callable[[str], None]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=len(STEPS))
        for name, step in STEPS:
            progress.update(task, description=name)
            on_step(name)
            try:
                steps.append({"name": name, "ok": True, "detail": step(life)})
            except EXPECTED as error:
                steps.append({"name": name, "ok": False, "detail": f"{type(error).__name__}: {error}"})
                break
            progress.advance(task)
    life.close()
    return {"import": life.imports, "steps": steps, "files": life.files}


def _tell(summary: dict[str, Any], console: Console) -> None:
    for step in summary["steps"]:
        mark = "[green]✓[/]" if step["ok"] else "[red]✗[/]"
        console.print(f"{mark} [bold]{step['name']}[/]  {step['detail']}")
    for name, path in summary["files"].items():
        console.print(f"  {name}: {path}")


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on at the moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
