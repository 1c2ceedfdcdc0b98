"""What codes reports: codes issued or refused, visits verified or excepted, evaluations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.chassis.errors import NoSuchThing
from services.chassis.work import Work
from services.tasks.model.effectiveness import Evaluation
from services.tasks.model.inspection import CodeInfo, Inspection, Interception, VisitInfo
from services.tasks.use_cases.access import find_inspection
from services.tasks.use_cases.counting import recounted


def note_codes_issued(work: Work, codes: Mapping[str, CodeInfo], *, now: datetime) -> None:
    """Fact: codes were issued, by inspection."""
    for inspection in _known(work, codes):
        inspection.note_code(codes[inspection.inspection_id], now)


def note_codes_intercepted(work: Work, interceptions: Mapping[str, Interception], *, now: datetime) -> None:
    """Fact: codes were refused, by inspection."""
    for inspection in _known(work, interceptions):
        inspection.note_interception(interceptions[inspection.inspection_id], now)


def _known(work: Work, ids: Iterable[str]) -> list[Inspection]:
    return work.all(Inspection, inspection_id=list(ids))


def note_visit(work: Work, inspection_id: str, visit: VisitInfo, *, now: datetime) -> None:
    """Fact: both codes of a visit were scanned, or an exception was recorded."""
    try:
        _, inspection = find_inspection(work, inspection_id)
    except NoSuchThing:
        return
    with recounted(work, inspection):
        inspection.note_visit(visit, now)
    if inspection.is_survey:
        for found in work.all(Inspection, survey_id=inspection_id):
            begun = inspection.visit_of(found.object_id)
            if begun is not None:
                with recounted(work, found):
                    found.note_visit(begun, now)


def note_evaluation(
    work: Work, evaluation_id: str, inspection_id: str, authority_id: str, score: int, *, now: datetime
) -> None:
    """Fact: an enterprise judged an authority's visit; what it says of the same evaluation again takes its place."""
    try:
        _, inspection = find_inspection(work, inspection_id)
    except NoSuchThing:
        return
    with recounted(work, inspection):
        evaluation = work.find(Evaluation, evaluation_id=evaluation_id)
        if evaluation is None:
            work.add(
                Evaluation(
                    evaluation_id=evaluation_id,
                    inspection_id=inspection_id,
                    authority_id=authority_id,
                    score=score,
                    received_at=now,
                )
            )
        else:
            evaluation.score, evaluation.received_at = score, now
