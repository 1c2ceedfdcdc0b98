"""The facts this service announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class IssuedCode:
    code_id: str
    inspection_id: str
    kind: str
    text: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeIssued:
    """Codes were issued; at most 500."""

    task_id: str
    codes: tuple[IssuedCode, ...]


@dataclass(frozen=True)
class InterceptedCode:
    inspection_id: str
    rule: str
    authority_id: str
    count: int
    cap: int
    message: str
    revoked_code_id: str = ""


@dataclass(frozen=True)
class CodeIntercepted:
    """Codes were refused; at most 500."""

    task_id: str
    codes: tuple[InterceptedCode, ...]


@dataclass(frozen=True)
class CodeRevoked:
    """A code was taken back."""

    code_id: str
    inspection_id: str
    reason: str


@dataclass(frozen=True)
class VisitVerified:
    """Both codes of a visit were scanned."""

    visit_id: str
    inspection_id: str
    object_id: str
    certificate: str
    verified_at: datetime


@dataclass(frozen=True)
class VisitExcepted:
    """A visit goes on without mutual verification."""

    visit_id: str
    inspection_id: str
    object_id: str
    exception: str
    reason: str
    certificate: str
    excepted_at: datetime


@dataclass(frozen=True)
class ExternalFinding:
    """What another system's visit found, in the form of a result of the platform's own."""

    inspection_id: str
    version: int
    task_number: str
    task_name: str
    nature: str
    authority_id: str
    object_id: str
    object_name: str
    matter_ids: tuple[str, ...]
    domain: str
    method: str
    finding: str
    summary: str
    disposal: str
    adverse: bool
    inspected_on: date


@dataclass(frozen=True)
class ExternalResultPublished:
    """Another system pushed what its visit found, or corrected it."""

    code_id: str
    result: ExternalFinding
    reason: str


@dataclass(frozen=True)
class EvaluationSubmitted:
    """An enterprise judged an authority's visit."""

    evaluation_id: str
    inspection_id: str
    authority_id: str
    score: int


@dataclass(frozen=True)
class ComplaintFiled:
    """An enterprise complained."""

    complaint_id: str
    authority_id: str
    kind: str


@dataclass(frozen=True)
class WarningRaised:
    """The supervisor is warned."""

    warning_id: str
    kind: str
    authority_id: str
    object_id: str
    inspection_id: str
    task_id: str = ""


@dataclass(frozen=True)
class BindingState:
    binding_id: str
    version: int
    object_id: str
    subject: str
    kind: str
    starts_on: date
    ends_on: date | None
    ended: bool


@dataclass(frozen=True)
class BindingChanged:
    """Who speaks for which object."""

    batch_id: str
    bindings: tuple[BindingState, ...]
