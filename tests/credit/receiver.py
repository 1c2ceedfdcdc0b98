"""A channel's receiver that behaves as a test tells it to, and remembers what it was sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@dataclass
class Receiver:
    """What it does next, and what it got."""

    behaviour: Callable[[Receiver, Any, dict[str, Any]], None]
    got: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    port: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        """As an operator allows it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/hook"

    def shown(self) -> set[str]:
        """Disclosures a receiver that plays by the rules shows now."""
        shown: dict[str, bool] = {}
        for parcel in self.got:
            shown[parcel["disclosure_id"]] = parcel["action"] == "SHARE"
        return {id for id, is_shown in shown.items() if is_shown}


def acknowledge(receiver: Receiver, request: Any, parcel: dict[str, Any]) -> None:
    """As agreed."""
    reply(request, 200, {"acknowledged": parcel["delivery_id"], "receipt": f"R-{len(receiver.got)}"})


def fail(_: Receiver, request: Any, __: dict[str, Any]) -> None:
    """Out of order."""
    reply(request, 503, {"error": "down"})


def refuse_withdrawals(receiver: Receiver, request: Any, parcel: dict[str, Any]) -> None:
    """Takes results and does not want to give them back."""
    (acknowledge if parcel["action"] == "SHARE" else fail)(receiver, request, parcel)


def garbage(_: Receiver, request: Any, __: dict[str, Any]) -> None:
    """A login page, say."""
    send(request, 200, b"<html>\xff")


def acknowledge_another(_: Receiver, request: Any, __: dict[str, Any]) -> None:
    """Says it has something else."""
    reply(request, 200, {"acknowledged": "another"})


def a_list(_: Receiver, request: Any, __: dict[str, Any]) -> None:
    """JSON, but not as agreed."""
    reply(request, 200, ["acknowledged"])


def redirect(_: Receiver, request: Any, __: dict[str, Any]) -> None:
    """Tries to lead elsewhere."""
    request.send_response(307)
    request.send_header("location", "http://169.254.169.254/")
    request.send_header("content-length", "0")
    request.end_headers()


def flood(receiver: Receiver, request: Any, __: dict[str, Any]) -> None:
    """An answer without end."""
    request.send_response(200)
    request.end_headers()
    while not receiver.stop.is_set():
        request.wfile.write(b"x" * 65536)


def drip(receiver: Receiver, request: Any, __: dict[str, Any]) -> None:
    """An answer that takes for ever, a byte at a time."""
    request.send_response(200)
    request.end_headers()
    while not receiver.stop.wait(0.05):
        request.wfile.write(b"x")
        request.wfile.flush()


def hang(receiver: Receiver, _: Any, __: dict[str, Any]) -> None:
    """Takes the call and says nothing."""
    receiver.stop.wait(30)


def hang_up(_: Receiver, request: Any, __: dict[str, Any]) -> None:
    """Has it, and the line breaks before it can say so."""
    request.connection.close()


def reply(request: Any, status: int, body: object) -> None:
    send(request, status, json.dumps(body).encode())


def send(request: Any, status: int, body: bytes) -> None:
    request.send_response(status)
    request.send_header("content-length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def receiving(behaviour: Callable[[Receiver, Any, dict[str, Any]], None] = acknowledge) -> Iterator[Receiver]:
    """A receiver on a loopback port that checks signatures as Standard Webhooks say."""
    receiver = Receiver(behaviour)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            id, timestamp = self.headers["webhook-id"], self.headers["webhook-timestamp"]
            signed = f"{id}.{timestamp}.".encode() + body
            expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
            if self.headers["webhook-signature"] != f"v1,{expected}":
                send(self, 401, b"")
                return
            parcel = json.loads(body)
            receiver.got.append(parcel)
            receiver.ids.append(id)
            receiver.behaviour(receiver, self, parcel)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Give a background thread its time."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        threading.Event().wait(0.02)
