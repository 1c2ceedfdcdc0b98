"""The receipt of a mutual verification (两码互核凭证): both sides can show that, and when, the two codes met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.codes.model.code import InspectionCode
from services.codes.model.visit import Visit


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the platform attests.

    Args:
        visit_id: UUID of the visit.
        code_id: UUID of the inspection code.
        object_id: who was visited.
        task_number: document number of the task.
        authorities: ids, the lead first.
        certificate: of the inspector who scanned the enterprise code.
        scheme: what the enterprise code was, e.g. `渝企码`.
        enterprise_scanned_at: when the enterprise scanned the inspection code, whole seconds.
        inspector_scanned_at: when the inspector scanned the enterprise code, whole seconds.
        key_id: of the key that signed; filled when a receipt is read.
    """

    visit_id: str
    code_id: str
    object_id: str
    task_number: str
    authorities: tuple[str, ...]
    certificate: str
    scheme: str
    enterprise_scanned_at: datetime
    inspector_scanned_at: datetime
    key_id: str = ""

    @classmethod
    def of(cls, code: InspectionCode, visit: Visit) -> Receipt:
        """Of a visit that was mutually verified."""
        assert visit.enterprise_scanned_at is not None
        assert visit.inspector_scanned_at is not None
        return cls(
            visit_id=visit.visit_id,
            code_id=code.code_id,
            object_id=visit.object_id,
            task_number=code.task_number,
            authorities=code.authority_ids,
            certificate=visit.inspector_scanned_by,
            scheme=visit.enterprise_code_scheme,
            enterprise_scanned_at=visit.enterprise_scanned_at.replace(microsecond=0),
            inspector_scanned_at=visit.inspector_scanned_at.replace(microsecond=0),
        )

    @property
    def verified_at(self) -> datetime:
        """When the second of the two scans was."""
        return max(self.enterprise_scanned_at, self.inspector_scanned_at)
