"""What a client is told when something is not done: RFC 9457 problem details, in the client's language.

The gateway's own refusals and the services' come out alike: a gRPC code and its HTTP status, a stable `reason`, the
fields at fault, and messages in Chinese and English of which the client sees its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

CHINESE, ENGLISH = "zh-CN", "en-US"
PROBLEM_JSON = "application/problem+json"

# google/rpc/code.proto, "HTTP Mapping"
HTTP_STATUS = {
    "OK": 200,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
}

TITLES = {
    "CANCELLED": ("请求已取消", "Cancelled"),
    "UNKNOWN": ("系统内部错误", "Internal error"),
    "INVALID_ARGUMENT": ("请求内容有误", "Invalid request"),
    "DEADLINE_EXCEEDED": ("处理超时", "Deadline exceeded"),
    "NOT_FOUND": ("未找到", "Not found"),
    "ALREADY_EXISTS": ("已存在", "Already exists"),
    "PERMISSION_DENIED": ("没有权限", "Permission denied"),
    "UNAUTHENTICATED": ("需要登录", "Sign-in needed"),
    "RESOURCE_EXHAUSTED": ("超出限制", "Limit reached"),
    "FAILED_PRECONDITION": ("当前状态不允许", "Not possible in this state"),
    "ABORTED": ("与他人的修改冲突", "Changed in between"),
    "OUT_OF_RANGE": ("超出范围", "Out of range"),
    "UNIMPLEMENTED": ("不支持", "Not supported"),
    "INTERNAL": ("系统内部错误", "Internal error"),
    "UNAVAILABLE": ("服务暂时不可用", "Service unavailable"),
    "DATA_LOSS": ("系统内部错误", "Internal error"),
}


@dataclass(frozen=True)
class Violation:
    """One field that breaks a rule.

    Args:
        field: path of the field in the request message, e.g. `plan.matter_ids[2]`; empty: the message itself.
        rule: stable upper-case name of the rule, e.g. `UNKNOWN_FIELD`.
        zh: what is wrong and how to mend it, in Chinese.
        en: the same in English.
    """

    field: str
    rule: str
    zh: str
    en: str

    def under(self, parent: str) -> Violation:
        """The same violation seen from the message that holds this one in its field `parent`."""
        separator = "" if not self.field or self.field.startswith("[") else "."
        return Violation(f"{parent}{separator}{self.field}", self.rule, self.zh, self.en)


@dataclass(eq=False)
class Problem(Exception):
    """A refusal on its way to the client.

    Args:
        code: gRPC code, e.g. `INVALID_ARGUMENT`.
        reason: stable upper-case name that clients may test.
        zh: for people who read Chinese, ready to show.
        en: for people who read English, ready to show.
        status: HTTP status where the code's own does not say it well (405, 413, 415).
        violations: the fields at fault.
        metadata: facts a client may use.
        headers: HTTP headers that go with it, e.g. `Retry-After`.
    """

    code: str
    reason: str
    zh: str
    en: str
    status: int = 0
    violations: tuple[Violation, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.reason}: {self.en}"

    @property
    def http_status(self) -> int:
        """The HTTP status of the reply."""
        return self.status or HTTP_STATUS[self.code]

    def as_dict(self, language: str, trace_id: str = "", instance: str = "") -> dict[str, Any]:
        """The body of the reply, in one language."""
        chinese = language == CHINESE
        body: dict[str, Any] = {
            "type": f"urn:liangma:problem:{self.reason}",
            "title": TITLES[self.code][0 if chinese else 1],
            "status": self.http_status,
            "detail": self.zh if chinese else self.en,
            "code": self.code,
            "reason": self.reason,
            "violations": [
                {"field": v.field, "rule": v.rule, "message": v.zh if chinese else v.en} for v in self.violations
            ],
            "metadata": dict(self.metadata),
        }
        if instance:
            body["instance"] = instance
        if trace_id:
            body["traceId"] = trace_id
        return body

    def as_json(self, language: str, trace_id: str = "", instance: str = "") -> bytes:
        """The body of the reply as it is sent."""
        return orjson.dumps(self.as_dict(language, trace_id, instance))


def invalid(violations: Sequence[Violation]) -> Problem:
    """The refusal of a request whose fields are at fault, naming each."""

    def all_of(language: str) -> Iterable[str]:
        chinese = language == CHINESE
        told = ((v.field, v.zh if chinese else v.en) for v in violations)
        return (f"{field}{'：' if chinese else ': '}{text}" if field else text for field, text in told)

    return Problem(
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "；".join(all_of(CHINESE)),
        "; ".join(all_of(ENGLISH)),
        violations=tuple(violations),
    )


def preferred_language(accept_language: str) -> str:
    """The language of ours that an Accept-Language header prefers; Chinese when it names none of them."""
    best, weight = CHINESE, 0.0
    for choice in accept_language.split(","):
        tag, _, parameters = choice.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        ours = {"zh": CHINESE, "en": ENGLISH, "*": CHINESE}.get(primary)
        quality = _quality(parameters)
        if ours and quality > weight:
            best, weight = ours, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
