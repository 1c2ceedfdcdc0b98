"""Whatever anybody does in whatever order: no seed before its commitment, nothing ever erased, all of it verifiable."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from liangma.sampling.v1 import events_pb2, sampling_pb2

from services.chassis.identity import NOBODY
from services.sampling.transcript import verify
from tests.sampling import town
from tests.sampling.town import HEAD, MANAGER, PARTNER_MANAGER, SUPERVISOR
from tests.support.house import House, Refused, houses

house = houses("sampling")

CONTRIBUTORS = {"supervisor": SUPERVISOR, "partner": PARTNER_MANAGER}
contributors = st.sampled_from(sorted(CONTRIBUTORS))


class Life(RuleBasedStateMachine):
    """One draw, and everybody who may do something to it, in any order, allowed or not."""

    tasks = 0

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house
        self.published: dict[int, tuple[bytes, bytes]] = {}
        self.commitments: dict[int, str] = {}
        self.taken: dict[int, list[str]] = {}
        self.abandoned: dict[int, bytes] = {}
        self.silent: set[str] = set()

    @initialize()
    def open(self) -> None:
        Life.tasks += 1
        task_id = f"task-{Life.tasks}"
        town.form_task(self.house, task_id)
        self.draw_id = town.open_draw(self.house, task_id)

    def attempt(self, method: str, by: Any = MANAGER, **request: Any) -> Any:
        try:
            return self.house.call("sampling", method, {"draw_id": self.draw_id} | request, by=by)
        except Refused as refusal:
            if refusal.reason in ("HASH_USED_BEFORE", "SECRET_DOES_NOT_FIT"):
                return None
            if refusal.code.name not in ("FAILED_PRECONDITION", "ALREADY_EXISTS", "PERMISSION_DENIED"):
                raise
            if refusal.code.name == "FAILED_PRECONDITION" and not method.startswith("Get"):
                self.silent |= set() if "现在可以" in refusal.zh or "请" in refusal.zh else {refusal.zh}
            return None

    def secret(self, who: str) -> tuple[str, str]:
        return town.secret(f"{who} {len(self.rounds())}")

    @rule(number=st.integers(1, 12), substitutes=st.integers(0, 3))
    def set_quotas(self, number: int, substitutes: int) -> None:
        self.attempt("SetDrawQuotas", quotas={"each": {"number": number}, "substitutes": substitutes})

    @rule(excluded=st.sets(st.integers(1, 8), max_size=8))
    def set_exclusions(self, excluded: set[int]) -> None:
        self.attempt("SetDrawExclusions", exclusions={"by_name": [town.code(number) for number in excluded]})

    @rule(who=contributors)
    def contribute(self, who: str) -> None:
        self.attempt("AddContribution", CONTRIBUTORS[who], hash=self.secret(who)[1])

    @rule(who=contributors)
    def contribute_what_was_shown_before(self, who: str) -> None:
        self.attempt("AddContribution", CONTRIBUTORS[who], hash=town.secret(f"{who} 1")[1])

    @rule()
    def commit(self) -> None:
        self.attempt("CommitDraw")
        self.take_note()

    @rule(hours=st.sampled_from([1, 24, 72]))
    def wait(self, hours: int) -> None:
        self.house.pass_time(hours=hours)

    @rule()
    def strike(self) -> None:
        self.house.fire("sampling", "finish_overdue_draws")
        self.take_note()

    @rule()
    def abandon(self) -> None:
        self.attempt("AbandonCommitment")
        self.take_note()

    @rule(keeps=contributors)
    def keep_back(self, keeps: str) -> None:
        """Everything that leads to an abandoned round, which chance alone hardly finds."""
        for who in CONTRIBUTORS:
            self.contribute(who)
        self.commit()
        for who in {*CONTRIBUTORS} - {keeps}:
            self.show(who)
        self.wait(72)
        self.strike()

    def take_note(self) -> None:
        """Remember what was announced, published and abandoned."""
        for each in self.rounds():
            if each.commitment:
                self.commitments.setdefault(each.number, each.commitment)
            if each.transcript_sha256 and each.number not in self.published:
                self.published[each.number] = self.files(each.number)
                self.taken[each.number] = self.objects(each.number)
            if each.withheld and each.number not in self.abandoned:
                self.abandoned[each.number] = self.record(each.number)

    def record(self, number: int) -> bytes:
        asked = {"draw_id": self.draw_id, "round": number}
        content: bytes = self.house.call("sampling", "GetAbandonment", asked, by=NOBODY).data
        return content

    @rule(who=contributors)
    def show(self, who: str) -> None:
        self.attempt("RevealContribution", CONTRIBUTORS[who], secret=self.secret(who)[0])

    @rule()
    def reveal(self) -> None:
        self.attempt("RevealDraw")
        self.take_note()

    @rule()
    def ask_again(self) -> None:
        self.attempt("RequestRedraw", reason="再抽一次")

    @rule(approve=st.booleans())
    def decide(self, approve: bool) -> None:
        self.attempt("ApproveRedraw", HEAD) if approve else self.attempt("RejectRedraw", HEAD, reason="不同意")

    @rule()
    def draw(self) -> None:
        self.commit()
        for who in CONTRIBUTORS:
            self.show(who)
        self.reveal()

    @rule()
    def draw_again(self) -> None:
        self.ask_again()
        self.decide(approve=True)
        self.draw()

    def files(self, number: int) -> tuple[bytes, bytes]:
        asked = {"draw_id": self.draw_id, "round": number}
        transcript, frame = (
            self.house.call("sampling", name, asked, by=town.STRANGER_MANAGER).data
            for name in ("GetTranscript", "GetFrame")
        )
        return transcript, frame

    def objects(self, number: int) -> list[str]:
        asked = {"draw_id": self.draw_id, "round": number, "page_size": 1000}
        return [each.object_id for each in self.house.call("sampling", "ListDrawnObjects", asked, by=MANAGER).objects]

    def rounds(self) -> list[sampling_pb2.DrawRound]:
        return list(self.house.call("sampling", "ListDrawRounds", {"draw_id": self.draw_id}, by=MANAGER).rounds)

    @invariant()
    def whatever_happened(self) -> None:
        assert not self.silent, "a refusal does not say what is possible"
        rounds = self.rounds()
        self.nothing_is_known_before_the_reveal(rounds)
        self.no_secret_is_shown_before_its_commitment(rounds)
        self.nothing_that_was_published_ever_changes(rounds)
        self.every_round_but_the_last_was_replaced_for_a_reason_by_somebody_else(rounds)
        self.who_kept_a_secret_back_is_out_for_good_and_changed_nothing_else(rounds)

    def nothing_is_known_before_the_reveal(self, rounds: list[sampling_pb2.DrawRound]) -> None:
        for each in rounds:
            if each.number in self.published:
                assert each.seed
                assert each.transcript_sha256
                continue
            assert not each.seed
            if not each.withheld:
                assert not any(c.secret for c in each.contributions if c.contributor == "platform")
            assert self.objects(each.number) == []
            assert (each.commitment != "") == (each.number in self.commitments)
            assert self.attempt("GetTranscript", round=each.number) is None

    def no_secret_is_shown_before_its_commitment(self, rounds: list[sampling_pb2.DrawRound]) -> None:
        for each in rounds:
            assert each.commitment or not any(c.secret for c in each.contributions)

    def nothing_that_was_published_ever_changes(self, rounds: list[sampling_pb2.DrawRound]) -> None:
        assert [each.number for each in rounds] == list(range(1, len(rounds) + 1))
        for number, published in self.published.items():
            assert self.files(number) == published
            assert self.objects(number) == self.taken[number]
        for number, commitment in self.commitments.items():
            assert rounds[number - 1].commitment == commitment

    def every_round_but_the_last_was_replaced_for_a_reason_by_somebody_else(
        self, rounds: list[sampling_pb2.DrawRound]
    ) -> None:
        for each in rounds[:-1]:
            if each.withheld:
                continue
            assert (each.redraw.decision, each.redraw.decided_by, each.redraw.requested_by) == (
                "APPROVED",
                "head",
                "manager",
            )
            assert each.redraw.reason

    def who_kept_a_secret_back_is_out_for_good_and_changed_nothing_else(
        self, rounds: list[sampling_pb2.DrawRound]
    ) -> None:
        hashes = [given.hash for each in rounds for given in each.contributions]
        assert len(set(hashes)) == len(hashes)
        for number, content in self.abandoned.items():
            before, after = rounds[number - 1], rounds[number]
            assert self.record(number) == content
            assert set(before.withheld) <= {"supervisor", town.PARTNER}
            assert not any(
                given.contributor in before.withheld for each in rounds[number:] for given in each.contributions
            )
            assert after.frame_sha256 in ("", before.frame_sha256)

    def teardown(self) -> None:
        documents = {number: json.loads(transcript) for number, (transcript, _) in self.published.items()}
        documents |= {number: json.loads(record) for number, record in self.abandoned.items()}
        for number, (transcript, frame) in self.published.items():
            announced = self.commitments[number]
            assert verify(transcript, frame, announced=announced, previous=documents.get(number - 1)) == []
        facts = self.house.announced("sampling", events_pb2.DrawRevealed)
        mine = [fact.round for fact in facts if fact.draw_id == getattr(self, "draw_id", "")]
        assert mine == sorted(self.published)
        seeds = [documents[number]["seed"] for number in self.published]
        assert len(set(seeds)) == len(seeds)


def test_no_path_shows_a_seed_too_early_and_no_redraw_erases_anything(house: House) -> None:
    town.settle_objects(house, 8)
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    profile = settings(max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(lambda: Life(house), settings=profile)  # type: ignore[arg-type]  # any factory will do
