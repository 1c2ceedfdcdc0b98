"""One round of a draw (抽取轮次): what was prepared, what was committed, what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.sampling.model.commitment import Commitment
from services.sampling.model.contributions import Contribution
from services.sampling.model.exclusions import DrawExclusions
from services.sampling.model.freezing import ExclusionCount, StratumResult
from services.sampling.model.quotas import DrawQuotas
from services.sampling.model.scope import DrawScope
from services.sampling.model.strata import DrawStrata


class DrawState(StrEnum):
    """Where a round stands."""

    PREPARING = "PREPARING"
    COMMITTED = "COMMITTED"
    REVEALED = "REVEALED"
    DISPATCHED = "DISPATCHED"
    RENEWING = "RENEWING"
    ABANDONED = "ABANDONED"


class Decision(StrEnum):
    """What became of a request to draw again."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True)
class Redraw:
    """A request to draw again, and its decision."""

    reason: str
    requested_by: str
    requested_at: datetime
    decision: Decision = Decision.PENDING
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Settings:
    """What the wizard has collected."""

    scope: DrawScope | None = None
    strata: DrawStrata = field(default_factory=DrawStrata)
    exclusions: DrawExclusions = field(default_factory=DrawExclusions)
    quotas: DrawQuotas | None = None


@dataclass(frozen=True)
class Round:
    """One round of a draw.

    Args:
        number: from 1.
        settings: as they were frozen, or are being prepared.
        committed: what the commitment binds, kept to the letter.
        window_id: the joint window; empty: it stands alone.
        override_reason: why the five working days of TJ 2 were not kept.
        redraw: the request to replace this round.
        reveal_by: until when all secrets are to be shown; None: in a joint window, or before the commitment.
        contribute_by: of a round that replaces an abandoned one: until when it takes fresh hashes.
        withheld: who kept a secret back.
    """

    number: int
    state: DrawState = DrawState.PREPARING
    settings: Settings = field(default_factory=Settings)
    contributions: tuple[Contribution, ...] = ()
    committed: Commitment | None = None
    commitment: str = ""
    excluded: tuple[ExclusionCount, ...] = ()
    strata: tuple[StratumResult, ...] = ()
    seed: str = ""
    transcript_sha256: str = ""
    window_id: str = ""
    override_reason: str = ""
    committed_at: datetime | None = None
    revealed_at: datetime | None = None
    redraw: Redraw | None = None
    reveal_by: datetime | None = None
    contribute_by: datetime | None = None
    withheld: tuple[str, ...] = ()
    abandoned_at: datetime | None = None

    @property
    def due_at(self) -> datetime | None:
        """When the platform goes on by itself; None: it does not."""
        return {DrawState.COMMITTED: self.reveal_by, DrawState.RENEWING: self.contribute_by}.get(self.state)

    @property
    def closed_at(self) -> datetime | None:
        """When it was revealed or abandoned."""
        return self.revealed_at or self.abandoned_at

    @property
    def frame_sha256(self) -> str:
        """Of frame.csv; empty before the commitment."""
        return self.committed.frame_sha256 if self.committed else ""

    @property
    def excluded_sha256(self) -> str:
        """Of excluded.csv; empty before the commitment."""
        return self.committed.excluded_sha256 if self.committed else ""

    @property
    def frame_count(self) -> int:
        """How many objects the frame has."""
        return self.committed.frame_count if self.committed else 0

    @property
    def wanted_count(self) -> int:
        """How many were wanted in all."""
        return sum(stratum.wanted for stratum in self.strata)

    @property
    def drawn_count(self) -> int:
        """How many were drawn in all; before the reveal nobody was."""
        return sum(stratum.drawn for stratum in self.strata) if self.revealed_at else 0

    @property
    def short_count(self) -> int:
        """How many the frame is short of what was wanted."""
        return sum(stratum.short for stratum in self.strata)

    @property
    def quotas(self) -> dict[str, int]:
        """How many are wanted, by stratum."""
        return {stratum.name: stratum.wanted for stratum in self.strata}

    @property
    def substitutes(self) -> int:
        """How many substitutes each stratum keeps."""
        return self.settings.quotas.substitutes if self.settings.quotas else 0

    @property
    def waits(self) -> bool:
        """Whether a request to replace it is waiting."""
        return self.redraw is not None and self.redraw.decision is Decision.PENDING
