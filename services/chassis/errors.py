"""What a caller may be told went wrong.

Refusal
├── InvalidArgument      a field is missing or malformed; names each one
├── NotFound             no such thing, or none that the caller may know of
├── AlreadyExists        the thing is there already
├── FailedPrecondition   the state does not allow it now; says what is possible
├── PermissionDenied     signed in, but not allowed
├── Unauthenticated      nobody is signed in
├── Conflict             somebody else changed it in between; read again
├── ResourceExhausted    a limit is reached
└── Unavailable          something this needs does not answer; try again

A rule's own error derives from one of these, builds its two messages from its arguments, and is named for the rule:
its upper-case name is the stable `reason` that clients may test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from services.chassis.naming import snake_case


@dataclass(frozen=True)
class Violation:
    """One field that breaks a rule.

    Args:
        field: path of the field in the request, e.g. `plan.matter_ids[2]`.
        rule: stable upper-case name of the rule, e.g. `REQUIRED`.
        zh: what is wrong and how to mend it, in Chinese.
        en: the same in English.
    """

    field: str
    rule: str
    zh: str
    en: str


class Refusal(Exception):
    """Something asked for is not done, and why.

    Args:
        zh: for people who read Chinese, ready to show.
        en: for people who read English, ready to show.
        metadata: facts a client may use, e.g. `state="DRAFT"`.
    """

    reason: ClassVar[str] = "REFUSED"

    def __init_subclass__(cls) -> None:
        cls.reason = snake_case(cls.__name__).upper()

    def __init__(self, zh: str, en: str, **metadata: object) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.metadata = {key: str(value) for key, value in metadata.items()}


class InvalidArgument(Refusal):
    """A field is missing or malformed, whatever the state of things."""

    def __init__(self, *violations: Violation) -> None:
        super().__init__("；".join(v.zh for v in violations), "; ".join(v.en for v in violations))
        self.violations = violations


class NotFound(Refusal):
    """There is no such thing, or none that the caller may know of."""


class AlreadyExists(Refusal):
    """The thing is there already."""


class FailedPrecondition(Refusal):
    """The state of things does not allow it now."""


class PermissionDenied(Refusal):
    """The caller is known and may not do this."""


class Unauthenticated(Refusal):
    """The caller is not known."""


class Conflict(Refusal):
    """Somebody else changed it in between; read it again and repeat."""


class ResourceExhausted(Refusal):
    """A limit is reached."""


class Unavailable(Refusal):
    """Something this needs does not answer; the same call may succeed later."""


class NoSuchThing(NotFound):
    """What an id names is not there."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"未找到 {kind}（{id}）", f"no {kind} with id {id!r}", kind=kind, id=id)


class StaleEtag(Conflict):
    """The caller saw an earlier version than the one that stands."""

    def __init__(self, kind: str, id: str, etag: str, current: str) -> None:
        super().__init__(
            f"{kind}（{id}）已被他人修改（您看到的版本 {etag}，现为 {current}），请刷新后重试",
            f"{kind} {id!r} has changed since: you saw version {etag}, it is {current}; read it again and repeat",
            kind=kind,
            id=id,
            etag=current,
        )


def required(field: str) -> Violation:
    """The violation of a field that must be given and is not."""
    return Violation(field, "REQUIRED", f"{field} 为必填项", f"{field} is required")


def malformed(field: str, rule: str, zh: str, en: str) -> InvalidArgument:
    """The refusal of one field, for rules that know a single one."""
    return InvalidArgument(Violation(field, rule, zh, en))
