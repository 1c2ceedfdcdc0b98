"""A file that was kept before and is named by what is in it."""

from __future__ import annotations

from dataclasses import dataclass

from services.chassis.errors import InvalidArgument, Violation


class UnknownAttachment(InvalidArgument):
    """No such file was kept."""

    def __init__(self, field: str, name: str) -> None:
        zh, en = f"附件“{name}”未上传，请先上传", f"attachment {name!r} was not uploaded: do that first"
        super().__init__(Violation(f"{field}.sha256", "UNKNOWN_ATTACHMENT", zh, en))


@dataclass(frozen=True)
class Attachment:
    """A kept file."""

    sha256: str
    name: str
    content_type: str
    size: int
