"""A draw (抽取) and its rounds: prepared, committed, revealed, locked.

Nobody can know the outcome before the commitment, because the seed is made of it; nobody can change the frame after
it, because the seed is made of it. Drawing again takes a reason and somebody else's approval, and leaves every earlier
round to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.sampling.model import abandonment
from services.sampling.model.committing import commitment_of
from services.sampling.model.contributions import PLATFORM, opened, shown, with_contribution, with_secret
from services.sampling.model.draw_refusals import (
    AlreadyMatched,
    CannotRedraw,
    DecidesOwnRequest,
    DrawNotInState,
    DrawNotPrepared,
    FrameEmpty,
    NoRedrawRequested,
    NoSuchRound,
    NothingWanted,
    RedrawPending,
    RevealedByItsWindow,
    RoundNotAbandoned,
    RoundNotCommitted,
    RoundNotRevealed,
)
from services.sampling.model.draw_round import Decision, DrawState, Redraw, Round
from services.sampling.model.exclusions import DrawExclusions
from services.sampling.model.freezing import Frozen
from services.sampling.model.neighbours import Task
from services.sampling.model.quotas import DrawQuotas
from services.sampling.model.scope import DrawScope
from services.sampling.model.strata import DrawStrata


@dataclass(eq=False, kw_only=True)
class Draw:
    """The draw of a task.

    Args:
        authority_id: leads the task.
        region: nothing outside of it is drawn.
        participants: authorities that take part, the lead first.
        state, window_id: of the current round, for lists.
        matched: objects of the current round are in joint matches.
        due_at: when the platform goes on by itself with the current round; None: it does not.
    """

    draw_id: str
    task_id: str
    task_number: str
    task_name: str
    authority_id: str
    region: str
    year: int
    participants: tuple[str, ...]
    rounds: tuple[Round, ...] = ()
    state: DrawState = DrawState.PREPARING
    window_id: str = ""
    matched: bool = False
    regions: tuple[str, ...] = ()
    due_at: datetime | None = None
    version: int = 0
    created_at: datetime | None = None
    created_by: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""

    @classmethod
    def of(cls, task: Task, draw_id: str) -> Draw:
        """The draw of a task, in its first round."""
        return cls(
            draw_id=draw_id,
            task_id=task.task_id,
            task_number=task.number,
            task_name=task.name,
            authority_id=task.authority_id,
            region=task.allowed_regions[0],
            regions=task.allowed_regions,
            year=task.year,
            participants=task.participants,
            rounds=(Round(1),),
        )

    @property
    def round(self) -> Round:
        """The current round."""
        return self.rounds[-1]

    def set_scope(self, scope: DrawScope) -> None:
        """Say which objects may be drawn."""
        self._prepare(scope=scope.within(self.region, self.regions))

    def set_strata(self, strata: DrawStrata) -> None:
        """Say how they are divided."""
        strata.check()
        self._prepare(strata=strata)

    def set_exclusions(self, exclusions: DrawExclusions) -> None:
        """Say who is left out."""
        self._prepare(exclusions=exclusions.in_year(self.year))

    def exclude_named(self, object_ids: Iterable[str]) -> None:
        """Leave more objects out by name."""
        before = self.round.settings.exclusions
        by_name = tuple(dict.fromkeys((*before.by_name, *object_ids)))
        self.set_exclusions(replace(before, by_name=by_name))

    def set_quotas(self, quotas: DrawQuotas) -> None:
        """Say how many are drawn."""
        quotas.check()
        self._prepare(quotas=quotas)

    def ready(self) -> tuple[DrawScope, DrawQuotas]:
        """What must be there before anything can be frozen.

        Raises:
            DrawNotInState, DrawNotPrepared: it is not.
        """
        self._require(DrawState.PREPARING)
        scope, quotas = self.round.settings.scope, self.round.settings.quotas
        if scope is None or quotas is None:
            raise DrawNotPrepared("quotas" if scope else "scope")
        return scope, quotas

    def add_contribution(self, contributor: str, hash: str) -> None:
        """Take the hash of a secret, before the frame is frozen, or a fresh one after an abandoned round.

        Raises:
            AlreadyContributed, ContributorDropped, NotAmongThoseWhoRemain, HashUsedBefore: it does not go in.
        """
        if self.state is not DrawState.RENEWING:
            self._require(DrawState.PREPARING)
        abandonment.refuse_contributor(self.rounds, contributor, hash)
        self._change(contributions=with_contribution(self.round.contributions, contributor, hash))

    def commit(
        self,
        frozen: Frozen,
        excluded_csv: bytes,
        hash: str,
        now: datetime,
        *,
        window_id: str = "",
        override_reason: str = "",
        reveal_by: datetime | None = None,
        frame_merkle: str | None = None,
    ) -> None:
        """Bind the round to its frame, its quotas and everybody's hashes.

        Args:
            hash: of the platform's secret; in a joint window, whose seed serves all its draws, empty.
            reveal_by: until when all secrets are to be shown; in a joint window, None.
            frame_merkle: root of the tree over the frame's lines.

        Raises:
            FrameEmpty, NothingWanted: there is nothing to draw, or nothing is asked of what there is.
        """
        self.ready()
        if not frozen.frame_count:
            raise FrameEmpty(len(frozen.excluded))
        if not frozen.drawn_count:
            raise NothingWanted
        contributions = () if window_id else with_contribution(self.round.contributions, PLATFORM, hash)
        committed = commitment_of(self.draw_id, self.rounds, frozen, excluded_csv, contributions, frame_merkle)
        self._change(
            state=DrawState.COMMITTED,
            contributions=contributions,
            committed=committed,
            commitment=committed.digest(),
            excluded=frozen.excluded_counts,
            strata=frozen.strata,
            window_id=window_id,
            override_reason=override_reason,
            committed_at=now,
            reveal_by=reveal_by,
        )

    def abandon(self, platform_secret: bytes | None, until: datetime, now: datetime) -> None:
        """Give the commitment up because a secret was kept back, and open a round on the same frame.

        Args:
            platform_secret: None: it is lost.
            until: when those who showed theirs are to have given fresh hashes.

        Raises:
            RevealedByItsWindow, RedrawPending, RevealsNotDue, NothingWithheld: the commitment stands.
        """
        self._require(DrawState.COMMITTED)
        if self.window_id:
            raise RevealedByItsWindow(self.window_id)
        if self.round.waits:
            raise RedrawPending
        before = abandonment.abandoned(self.round, platform_secret, now)
        self.rounds = (*self.rounds[:-1], before, abandonment.renewal(before, until))
        self._mirror()

    def renew(self, hash: str, reveal_by: datetime, now: datetime) -> None:
        """Commit again to the frame of an abandoned round, with other secrets.

        Raises:
            ContributionsAwaited: those who remain still have time to give theirs.
        """
        self._require(DrawState.RENEWING)
        before = self.rounds[-2]
        abandonment.refuse_too_early(self.round, before, now)
        contributions = with_contribution(self.round.contributions, PLATFORM, hash)
        committed = abandonment.renewed(before, contributions)
        self._change(
            state=DrawState.COMMITTED,
            contributions=contributions,
            committed=committed,
            commitment=committed.digest(),
            committed_at=now,
            reveal_by=reveal_by,
        )

    def reveal_contribution(self, contributor: str, secret: str) -> None:
        """Take a contributed secret, after the commitment."""
        self._require(DrawState.COMMITTED)
        self._change(contributions=with_secret(self.round.contributions, contributor, secret))

    def refuse_unrevealed(self) -> None:
        """Raise where the round is not to be revealed yet, or not here.

        Raises:
            DrawNotInState, RevealedByItsWindow, ContributionsNotRevealed: it is so.
        """
        self.secrets(b"")

    def secrets(self, sealed: bytes) -> list[bytes]:
        """All secrets in the order of their hashes, the platform's last to be opened.

        Raises:
            DrawNotInState, RevealedByItsWindow, ContributionsNotRevealed: it is too early, or not here.
        """
        self._require(DrawState.COMMITTED)
        if self.window_id:
            raise RevealedByItsWindow(self.window_id)
        return opened(self.round.contributions, sealed)

    def reveal(self, secrets: Sequence[bytes], seed: bytes, transcript_sha256: str, now: datetime) -> None:
        """Lock the round with its outcome."""
        self._require(DrawState.COMMITTED)
        contributions = () if self.window_id else shown(self.round.contributions, secrets)
        self._change(
            state=DrawState.REVEALED,
            contributions=contributions,
            seed=seed.hex(),
            transcript_sha256=transcript_sha256,
            revealed_at=now,
        )

    def request_redraw(self, reason: str, by: str, now: datetime) -> None:
        """Ask for another round."""
        if self.round.waits:
            raise RedrawPending
        if self.state not in (DrawState.COMMITTED, DrawState.REVEALED):
            raise CannotRedraw(self.state)
        if self.matched:
            raise AlreadyMatched(self.window_id)
        abandonment.refuse_reserved(reason)
        self._change(redraw=Redraw(reason, by, now))

    def approve_redraw(self, by: str, note: str, now: datetime) -> None:
        """Open another round with the settings of the last; what was drawn stays on record."""
        self._decide(Decision.APPROVED, by, note, now)
        self.rounds = (*self.rounds, Round(self.round.number + 1, settings=self.round.settings))
        self._mirror()

    def reject_redraw(self, by: str, note: str, now: datetime) -> None:
        """Let the round stand that stands."""
        self._decide(Decision.REJECTED, by, note, now)

    def dispatched(self) -> None:
        """The task went out with the objects drawn; from now on they stand."""
        if self.state is DrawState.REVEALED:
            self._change(state=DrawState.DISPATCHED)

    def revealed_round(self, number: int) -> Round:
        """The round of this number, or (for 0) the last that was revealed.

        Raises:
            RoundNotRevealed: there is none.
        """
        return self._last(number, lambda each: each.revealed_at is not None, RoundNotRevealed)

    def committed_round(self, number: int) -> Round:
        """The round of this number, or (for 0) the last that was committed.

        Raises:
            RoundNotCommitted: there is none.
        """
        return self._last(number, lambda each: each.committed is not None, RoundNotCommitted)

    def abandoned_round(self, number: int) -> Round:
        """The round of this number, or (for 0) the last that was abandoned.

        Raises:
            RoundNotAbandoned: there is none.
        """
        return self._last(number, lambda each: each.abandoned_at is not None, RoundNotAbandoned)

    def _last(self, number: int, fits: Callable[[Round], bool], refusal: type[NoSuchRound]) -> Round:
        fitting = [each for each in self.rounds if number in (0, each.number) and fits(each)]
        if not fitting:
            raise refusal(self.draw_id, number)
        return fitting[-1]

    def _decide(self, decision: Decision, by: str, note: str, now: datetime) -> None:
        asked = self.round.redraw
        if asked is None or not self.round.waits:
            raise NoRedrawRequested
        if asked.requested_by == by:
            raise DecidesOwnRequest
        if self.state is DrawState.DISPATCHED and decision is Decision.APPROVED:
            raise CannotRedraw(self.state)
        self._change(redraw=replace(asked, decision=decision, decided_by=by, decided_at=now, note=note))

    def _prepare(self, **settings: object) -> None:
        self._require(DrawState.PREPARING)
        self._change(settings=replace(self.round.settings, **settings))  # type: ignore[arg-type]  # by name

    def _require(self, state: DrawState) -> None:
        if self.state is not state:
            raise DrawNotInState(self.state, state)

    def _change(self, **changes: object) -> None:
        self.rounds = (*self.rounds[:-1], replace(self.round, **changes))  # type: ignore[arg-type]  # by name
        self._mirror()

    def _mirror(self) -> None:
        """Show where the current round stands."""
        self.state, self.window_id, self.due_at = self.round.state, self.round.window_id, self.round.due_at
