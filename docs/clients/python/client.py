"""Another government system in Python: it applies for a code before a visit, and pushes what it found after it.

    pip install liangma    (the contract's classes are in it, as `liangma.codes.v1`)
    python client.py apply OBJECT AUTHORITY MATTER CERTIFICATE CERTIFICATE DAY
    python client.py result CODE_ID FINDING SUMMARY DAY

LIANGMA_GRPC: address of the codes service; LIANGMA_TOKEN: bearer token of the system (role `system`); LIANGMA_CA:
certificate of the server's issuer (PEM); without it the connection is not encrypted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from liangma.codes.v1 import codes_pb2, codes_pb2_grpc, external_results_pb2, external_results_pb2_grpc

RETRIES = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                "timeout": "10s",
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.5s",
                    "maxBackoff": "5s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)
"""A service that is restarting is UNAVAILABLE for a moment; nothing else gets better by asking again."""


def apply(channel: grpc.Channel, object_id: str, authority_id: str, matter_id: str, *team_and_day: str) -> Any:
    """Ask for a code."""
    *certificates, day = team_and_day
    part = {"authority_id": authority_id, "matter_ids": [matter_id], "certificates": certificates}
    request = {
        "object_id": object_id,
        "parts": [part],
        "task_number": f"示例〔{day[:4]}〕1号",
        "starts_on": day,
        "ends_on": day,
    }
    stub = codes_pb2_grpc.CodesServiceStub(channel)
    code = stub.ApplyExternalCode(ParseDict(with_id(request), codes_pb2.ApplyExternalCodeRequest()))
    return {"code_id": code.code_id, "text": code.text, "warnings": list(code.warnings)}


def result(channel: grpc.Channel, code_id: str, finding: str, summary: str, inspected_on: str) -> Any:
    """Push what was found."""
    request = {"code_id": code_id, "finding": finding, "summary": summary, "inspected_on": inspected_on}
    stub = external_results_pb2_grpc.ExternalResultsServiceStub(channel)
    kept = stub.PushExternalResult(ParseDict(with_id(request), external_results_pb2.PushExternalResultRequest()))
    return {"version": kept.version, "adverse": kept.adverse}


def with_id(request: dict[str, Any]) -> dict[str, Any]:
    """The same request has the same id, so it may be sent again whenever the answer got lost."""
    return request | {"request_id": sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:32]}


def connect() -> grpc.Channel:
    """A channel whose calls carry the token."""
    address, options = os.environ["LIANGMA_GRPC"], [("grpc.service_config", RETRIES)]
    if ca := os.environ.get("LIANGMA_CA"):
        channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(Path(ca).read_bytes()), options)
    else:
        channel = grpc.insecure_channel(address, options)
    return grpc.intercept_channel(channel, Bearer(os.environ["LIANGMA_TOKEN"]))


class Bearer(grpc.UnaryUnaryClientInterceptor):
    """Adds the token to every call."""

    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(details._replace(metadata=[*(details.metadata or ()), self._header]), request)


def explain(error: Any) -> str:
    """A refusal in one line: its code, its reason, what to do."""
    status, info = rpc_status.from_call(error), error_details_pb2.ErrorInfo()
    reasons = [info.reason for detail in (status.details if status else ()) if detail.Unpack(info)]
    return f"{error.code().name} {' '.join(reasons)}: {error.details()}"


COMMANDS: dict[str, Callable[..., Any]] = {"apply": apply, "result": result}

if __name__ == "__main__":
    command, *given = sys.argv[1:]
    try:
        print(json.dumps(COMMANDS[command](connect(), *given), ensure_ascii=False))
    except grpc.RpcError as error:
        sys.exit(explain(error))
