"""gRPC status → problem: what a service refuses reaches the client with reason, fields and messages unchanged."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from gateway.problems import CHINESE, ENGLISH, TITLES, Problem, Violation

_DETAILS = "grpc-status-details-bin"
_UNTOLD = {"UNKNOWN", "INTERNAL", "DATA_LOSS"}  # their text is for the log, not for clients
_OWN_MESSAGES = {
    "UNAVAILABLE": ("服务暂时不可用，请稍后重试", "the service does not answer just now; try again later"),
    "DEADLINE_EXCEEDED": (
        "服务未能在限定时间内完成，请稍后查询结果再决定是否重试",
        "the service did not finish in time; look whether it was done before you repeat it",
    ),
    "UNKNOWN": ("系统内部错误，请联系管理员并提供追踪编号", "an internal error; give the trace id to the operator"),
}
_OWN_MESSAGES |= dict.fromkeys(("INTERNAL", "DATA_LOSS"), _OWN_MESSAGES["UNKNOWN"])


def problem_of(error: grpc.aio.AioRpcError) -> Problem:
    """The problem that a failed call means for the client."""
    code = error.code().name
    status = _status(error)
    reason, metadata = _reason(status, code)
    zh, en = _messages(status, code, error.details() or "")
    return Problem(code, reason, zh, en, 0, tuple(_violations(status)), metadata, _headers(status, code))


def _status(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    status = status_pb2.Status()
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS:
            try:
                status.ParseFromString(value if isinstance(value, bytes) else value.encode())
            except DecodeError:
                status.Clear()
    return status


def _reason(status: status_pb2.Status, code: str) -> tuple[str, dict[str, str]]:
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info.reason or code, dict(info.metadata)
    return code, {}


def _messages(status: status_pb2.Status, code: str, text: str) -> tuple[str, str]:
    told = {CHINESE: "", ENGLISH: ""}
    localized = error_details_pb2.LocalizedMessage()
    for detail in status.details:
        if detail.Unpack(localized):
            told[_language(localized.locale)] = localized.message
    zh, en = told[CHINESE], told[ENGLISH]
    if zh or en:
        return zh or en, en or zh
    if code in _OWN_MESSAGES:
        return _OWN_MESSAGES[code]
    zh, en = TITLES[code]
    return zh, (en if code in _UNTOLD else text or en)


def _language(locale: str) -> str:
    return CHINESE if locale.lower().startswith("zh") else ENGLISH


def _violations(status: status_pb2.Status) -> Iterable[Violation]:
    bad_request = error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Unpack(bad_request):
            for violation in bad_request.field_violations:
                yield _violation(violation)


def _violation(violation: error_details_pb2.BadRequest.FieldViolation) -> Violation:
    described, localized = violation.description, violation.localized_message
    told = {CHINESE: described, ENGLISH: described}
    if localized.message:
        told[_language(localized.locale)] = localized.message
    return Violation(violation.field, violation.reason, told[CHINESE], told[ENGLISH])


def _headers(status: status_pb2.Status, code: str) -> dict[str, str]:
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(retry):
            return {"retry-after": str(max(1, retry.retry_delay.ToTimedelta().seconds))}
    if code == "UNAUTHENTICATED":
        return {"www-authenticate": 'Bearer error="invalid_token"'}
    return {"retry-after": "1"} if code == "UNAVAILABLE" else {}
