"""A channel's receiver with nothing but Python's own library: checks who sent, keeps what is to be shown, acknowledges.

    LIANGMA_SECRET=whsec_… python receiver.py PORT DATABASE

It listens on the loopback address: the web server in front ends TLS. `shown.result` in the SQLite file is what the site
shows; a withdrawn one is gone from it before the withdrawal is acknowledged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

TOLERANCE = 300
"""Seconds a message may be old, or a clock ahead: what is older was recorded and is played again."""
GREATEST = 1024 * 1024

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS shown (disclosure_id TEXT PRIMARY KEY, revision INT, is_withdrawn INT, result TEXT)"
)
NEWER = """
INSERT INTO shown VALUES (:disclosure_id, :revision, :is_withdrawn, :result)
ON CONFLICT (disclosure_id) DO UPDATE SET revision = excluded.revision, is_withdrawn = excluded.is_withdrawn,
result = excluded.result WHERE (excluded.revision, excluded.is_withdrawn) > (shown.revision, shown.is_withdrawn)
"""
"""A message held up on the way undoes nothing that came after it; of one revision the withdrawal is the last."""


def is_genuine(headers: Message, body: bytes, secret: str, now: float) -> bool:
    """Whether the platform has sent this, and lately."""
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    wanted = f"v1,{base64.b64encode(digest).decode()}"
    return any(hmac.compare_digest(wanted, given) for given in headers.get("webhook-signature", "").split())


def take(database: sqlite3.Connection, parcel: Mapping[str, Any]) -> None:
    """Show a result, or show it no more; a message that comes again changes nothing."""
    is_withdrawn = parcel["action"] == "WITHDRAW"
    result = None if is_withdrawn else json.dumps(parcel["result"], ensure_ascii=False)
    row = {"disclosure_id": parcel["disclosure_id"], "revision": parcel["revision"]}
    with database:  # the acknowledgement goes out behind the commit, never before it
        database.execute(NEWER, row | {"is_withdrawn": is_withdrawn, "result": result})


class Receiver(BaseHTTPRequestHandler):
    """POST takes a message."""

    database: sqlite3.Connection
    secret: str

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > GREATEST:
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not is_genuine(self.headers, body, self.secret, time.time()):
            return self.answer(401)
        parcel = json.loads(body)
        take(self.database, parcel)
        return self.answer(200, {"acknowledged": parcel["delivery_id"], "receipt": f"{time.time_ns()}"})

    def answer(self, status: int, content: Mapping[str, str] | None = None) -> None:
        """With what the platform waits for, or with why not."""
        body = json.dumps(content or {}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(port: str, path: str) -> None:
    """Receive until the process ends."""
    Receiver.secret = os.environ["LIANGMA_SECRET"]
    Receiver.database = sqlite3.connect(path)
    Receiver.database.execute(SCHEMA)
    server = HTTPServer(("127.0.0.1", int(port)), Receiver)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
