"""Everything on one machine: an api, a worker and a gateway process under one supervisor."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

SERVICES = ("plans", "tasks", "sampling", "codes", "credit")
ADDRESSES = (*SERVICES, "attachments")  # every api process serves attachments, beside its services
READY_SECONDS = 90
STOP_SECONDS = 30
GREATEST_BACKOFF = 15.0


class CannotStart(Exception):
    """A process did not come up; the message carries its last words."""


@dataclass
class Child:
    """One process that is kept alive.

    Args:
        name: for logs and its pid file.
        module: what `python -m` runs.
        arguments: its arguments.
    """

    name: str
    module: str
    arguments: Sequence[str] = ()
    process: subprocess.Popen[str] | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    last_words: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    deaths: int = 0
    born_at: float = 0.0
    reborn_at: float = 0.0


class Supervisor:
    """Starts children, restarts the dead, and takes all of them down with it.

    Args:
        children: in the order in which they start; they stop in the reverse order.
        environment: for all of them.
        var_dir: holds `run/<name>.pid` and the lock that keeps a second supervisor out.
        output: where what they log goes.
    """

    def __init__(
        self, children: Sequence[Child], environment: Mapping[str, str], var_dir: Path, output: IO[str] = sys.stderr
    ) -> None:
        self._children = children
        self._environment = dict(environment)
        self._run_dir = var_dir / "run"
        self._output = output
        self._stopping = threading.Event()

    @contextlib.contextmanager
    def running(self) -> Iterator[Supervisor]:
        """Started on entry, every one ready; stopped on exit, every one gone.

        Raises:
            CannotStart: one does not come up, or another supervisor runs on this directory.
        """
        self._run_dir.mkdir(parents=True, exist_ok=True)
        with self._locked():
            try:
                for child in self._children:
                    self._start(child)
                for child in self._children:
                    self._await_ready(child)
                watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
                watcher.start()
                yield self
            finally:
                self._stop()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._run_dir / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotStart(
                    f"another `liangma up` runs on {self._run_dir.parent}; stop it or set LIANGMA_VAR_DIR"
                ) from None
            yield

    def _start(self, child: Child) -> None:
        child.ready.clear()
        child.born_at = time.monotonic()
        child.process = subprocess.Popen(
            [sys.executable, "-m", child.module, *child.arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a Ctrl-C in the terminal reaches the supervisor alone, which stops them in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 (one system call)
        )
        (self._run_dir / f"{child.name}.pid").write_text(str(child.process.pid))
        threading.Thread(target=self._listen, args=(child, child.process), daemon=True).start()

    def _listen(self, child: Child, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                child.last_words.append(line)
                if line.startswith("ready:"):
                    child.ready.set()
                with contextlib.suppress(ValueError):  # the output may be closed before the last word
                    self._output.write(line)
                    self._output.flush()

    def _await_ready(self, child: Child) -> None:
        assert child.process is not None
        deadline = time.monotonic() + READY_SECONDS
        while not child.ready.wait(0.05):
            if child.process.poll() is not None or time.monotonic() > deadline:
                words = "".join(child.last_words).strip() or "(it said nothing)"
                raise CannotStart(f"{child.name} did not come up:\n{words}")

    def _watch(self) -> None:
        while not self._stopping.wait(0.1):
            now = time.monotonic()
            for child in self._children:
                self._look_after(child, now)

    def _look_after(self, child: Child, now: float) -> None:
        assert child.process is not None
        if child.process.poll() is None:
            if now - child.born_at > 60:
                child.deaths = 0
        elif not child.reborn_at:
            child.deaths += 1
            child.reborn_at = now + min(GREATEST_BACKOFF, 0.1 * 2 ** (child.deaths - 1))
            print(
                f"supervisor: {child.name} ended with {child.process.returncode}; starting it again", file=self._output
            )
        elif now >= child.reborn_at and not self._stopping.is_set():
            child.reborn_at = 0.0
            self._start(child)

    def _stop(self) -> None:
        self._stopping.set()
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self._children):
            if child.process and child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        for child in reversed(self._children):
            if child.process:
                _wait_or_kill(child.process, deadline)
            (self._run_dir / f"{child.name}.pid").unlink(missing_ok=True)


def _wait_or_kill(process: subprocess.Popen[str], deadline: float) -> None:
    try:
        process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """Linux only: the kernel ends this process when the supervisor ends, however that ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def children() -> list[Child]:
    """The three processes of the embedded run."""
    return [
        Child("api", "services.chassis", ("api", *SERVICES)),
        Child("worker", "services.chassis", ("worker", *SERVICES)),
        Child("gateway", "gateway"),
    ]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What the children are told: all that is set outside, and embedded sign-in unless an OIDC issuer is set."""
    made = dict(given)
    if "LIANGMA_OIDC_ISSUER" not in made:
        made.setdefault("LIANGMA_SIGN_IN", "embedded")
    address = made.setdefault("LIANGMA_GRPC_LISTEN", "127.0.0.1:50050")
    for service in ADDRESSES:
        made.setdefault(f"LIANGMA_{service.upper()}_ADDRESS", address)
    made["PYTHONUNBUFFERED"] = "1"
    return made


def migrate(environment: Mapping[str, str]) -> None:
    """Bring all five databases to the newest schema.

    Raises:
        CannotStart: one cannot be reached or migrated; the message says which and why.
    """
    command = [sys.executable, "-m", "services.chassis", "migrate", *SERVICES]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotStart(f"the databases cannot be brought up to date:\n{done.stderr.strip()[-2000:]}")


@contextlib.contextmanager
def running(given: Mapping[str, str] | None = None, output: IO[str] = sys.stderr) -> Iterator[Supervisor]:
    """The whole system, migrated and ready, for the time of a block.

    Raises:
        CannotStart: see there.
    """
    made = environment(os.environ if given is None else given)
    var_dir = Path(made.get("LIANGMA_VAR_DIR", "var"))
    migrate(made)
    with Supervisor(children(), made, var_dir, output).running() as supervisor:
        yield supervisor


def up() -> None:
    """Run until SIGINT or SIGTERM.

    Raises:
        CannotStart: see there.
    """
    asked_to_stop = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: asked_to_stop.set())
    with running():
        host = os.environ.get("LIANGMA_GATEWAY_HOST", "127.0.0.1")
        port = os.environ.get("LIANGMA_GATEWAY_PORT", "8080")
        print(f"ready: http://{host}:{port}", flush=True)  # noqa: T201
        asked_to_stop.wait()
