"""What a process tells is keys, carries its trace, and hides who is who."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request

import pytest

from services.chassis import telemetry

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

SCRIPT = f"""
import logging
from services.chassis import telemetry
telemetry.set_up("INFO", "plans-api")
log = telemetry.logger("here")
with telemetry.span("work", traceparent="{TRACE}"):
    log.info("plan_submitted", plan_id="p1", phone="13912345678", note="打 13912345678", nested={{"email": "a@b.c"}})
log.debug("too_quiet")
logging.getLogger("elsewhere").warning("from a library: %s", 13912345678)
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""


def test_logs_are_json_lines_with_keys_and_trace_and_without_personal_data() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    first, second, third = map(json.loads, ran.stderr.splitlines())
    assert (first["event"], first["plan_id"], first["process"], first["level"]) == (
        "plan_submitted",
        "p1",
        "plans-api",
        "info",
    )
    assert (first["phone"], first["note"], first["nested"]) == ("***", "打 ***", {"email": "***"})
    assert first["trace_id"] == TRACE.split("-")[1]
    assert (second["event"], second["logger"]) == ("from a library: ***", "elsewhere")
    assert "ZeroDivisionError" in third["exception"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13912345678", "***"),
        ("身份证 500112199001011234。", "身份证 ***。"),
        ("50011219900101123X", "***"),
        ("91500000MA5U0000XX", "91500000MA5U0000XX"),
        ("0198c0de-0000-7000-8000-139123456780", "0198c0de-0000-7000-8000-139123456780"),
    ],
)
def test_phone_and_identity_numbers_are_hidden_and_codes_of_enterprises_are_not(text: str, shown: str) -> None:
    assert telemetry.mask_personal_data(None, "", {"event": text}) == {"event": shown}


@pytest.mark.parametrize("key", ["phone", "contact", "id_number", "token", "Authorization", "password"])
def test_values_of_personal_and_secret_keys_are_hidden(key: str) -> None:
    assert telemetry.mask_personal_data(None, "", {key: "x", "other": "x"}) == {key: "***", "other": "x"}


def test_a_span_goes_on_in_the_trace_of_its_caller() -> None:
    telemetry.set_up("WARNING", "test")
    assert telemetry.current_traceparent() == ""
    with telemetry.server_span("/plans/Get", TRACE):
        assert telemetry.current_trace_id() == TRACE.split("-")[1]
        assert telemetry.current_traceparent() != TRACE
    with telemetry.span("alone"):
        assert len(telemetry.current_trace_id()) == 32


def test_a_span_lets_exceptions_through() -> None:
    with pytest.raises(ZeroDivisionError), telemetry.span("work"):
        _ = 1 / 0


def test_calls_are_counted_by_method_and_code() -> None:
    telemetry.rpc_finished("/plans/Get", "OK", 0.002)
    assert b'liangma_rpc_seconds_count{code="OK",method="/plans/Get"} 1.0' in telemetry.metrics_text()


def test_metrics_are_served_where_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    telemetry.serve_metrics("")
    server = telemetry.serve_metrics(f"127.0.0.1:{port}")
    assert server
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert b"liangma_outbox_unsent" in answer.read()
    server()
