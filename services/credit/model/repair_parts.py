"""What a repair is made of: documents, supplements, checks on site, reminders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.chassis.errors import InvalidArgument, Violation


class RepairChannel(StrEnum):
    """How an application came in."""

    ONLINE = "ONLINE"
    ONE_STOP = "ONE_STOP"
    PAPER = "PAPER"


class RepairDocumentKind(StrEnum):
    """What a document of an application is."""

    APPLICATION_FORM = "APPLICATION_FORM"
    IDENTITY = "IDENTITY"
    PLEDGE = "PLEDGE"
    PROOF_OF_CORRECTION = "PROOF_OF_CORRECTION"
    OTHER = "OTHER"


REQUIRED_DOCUMENTS = {
    RepairDocumentKind.APPLICATION_FORM: "信用修复申请书",
    RepairDocumentKind.IDENTITY: "申请人主体资格文件",
    RepairDocumentKind.PLEDGE: "守信承诺书",
    RepairDocumentKind.PROOF_OF_CORRECTION: "纠正违法行为的相关证明材料",
}
"""What every application brings (TJ 11)."""


class DocumentsMissing(InvalidArgument):
    """Required documents are not there; names each."""

    def __init__(self, kinds: Sequence[RepairDocumentKind]) -> None:
        super().__init__(
            *(
                Violation("documents", f"MISSING_{kind}", f"缺少{REQUIRED_DOCUMENTS[kind]}", f"the {kind} is missing")
                for kind in kinds
            )
        )


@dataclass(frozen=True)
class Document:
    """A file, by what is in it."""

    sha256: str
    name: str = ""
    content_type: str = ""
    size: int = 0


@dataclass(frozen=True)
class RepairDocument:
    """A document of an application."""

    kind: RepairDocumentKind
    attachment: Document


@dataclass(frozen=True)
class Supplement:
    """Something more that was asked for."""

    request: str
    requested_on: date
    requested_by: str
    respond_by: date
    submitted_on: date | None = None
    submitted_by: str = ""
    statement: str = ""
    documents: tuple[RepairDocument, ...] = ()


@dataclass(frozen=True)
class SiteCheck:
    """A check on site."""

    checked_on: date
    checkers: tuple[str, ...]
    corrected: bool
    note: str
    attachments: tuple[Document, ...]
    recorded_by: str


@dataclass(frozen=True)
class RepairReminder:
    """A reminder to the authority; `level` is the one of REMINDERS, or OVERDUE."""

    reminded_on: date
    days_left: int
    due_on: date
    level: int


def check_documents(documents: Sequence[RepairDocument]) -> None:
    """Refuse an application that lacks a required document.

    Raises:
        DocumentsMissing: names each that is missing.
    """
    given = {document.kind for document in documents}
    missing = [kind for kind in REQUIRED_DOCUMENTS if kind not in given]
    if missing:
        raise DocumentsMissing(missing)
