"""Ratings come from outside, change by results, run out, and are explained."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import grpc
import pytest
from liangma.codes.v1 import events_pb2 as codes
from liangma.credit.v1 import events_pb2, ratings_pb2
from liangma.sampling.v1 import events_pb2 as sampling
from liangma.tasks.v1 import events_pb2 as tasks
from openpyxl import load_workbook

from services.chassis import worker
from tests.credit.people import (
    ADMIN,
    CITY,
    DOMAIN,
    ENTERPRISE,
    FIRM,
    INSPECTOR,
    MODEL,
    OTHER_ENTERPRISE,
    PERSON,
    PLANNER,
    SHOP,
    SUPERVISOR,
    SYSTEM,
    activate,
    correct,
    import_ratings,
    know_objects,
    next_days,
    publish,
    result,
)
from tests.support.envelopes import envelope
from tests.support.house import House, Refused, houses

house = houses("credit")

GRADE = ratings_pb2.Grade.Value


def changes(house: House) -> list[Any]:
    return [rating for fact in house.announced("credit", events_pb2.RatingChanged) for rating in fact.ratings]


def rating(house: House, object_id: str = FIRM) -> Any:
    return house.call("credit", "GetRating", {"object_id": object_id}, by=INSPECTOR)


def score(house: House) -> float:
    (made,) = rating(house).industry
    return float(made.score)


def test_imported_ratings_are_kept_and_announced(house: House) -> None:
    report = import_ratings(house, {"publicRating": "A", "riskClass": "B", "validUntil": "2026-06-30"})
    assert (report.imported, report.unchanged, list(report.rejections)) == (1, 0, [])
    assert rating(house).public_rating == GRADE("GRADE_A")
    assert rating(house).risk_valid_until == "2026-06-30"
    (announced,) = changes(house)
    assert (announced.object_id, announced.public_rating, announced.risk_class) == (FIRM, "A", "B")


def test_the_same_import_again_changes_and_announces_nothing(house: House) -> None:
    import_ratings(house, {"publicRating": "A"})
    report = import_ratings(house, {"publicRating": "A"})
    assert (report.imported, report.unchanged) == (0, 1)
    assert len(changes(house)) == 1


def test_a_source_that_says_nothing_of_the_other_rating_leaves_it(house: House) -> None:
    import_ratings(house, {"publicRating": "A"})
    import_ratings(house, {"riskClass": "D", "source": "市场监管"})
    assert (rating(house).public_rating, rating(house).risk_class) == (GRADE("GRADE_A"), GRADE("GRADE_D"))


def test_versions_of_an_object_grow(house: House) -> None:
    for grade in "ABC":
        import_ratings(house, {"publicRating": grade})
    versions = [change.version for change in changes(house)]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [
        ({"objectId": ""}, "统一社会信用代码", "REQUIRED"),
        ({"objectId": "915000002028344550"}, "统一社会信用代码", "USCC_CHECK_DIGIT"),
        ({"publicRating": "AA"}, "公共信用评价", "GRADE"),
        ({"riskClass": "E"}, "信用风险分类", "GRADE"),
        ({"publicRating": ""}, "公共信用评价", "REQUIRED"),
        ({"validUntil": "2025/07/01"}, "有效期至", "DATE"),
        ({"validUntil": "2025-06-08"}, "有效期至", "EXPIRED"),
        ({"source": " "}, "来源", "REQUIRED"),
    ],
)
def test_a_bad_row_is_reported_and_the_good_ones_are_taken(
    house: House, row: dict[str, str], column: str, rule: str
) -> None:
    report = import_ratings(house, {"publicRating": "A"} | row, {"objectId": SHOP_ID, "publicRating": "B"})
    assert report.imported == 1
    (rejection,) = report.rejections
    assert (rejection.line, rejection.column, rejection.rule) == (1, column, rule)


SHOP_ID = "assigned-7"


def test_an_object_twice_in_one_import_is_taken_once(house: House) -> None:
    report = import_ratings(house, {"publicRating": "A"}, {"publicRating": "D"})
    assert [rejection.rule for rejection in report.rejections] == ["DUPLICATE"]
    assert rating(house).public_rating == GRADE("GRADE_A")


def test_more_rows_than_a_batch_may_have_are_refused(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        import_ratings(house, *[{"objectId": f"o{n}"} for n in range(5001)])
    assert refusal.value.violations == {"rows": "TOO_MANY"}


def test_a_large_import_is_announced_in_facts_of_at_most_500(house: House) -> None:
    import_ratings(house, *[{"objectId": f"o{n}", "publicRating": "B"} for n in range(1200)])
    assert [len(fact.ratings) for fact in house.announced("credit", events_pb2.RatingChanged)] == [500, 500, 200]


def test_only_administrators_and_systems_import(house: House) -> None:
    assert import_ratings(house, {"publicRating": "A"}, by=SYSTEM).imported == 1
    with pytest.raises(Refused) as refusal:
        import_ratings(house, {"publicRating": "A"}, by=PLANNER)
    assert refusal.value.code is grpc.StatusCode.PERMISSION_DENIED


def test_a_rating_whose_term_has_passed_falls_away(house: House) -> None:
    import_ratings(house, {"publicRating": "A", "validUntil": "2025-06-10"}, {"objectId": SHOP, "publicRating": "B"})
    next_days(house, 1)
    house.fire("credit", "renew_ratings")
    assert rating(house).public_rating == GRADE("GRADE_A")
    next_days(house, 1)
    house.fire("credit", "renew_ratings")
    assert rating(house).public_rating == GRADE("GRADE_UNSPECIFIED")
    assert changes(house)[-1].public_rating == ""
    house.fire("credit", "renew_ratings")
    assert len(changes(house)) == 3


def test_a_rating_valid_for_ever_never_falls_away(house: House) -> None:
    assert import_ratings(house, {"publicRating": "A", "validUntil": "9999-12-31"}).imported == 1
    next_days(house, 3650)
    house.fire("credit", "renew_ratings")
    assert rating(house).public_rating == GRADE("GRADE_A")


def test_a_result_about_something_without_an_id_rates_nobody(house: House) -> None:
    activate(house)
    publish(house, object_id="", object_name="无证摊点")
    assert changes(house) == []


def test_the_history_tells_every_change_and_its_cause(house: House) -> None:
    activate(house)
    import_ratings(house, {"publicRating": "A"})
    publish(house)
    correct(house, finding="NO_PROBLEM", adverse=False)
    causes = [ratings_pb2.RatingCause.Name(change.cause) for change in rating(house).history]
    assert causes == ["RATING_CAUSE_CORRECTION", "RATING_CAUSE_RESULT", "RATING_CAUSE_IMPORT"]
    assert rating(house).history[2].cause_id == "渝悦·信用"


def test_an_object_nobody_knows_has_no_rating(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        rating(house, "nobody")
    assert refusal.value.code is grpc.StatusCode.NOT_FOUND


def test_a_known_object_may_be_unrated(house: House) -> None:
    know_objects(house)
    assert rating(house).object_name == "甲公司"
    assert rating(house).public_rating == 0


def test_an_enterprise_sees_its_own_rating_only(house: House) -> None:
    know_objects(house)
    assert house.call("credit", "GetRating", {"object_id": FIRM}, by=ENTERPRISE).object_id == FIRM
    with pytest.raises(Refused) as refusal:
        house.call("credit", "GetRating", {"object_id": FIRM}, by=OTHER_ENTERPRISE)
    assert refusal.value.reason == "NOT_YOURS"


# feedback


def test_a_published_result_changes_the_score_by_the_active_model(house: House) -> None:
    activate(house)
    import_ratings(house, {"publicRating": "A"})
    publish(house)
    (announced,) = changes(house)[-1].industry
    assert (announced.domain, announced.rating, announced.score) == (DOMAIN, "C", 65.0)  # 30 + 70 × 0.5


def test_a_result_counts_once_per_version_however_often_it_comes(house: House) -> None:
    activate(house)
    publish(house)
    publish(house)
    assert len(changes(house)) == 1


def test_a_correction_changes_the_score_again(house: House) -> None:
    activate(house)
    publish(house)
    before = score(house)
    correct(house, finding="PROBLEM_CORRECTED")
    assert score(house) == before + 28  # 70 × (0.5 − 0.1)


def test_a_publication_that_comes_after_its_correction_changes_nothing(house: House) -> None:
    activate(house)
    correct(house, finding="NO_PROBLEM", adverse=False)
    publish(house)
    assert score(house) == 88.0  # 30 × 0.6 + 70


def test_each_authority_of_a_joint_inspection_has_a_result_of_its_own(house: House) -> None:
    activate(house)
    publish(house)
    publish(house, authority_id="another")
    assert score(house) == 18.0  # both findings take a half


def test_a_test_result_counts_nowhere(house: House) -> None:
    activate(house)
    publish(house, nature="TEST")
    assert changes(house) == []


def test_a_result_in_a_domain_without_a_model_changes_no_rating(house: House) -> None:
    publish(house, domain="消防")
    assert changes(house) == []


def test_a_result_too_old_to_count_stops_counting(house: House) -> None:
    activate(house)
    publish(house)
    before = score(house)
    next_days(house, 364)
    house.fire("credit", "renew_ratings")
    assert score(house) == before
    next_days(house, 1)
    house.fire("credit", "renew_ratings")
    assert score(house) == before + 35


def test_taking_part_in_an_evaluation_counts_whatever_it_says_and_in_any_order(house: House) -> None:
    taking_part = {"code": "E", "name": "参与评价", "source": "INDICATOR_SOURCE_EVALUATION", "weight": 100}
    activate(house, MODEL | {"indicators": [taking_part | {"values": {"NONE": 0.5, "EACH": 0.2}}]})
    for n, stars in ((1, 1), (2, 5)):
        house.announce(
            codes.EvaluationSubmitted(evaluation_id=f"e{n}", inspection_id=f"i{n}", authority_id=CITY, score=stars)
        )
        publish(house, f"i{n}")
    publish(house, "i3")
    assert score(house) == 90.0
    house.announce(codes.EvaluationSubmitted(evaluation_id="e3", inspection_id="i3", authority_id=CITY, score=3))
    assert score(house) == 100.0


def test_who_took_part_in_an_evaluation_is_told_to_supervisors_only(house: House) -> None:
    taking_part = {"code": "E", "name": "参与评价", "source": "INDICATOR_SOURCE_EVALUATION", "weight": 100}
    activate(house, MODEL | {"indicators": [taking_part | {"values": {"NONE": 0.5, "EACH": 0.2}}]})
    publish(house)
    house.announce(codes.EvaluationSubmitted(evaluation_id="e1", inspection_id="i1", authority_id=CITY, score=1))
    request = {"object_id": FIRM, "domain": DOMAIN}
    assert len(house.call("credit", "ExplainScore", request, by=SUPERVISOR).terms[0].evidence) == 1
    assert len(house.call("credit", "ExplainScore", request, by=INSPECTOR).terms[0].evidence) == 0


def test_a_score_is_explained_term_by_term(house: House) -> None:
    activate(house)
    import_ratings(house, {"publicRating": "B"})
    publish(house)
    made = house.call("credit", "ExplainScore", {"object_id": FIRM, "domain": DOMAIN}, by=ENTERPRISE)
    assert [(term.code, term.weight, term.value, term.points) for term in made.terms] == [
        ("PUBLIC", 30, 0.8, 24.0),
        ("FINDINGS", 70, 0.5, 35.0),
    ]
    assert made.score == score(house) == 59.0
    evidence = made.terms[1].evidence[0]
    assert (evidence.inspection_id, evidence.level, evidence.effect) == ("i1", "PROBLEM_PENDING", -0.5)
    assert evidence.note == "2025-06-09 发现问题待后续处理，扣 35 分"


def test_a_domain_without_an_active_model_explains_nothing(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        house.call("credit", "ExplainScore", {"object_id": FIRM, "domain": "消防"}, by=INSPECTOR)
    assert refusal.value.reason == "NO_ACTIVE_MODEL"


# lists and figures


def test_ratings_are_found_by_what_they_are(house: House) -> None:
    know_objects(house)
    activate(house)
    import_ratings(house, {"publicRating": "A"}, {"objectId": SHOP, "publicRating": "C", "riskClass": "D"})
    publish(house)

    def found(**filters: Any) -> list[str]:
        return [row.object_id for row in house.call("credit", "ListRatings", filters, by=INSPECTOR).ratings]

    assert found() == sorted([FIRM, SHOP])
    assert found(public_ratings=["GRADE_A"]) == [FIRM]
    assert found(risk_classes=["GRADE_D"]) == [SHOP]
    assert found(domain=DOMAIN) == [FIRM]
    assert found(domain=DOMAIN, industry_ratings=["GRADE_A"]) == []
    assert found(region="5001") == sorted([FIRM, SHOP])
    assert found(region="51") == []
    assert found(order_by="object_id desc") == sorted([FIRM, SHOP], reverse=True)


def test_a_list_is_read_page_by_page(house: House) -> None:
    import_ratings(house, *[{"objectId": f"o{n}", "publicRating": "A"} for n in range(5)])
    first = house.call("credit", "ListRatings", {"page_size": 3}, by=ADMIN)
    rest = house.call("credit", "ListRatings", {"page_size": 3, "page_token": first.page.next_page_token}, by=ADMIN)
    assert [row.object_id for row in (*first.ratings, *rest.ratings)] == [f"o{n}" for n in range(5)]
    assert rest.page.next_page_token == ""


def test_an_order_that_is_not_offered_is_refused(house: House) -> None:
    with pytest.raises(Refused) as refusal:
        house.call("credit", "ListRatings", {"order_by": "score"}, by=ADMIN)
    assert refusal.value.violations == {"order_by": "CHOICE"}


def test_coverage_counts_every_object_of_the_directory(house: House) -> None:
    know_objects(house)
    far = sampling.ObjectState(object_id="far", version=1, type="SITE", name="远", region="500101")
    house.announce(sampling.ObjectChanged(batch_id="far", objects=[far]))
    import_ratings(house, {"publicRating": "A"}, {"objectId": "unknown", "publicRating": "D"})
    got = house.call("credit", "GetRatingCoverage", {}, by=PLANNER)
    assert (got.total.objects, got.total.rated, got.total.share) == (4, 1, 0.25)
    assert [(count.grade, count.count) for count in got.total.public_ratings] == [
        (1, 1),
        (2, 0),
        (3, 0),
        (4, 0),
        (0, 3),
    ]
    assert [(region.region, region.objects, region.rated) for region in got.regions] == [
        ("500101", 1, 0),
        ("500103", 3, 1),
    ]
    here = house.call("credit", "GetRatingCoverage", {"region": "500103", "registration_status": "ACTIVE"}, by=PLANNER)
    assert here.total.objects == 3


def test_coverage_by_domain_counts_what_was_inspected_in_it(house: House) -> None:
    know_objects(house)
    import_ratings(house, {"publicRating": "A"})
    activate(house)
    publish(house)
    publish(house, "i2")
    publish(house, "i3", object_id=SHOP, domain="消防")
    publish(house, "i4", object_id="elsewhere", domain="消防")
    here = house.call("credit", "GetRatingCoverage", {"region": "500103"}, by=PLANNER).domains
    figures = [(of.domain, of.objects, of.rated, of.share) for of in here]
    assert figures == [(DOMAIN, 1, 1, 1.0), ("消防", 1, 0, 0.0)]
    assert [count.count for count in here[0].industry_ratings] == [0, 0, 0, 1, 0]  # 30, and both findings take a half
    assert [count.count for count in here[1].industry_ratings] == [0, 0, 0, 0, 1]
    assert len(house.call("credit", "GetRatingCoverage", {"region": "51"}, by=PLANNER).domains) == 0


def test_the_sheet_of_coverage_has_a_line_in_total_for_each_region_and_for_each_domain(house: House) -> None:
    know_objects(house)
    import_ratings(house, {"publicRating": "A", "riskClass": "C"})
    publish(house)
    file = house.call("credit", "ExportRatingCoverage", {}, by=PLANNER)
    rows = list(load_workbook(BytesIO(file.data)).worksheets[0].values)
    assert [row[:7] for row in rows[1:]] == [
        ("全部", None, 3, 1, "33.33%", 1, 0),
        ("区域", "500103", 3, 1, "33.33%", 1, 0),
        ("领域", DOMAIN, 1, 1, "100.00%", 1, 0),
    ]
    assert rows[0][:6] == ("口径", "名称", "对象数", "有公共信用评价", "占比", "公共信用评价 A")


def test_an_older_state_of_an_object_changes_nothing(house: House) -> None:
    know_objects(house, version=2)
    old = sampling.ObjectState(object_id=FIRM, version=1, type="SITE", name="旧名", region="500101")
    house.announce(sampling.ObjectChanged(batch_id="old", objects=[old]))
    assert rating(house).object_name == "甲公司"


def test_a_person_may_be_rated_too(house: House) -> None:
    assert import_ratings(house, {"objectId": PERSON, "publicRating": "A"}).imported == 1


def test_a_repeated_request_returns_the_first_answer(house: House) -> None:
    request = {
        "rows": [{"line": 1, "objectId": FIRM, "publicRating": "A", "source": "s"}],
        "request_id": "once",
    }
    first = house.call("credit", "ImportRatings", request, by=ADMIN)
    assert house.call("credit", "ImportRatings", request, by=ADMIN) == first
    assert first.imported == 1


def test_results_of_one_delivery_are_rated_together(house: House) -> None:
    """Several facts may be handled in one transaction: what the first changed, the second builds on."""
    activate(house)
    runtime = house.runtimes["credit"]
    kind = runtime.service.subscriptions(runtime)
    (subscription,) = [each for each in worker.subscriptions_of(kind) if each.type == "result_published"]
    facts = [
        envelope(
            tasks.ResultPublished(inspection_id=f"i{n}", result=result(house, f"i{n}")),
            id=f"fact-{n}",
            occurred_at=house.now,
            sequence=n,
        )
        for n in (1, 2)
    ]
    assert worker.deliver(kind, runtime, subscription, *facts) == 2
    assert [made.industry[0].score for made in changes(house)] == [53.0, 18.0]
    assert score(house) == 18.0


def test_results_that_come_at_once_all_count_and_versions_grow(house: House) -> None:
    lighter = [MODEL["indicators"][0], MODEL["indicators"][1] | {"values": {"PROBLEM_PENDING": 0.125}}]
    activate(house, MODEL | {"indicators": lighter})

    def arrive(n: int) -> None:
        publish(house, f"i{n}", task_id=f"t{n}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(arrive, range(8)))
    versions = [change.version for change in changes(house)]
    assert len(set(versions)) == len(versions) == 8
    assert score(house) == 18.0  # 30 × 0.6 + 70 × (1 − 8 × 0.125)
    newest = max(changes(house), key=lambda change: change.version)
    assert newest.industry[0].score == 18.0
