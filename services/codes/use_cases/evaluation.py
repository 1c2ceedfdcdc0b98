"""Enterprises judge visits."""

from __future__ import annotations

from datetime import datetime

from services.chassis.clock import today
from services.chassis.errors import NoSuchThing
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.codes.events import EvaluationSubmitted
from services.codes.model.code import InspectionCode
from services.codes.model.evaluation import AlreadyEvaluated, Evaluation, VisitNotStarted
from services.codes.model.visit import NotTheObject, Visit
from services.codes.use_cases.enterprise import object_for, speaks_for
from services.codes.use_cases.warning import check_supervises


def evaluate_visit(
    work: Work,
    code_id: str,
    authority_id: str,
    score: int,
    comment: str,
    object_id: str,
    *,
    by: Principal,
    now: datetime,
) -> Evaluation:
    """An enterprise judges one authority's visit.

    Raises:
        NotTheObject: the account does not speak for the visited object.
        VisitNotStarted: the enterprise has not met the inspectors yet.
        AuthorityNotOnCode: the authority named did not take part.
        AlreadyEvaluated: it was judged before.
    """
    code = work.get(InspectionCode, code_id, lock=True)
    object_id = _visited(work, code, object_id, by, now)
    visit = work.find(Visit, code_id=code_id, object_id=object_id)
    if visit is None or not visit.has_begun:
        raise VisitNotStarted
    authority_id = code.part_of(authority_id).authority_id
    if work.count(Evaluation, code_id=code_id, object_id=object_id, authority_id=authority_id):
        raise AlreadyEvaluated(authority_id)
    evaluation = Evaluation(
        evaluation_id=work.new_id(),
        code_id=code_id,
        inspection_id=code.inspection_id,
        authority_id=authority_id,
        object_id=object_id,
        score=score,
        comment=comment,
    )
    work.add(evaluation)
    if not code.test:
        work.emit(EvaluationSubmitted(evaluation.evaluation_id, code.inspection_id, authority_id, score))
    return evaluation


def readable_evaluation(work: Work, evaluation_id: str, *, by: Principal, now: datetime) -> Evaluation:
    """An evaluation, for supervisors and for the enterprise that wrote it.

    Raises:
        NoSuchThing: there is none, or it is none of the caller's business.
    """
    evaluation = work.get(Evaluation, evaluation_id)
    if "supervisor" in by.roles:
        check_supervises(work, by, evaluation.authority_id, "Evaluation", evaluation_id)
    elif not speaks_for(work, by, evaluation.object_id, today(now)):
        raise NoSuchThing("Evaluation", evaluation_id)
    return evaluation


def _visited(work: Work, code: InspectionCode, object_id: str, by: Principal, now: datetime) -> str:
    if not code.object_id:
        return object_for(work, by, object_id, today(now))
    if not speaks_for(work, by, code.object_id, today(now)):
        raise NotTheObject(code.object_id)
    return code.object_id
