"""The life of a draw as its callers live it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import grpc
import openpyxl
import pytest
from liangma.credit.v1 import events_pb2 as credit
from liangma.sampling.v1 import events_pb2, sampling_pb2
from liangma.tasks.v1 import events_pb2 as tasks

from services.chassis.identity import Principal
from services.sampling.transcript import verify
from tests.sampling import town
from tests.sampling.town import LEAD, MANAGER, SUPERVISOR
from tests.support.house import House, Refused, houses

house = houses("sampling")


@pytest.fixture
def ready(house: House) -> House:
    """A house with twenty objects and a task."""
    town.settle_objects(house, 20)
    town.form_task(house)
    return house


def drawn(house: House, draw_id: str, **more: object) -> list[events_pb2.DrawnObject]:
    answer = house.call("sampling", "ListDrawnObjects", {"draw_id": draw_id} | more, by=MANAGER)
    return list(answer.objects)


def transcript(house: House, draw_id: str, number: int = 0) -> tuple[bytes, bytes]:
    asked = {"draw_id": draw_id, "round": number}
    files = [house.call("sampling", name, asked, by=town.STRANGER_MANAGER) for name in ("GetTranscript", "GetFrame")]
    return files[0].data, files[1].data


def test_a_committed_draw_is_revealed_and_anybody_can_verify_it(ready: House) -> None:
    draw_id = town.open_draw(ready)
    committed = town.commit(ready, draw_id)
    assert committed.state == sampling_pb2.DRAW_STATE_COMMITTED
    assert (committed.round.frame_count, committed.round.wanted_count, committed.round.drawn_count) == (20, 3, 0)
    assert len(committed.round.commitment) == 64
    assert not committed.round.seed
    assert [(c.contributor, c.secret) for c in committed.round.contributions] == [("platform", "")]
    revealed = town.reveal(ready, draw_id)
    assert revealed.state == sampling_pb2.DRAW_STATE_REVEALED
    assert revealed.round.commitment == committed.round.commitment
    objects = drawn(ready, draw_id)
    assert [(o.rank, o.substitute) for o in objects] == [(1, False), (2, False), (3, False), (1, True), (2, True)]
    document, frame = transcript(ready, draw_id)
    excluded = ready.call("sampling", "GetExcluded", {"draw_id": draw_id}, by=SUPERVISOR).data
    assert verify(document, frame, excluded, announced=committed.round.commitment) == []
    assert [w["id"] for w in json.loads(document)["strata"][0]["winners"]] == [o.object_id for o in objects[:3]]


def refused(house: House, method: str, request: Mapping[str, Any], by: Principal = MANAGER) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("sampling", method, request, by=by)
    return caught.value


def test_what_was_revealed_is_announced_with_every_object(ready: House) -> None:
    draw_id = town.open_draw(ready)
    committed = town.commit(ready, draw_id)
    [announced] = ready.announced("sampling", events_pb2.DrawCommitted)
    assert (announced.draw_id, announced.task_id, announced.round) == (draw_id, "task-1", 1)
    assert announced.commitment == committed.round.commitment
    assert ready.announced("sampling", events_pb2.ObjectsDrawn) == []
    revealed = town.reveal(ready, draw_id)
    [fact] = ready.announced("sampling", events_pb2.DrawRevealed)
    assert (fact.frame_count, fact.drawn_count, fact.wanted_count) == (20, 3, 3)
    assert fact.transcript_sha256 == revealed.round.transcript_sha256
    assert fact.title == "渝司专查〔2025〕27号 第1轮抽取记录"
    [part] = ready.announced("sampling", events_pb2.ObjectsDrawn)
    assert (part.part, part.parts, list(part.objects)) == (1, 1, drawn(ready, draw_id))
    assert part.objects[0].name.startswith("永川第")


def test_only_a_task_manager_of_the_lead_opens_a_draw_and_only_for_a_task_that_draws(ready: House) -> None:
    assert refused(ready, "CreateDraw", {"task_id": "nobody"}).code is grpc.StatusCode.NOT_FOUND
    assert refused(ready, "CreateDraw", {}).violations == {"task_id": "REQUIRED"}
    denied = refused(ready, "CreateDraw", {"task_id": "task-1"}, town.PARTNER_MANAGER)
    assert (denied.code, denied.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_YOURS")
    assert refused(ready, "CreateDraw", {"task_id": "task-1"}, SUPERVISOR).reason == "ROLE_NEEDED"
    town.form_task(ready, "by-hand", selection="MANUAL")
    by_hand = refused(ready, "CreateDraw", {"task_id": "by-hand"})
    assert (by_hand.code, by_hand.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "OBJECTS_CHOSEN_BY_HAND")
    town.open_draw(ready)
    assert refused(ready, "CreateDraw", {"task_id": "task-1"}).code is grpc.StatusCode.ALREADY_EXISTS


def test_a_repeated_request_opens_one_draw(ready: House) -> None:
    asked = {"task_id": "task-1", "request_id": "once"}
    first = ready.call("sampling", "CreateDraw", asked, by=MANAGER)
    assert ready.call("sampling", "CreateDraw", asked, by=MANAGER) == first


def test_a_stranger_does_not_learn_that_a_draw_exists(ready: House) -> None:
    draw_id = town.open_draw(ready)
    for method in ("GetDraw", "ListDrawRounds", "ListDrawnObjects", "PreviewDraw", "GetExcluded"):
        assert refused(ready, method, {"draw_id": draw_id}, town.STRANGER_MANAGER).code is grpc.StatusCode.NOT_FOUND
    listed = ready.call("sampling", "ListDraws", {}, by=town.STRANGER_MANAGER)
    assert not listed.draws
    for who in (MANAGER, town.PARTNER_MANAGER, SUPERVISOR, town.ADMIN):
        assert [d.draw_id for d in ready.call("sampling", "ListDraws", {}, by=who).draws] == [draw_id]
    assert refused(ready, "CommitDraw", {"draw_id": draw_id}, town.PARTNER_MANAGER).reason == "NOT_YOURS"


def test_draws_are_listed_by_task_state_and_year(ready: House) -> None:
    town.form_task(ready, "task-2", year=2024)
    first, second = town.open_draw(ready), town.open_draw(ready, "task-2")
    town.commit(ready, first)

    def listed(**filters: object) -> list[str]:
        return [draw.draw_id for draw in ready.call("sampling", "ListDraws", filters, by=MANAGER).draws]

    assert listed() == [second, first]
    assert listed(order_by="create_time") == [first, second]
    assert listed(task_id="task-2") == [second]
    assert listed(state="DRAW_STATE_COMMITTED") == [first]
    assert listed(year=2024) == [second]
    page = ready.call("sampling", "ListDraws", {"page_size": 1}, by=MANAGER)
    assert listed(page_size=1, page_token=page.page.next_page_token) == [first]
    assert refused(ready, "ListDraws", {"order_by": "colour"}).violations == {"order_by": "UNKNOWN"}


def test_nothing_is_drawn_outside_of_the_tasks_region(ready: House) -> None:
    draw_id = town.open_draw(ready)
    asked = {"draw_id": draw_id, "scope": {"regions": ["500101"]}}
    assert refused(ready, "SetDrawScope", asked).violations == {"scope.regions[0]": "OUT_OF_REGION"}
    ready.call("sampling", "ImportObjects", {"rows": [town.row(777, region="万州")]}, by=town.ADMIN)
    draw = ready.call("sampling", "SetDrawScope", {"draw_id": draw_id, "scope": {}}, by=MANAGER)
    assert list(draw.scope.regions) == [town.YONGCHUAN]
    preview = ready.call("sampling", "PreviewDraw", {"draw_id": draw_id}, by=MANAGER)
    assert preview.frame_count == 20


def test_scope_strata_and_quotas_are_refused_field_by_field(ready: House) -> None:
    draw_id = town.open_draw(ready)
    cases: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
        ("SetDrawScope", {"scope": {"regions": ["永川"]}}, {"scope.regions[0]": "REGION"}),
        ("SetDrawScope", {"scope": {"industries": ["餐饮"]}}, {"scope.industries[0]": "INDUSTRY"}),
        ("SetDrawStrata", {"strata": {"basis": "STRATA_BASIS_TAG"}}, {"strata.tags": "REQUIRED"}),
        ("SetDrawStrata", {"strata": {"basis": "STRATA_BASIS_INDUSTRY_CREDIT"}}, {"strata.domain": "REQUIRED"}),
        ("SetDrawStrata", {"strata": {"basis": "STRATA_BASIS_CATEGORY"}}, {"strata.categories": "REQUIRED"}),
        ("SetDrawStrata", {"strata": {}}, {"strata.basis": "REQUIRED"}),
        ("SetDrawQuotas", {"quotas": {}}, {"quotas": "ONE_OF"}),
        ("SetDrawQuotas", {"quotas": {"each": {}}}, {"quotas.each": "ONE_OF"}),
        ("SetDrawQuotas", {"quotas": {"each": {"ratio": "1.5"}}}, {"quotas.each.ratio": "RATIO"}),
        ("SetDrawQuotas", {"quotas": {"each": {"ratio": "viel"}}}, {"quotas.each.ratio": "FORMAT"}),
        ("SetDrawQuotas", {"quotas": {"total": 3, "each": {"number": 1}}}, {"quotas": "ONE_OF"}),
        ("SetDrawQuotas", {"quotas": {"total": 3, "substitutes": 1001}}, {"quotas.substitutes": "RANGE"}),
        (
            "SetDrawExclusions",
            {
                "exclusions": {
                    "by_record": [{"kinds": ["SOMETIMES"], "to_date": "2025-01-01", "from_date": "2025-02-01"}]
                }
            },
            {"exclusions.by_record[0].kinds": "KIND", "exclusions.by_record[0].to_date": "RANGE"},
        ),
    )
    for method, request, violations in cases:
        refusal = refused(ready, method, {"draw_id": draw_id} | request)
        assert (refusal.code, refusal.violations) == (grpc.StatusCode.INVALID_ARGUMENT, violations), method


def test_a_draw_without_scope_or_quotas_cannot_be_committed(ready: House) -> None:
    draw_id = ready.call("sampling", "CreateDraw", {"task_id": "task-1"}, by=MANAGER).draw_id
    assert refused(ready, "CommitDraw", {"draw_id": draw_id}).metadata["missing"] == "scope"
    ready.call("sampling", "SetDrawScope", {"draw_id": draw_id, "scope": {}}, by=MANAGER)
    refusal = refused(ready, "CommitDraw", {"draw_id": draw_id})
    assert (refusal.reason, refusal.metadata["missing"]) == ("DRAW_NOT_PREPARED", "quotas")
    assert refused(ready, "RevealDraw", {"draw_id": draw_id}).metadata["state"] == "PREPARING"


def test_an_empty_frame_and_an_empty_wish_are_refused(ready: House) -> None:
    draw_id = town.open_draw(ready, each={"ratio": "0"})
    assert refused(ready, "CommitDraw", {"draw_id": draw_id}).reason == "NOTHING_WANTED"
    scope = {"draw_id": draw_id, "scope": {"industries": ["H"]}}
    ready.call("sampling", "SetDrawScope", scope, by=MANAGER)
    assert refused(ready, "CommitDraw", {"draw_id": draw_id}).reason == "FRAME_EMPTY"


def test_a_quota_that_cannot_be_met_says_how_many_are_short(ready: House) -> None:
    draw_id = town.open_draw(ready, each={"number": 25}, substitutes=3)
    preview = ready.call("sampling", "PreviewDraw", {"draw_id": draw_id}, by=MANAGER)
    assert (preview.wanted_count, preview.drawn_count, preview.short_count) == (25, 20, 5)
    town.commit(ready, draw_id)
    done = town.reveal(ready, draw_id).round
    assert (done.wanted_count, done.drawn_count, done.short_count) == (25, 20, 5)
    [stratum] = done.strata
    assert (stratum.name, stratum.count, stratum.wanted, stratum.drawn, stratum.short) == ("ALL", 20, 25, 20, 5)
    assert stratum.substitutes == 0


def test_credit_classes_are_drawn_at_their_own_ratios(ready: House) -> None:
    ids = [town.code(number) for number in range(1, 21)]
    town.rate(ready, {id: "A" if index < 10 else "D" for index, id in enumerate(ids[:18])})
    draw_id = town.open_draw(
        ready,
        per_stratum=[
            {"stratum": "A", "quota": {"ratio": "0.1"}},
            {"stratum": "D", "quota": {"ratio": "0.5"}},
        ],
        each={"ratio": "0.01"},
    )
    strata = {"draw_id": draw_id, "strata": {"basis": "STRATA_BASIS_PUBLIC_CREDIT"}}
    ready.call("sampling", "SetDrawStrata", strata, by=MANAGER)
    preview = ready.call("sampling", "PreviewDraw", {"draw_id": draw_id}, by=MANAGER)
    assert [(s.name, s.count, s.wanted) for s in preview.strata] == [("A", 10, 1), ("D", 8, 4), ("UNRATED", 2, 1)]


def test_industry_ratings_tags_and_categories_make_strata(ready: House) -> None:
    rows = [town.row(100 + n, tags="餐饮、重点" if n % 2 else "餐饮") for n in range(6)]
    ready.call("sampling", "ImportObjects", {"rows": rows}, by=town.ADMIN)
    town.rate(ready, {town.code(100): "C"}, 市场监管="B")
    draw_id = town.open_draw(ready)

    def strata(**division: object) -> list[tuple[str, int]]:
        ready.call("sampling", "SetDrawStrata", {"draw_id": draw_id, "strata": division}, by=MANAGER)
        preview = ready.call("sampling", "PreviewDraw", {"draw_id": draw_id}, by=MANAGER)
        return [(s.name, s.count) for s in preview.strata]

    both = {"basis": "STRATA_BASIS_PUBLIC_AND_INDUSTRY", "domain": "市场监管"}
    assert strata(**both) == [("C-B", 1), ("UNRATED-UNRATED", 25)]
    assert strata(basis="STRATA_BASIS_INDUSTRY_CREDIT", domain="司法") == [("UNRATED", 26)]
    assert strata(basis="STRATA_BASIS_RISK_CLASS") == [("C", 1), ("UNRATED", 25)]
    assert strata(basis="STRATA_BASIS_TAG", tags=["重点", "餐饮"]) == [("重点", 3), ("餐饮", 3)]
    assert strata(basis="STRATA_BASIS_REGION") == [(town.YONGCHUAN, 26)]
    categories = [{"name": "差", "public_ratings": ["C", "D"]}, {"name": "重点", "tags": ["重点"]}]
    assert strata(basis="STRATA_BASIS_CATEGORY", categories=categories, by_region=True) == [
        ("500118/差", 1),
        ("500118/重点", 3),
    ]
    preview = ready.call("sampling", "PreviewDraw", {"draw_id": draw_id}, by=MANAGER)
    assert [(e.reason, e.count) for e in preview.excluded] == [("NO_STRATUM", 22)]


def test_a_total_is_spread_over_regions_by_largest_remainder(house: House) -> None:
    for number, region in enumerate(["永川"] * 6 + ["合川"] * 3 + ["江津"]):
        house.call("sampling", "ImportObjects", {"rows": [town.row(number, region=region)]}, by=town.ADMIN)
    town.form_task(house, region=town.CITY)
    draw_id = house.call("sampling", "CreateDraw", {"task_id": "task-1"}, by=MANAGER).draw_id
    house.call("sampling", "SetDrawScope", {"draw_id": draw_id, "scope": {}}, by=MANAGER)
    strata = {"basis": "STRATA_BASIS_NONE", "by_region": True}
    house.call("sampling", "SetDrawStrata", {"draw_id": draw_id, "strata": strata}, by=MANAGER)

    def wanted(**quotas: Any) -> list[tuple[str, int, int]]:
        town.set_quotas(house, draw_id, **quotas)
        preview = house.call("sampling", "PreviewDraw", {"draw_id": draw_id}, by=MANAGER)
        return [(s.name, s.wanted, s.short) for s in preview.strata]

    assert wanted(total=4) == [("500116/ALL", 1, 0), ("500117/ALL", 1, 0), ("500118/ALL", 2, 0)]
    mixed: dict[str, Any] = {
        "each": {"ratio": "0.5"},
        "per_region": [{"region": "500117", "quota": {"number": 5}}, {"region": "500229", "quota": {"number": 2}}],
    }
    assert wanted(**mixed) == [
        ("500116/ALL", 1, 0),
        ("500117/ALL", 5, 2),
        ("500118/ALL", 3, 0),
        ("500229/ALL", 2, 2),
    ]


def excluded(house: House, draw_id: str, **rules: object) -> dict[str, int]:
    house.call("sampling", "SetDrawExclusions", {"draw_id": draw_id, "exclusions": rules}, by=MANAGER)
    preview = house.call("sampling", "PreviewDraw", {"draw_id": draw_id}, by=MANAGER)
    return {count.reason: count.count for count in preview.excluded}


def test_a_preview_says_what_each_rule_takes_out_and_how_much_work_is_coming(ready: House) -> None:
    ids = [town.code(number) for number in range(1, 21)]
    town.hire(ready, 4)
    town.hire(ready, 1, prefix="EXPIRED", valid_until="2025-06-15")
    town.inspect(ready, ids[:3], certificates=["YC-0001", "YC-0002"])
    draw_id = town.open_draw(ready, each={"number": 5})
    rules: dict[str, Any] = {
        "by_record": [{"kinds": ["RANDOM"]}, {"kinds": ["RANDOM"], "at_least": 2}],
        "by_name": [*ids[2:4], "nobody"],
        "same_matter_this_year": True,
    }
    ready.call("sampling", "SetDrawExclusions", {"draw_id": draw_id, "exclusions": rules}, by=MANAGER)
    preview = ready.call("sampling", "PreviewDraw", {"draw_id": draw_id}, by=MANAGER)
    assert [(e.rule, e.covers, e.alone) for e in preview.effects] == [
        ("by_record[0]", 3, 0),
        ("by_name", 2, 1),
        ("same_matter_this_year", 3, 0),
    ]
    assert {count.reason: count.count for count in preview.excluded} == {"NAMED": 1, "RECORD": 3}
    assert [(e.authority_id, e.inspectors, e.pending_visits, e.visits, e.per_inspector) for e in preview.loads] == [
        (LEAD, 4, 6, 5, "4.00"),
        (town.PARTNER, 0, 0, 5, ""),
    ]


def test_a_list_of_exclusions_comes_from_a_workbook_as_the_template_has_it(ready: House) -> None:
    draw_id = town.open_draw(ready)
    template = ready.call("sampling", "GetDrawExclusionTemplate", {}, by=MANAGER)
    sheet = openpyxl.load_workbook(io.BytesIO(template.data))
    for line in ([town.code(1), "甲"], [town.code(2)], [town.code(1)], ["nobody", "乙"], [], [town.code(2).lower()]):
        sheet.worksheets[0].append(line)
    content = io.BytesIO()
    sheet.save(content)
    file = sampling_pb2.ImportDrawExclusionsRequest(draw_id=draw_id)
    file.file.content_type, file.file.data = template.content_type, content.getvalue()
    report = ready.call("sampling", "ImportDrawExclusions", file, by=MANAGER)
    assert (report.imported, report.unchanged) == (2, 2)
    assert [(r.line, r.column, r.value, r.rule) for r in report.rejections] == [
        (5, "统一社会信用代码", "nobody", "UNKNOWN_OBJECT")
    ]
    again = ready.call("sampling", "ImportDrawExclusions", file, by=MANAGER)
    assert (again.imported, again.unchanged) == (0, 4)
    draw = ready.call("sampling", "GetDraw", {"draw_id": draw_id}, by=MANAGER)
    assert list(draw.exclusions.by_name) == [town.code(1), town.code(2)]
    file.file.content_type = "text/csv"
    file.file.data = "名称\n甲\n".encode()
    assert refused_message(ready, file).violations == {"file": "COLUMNS"}
    file.file.data = "统一社会信用代码\n".encode()
    assert refused_message(ready, file).violations == {"file": "REQUIRED"}
    town.commit(ready, draw_id)
    file.file.data = f"对象编码\n{town.code(3)}\n".encode()
    assert refused_message(ready, file).reason == "DRAW_NOT_IN_STATE"


def refused_message(house: House, request: sampling_pb2.ImportDrawExclusionsRequest) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("sampling", "ImportDrawExclusions", request, by=MANAGER)
    return caught.value


def test_a_class_may_be_of_objects_chosen_one_by_one(ready: House) -> None:
    ids = [town.code(number) for number in range(1, 21)]
    town.rate(ready, {ids[0]: "D", ids[5]: "D"})
    draw_id = town.open_draw(ready)
    categories = [
        {"name": "重点对象", "object_ids": ids[:4]},
        {"name": "信用差", "public_ratings": ["D"]},
        {"name": "其他", "object_ids": [*ids[4:9], "nobody"], "public_ratings": ["UNRATED"]},
    ]
    division = {"basis": "STRATA_BASIS_CATEGORY", "categories": categories}
    ready.call("sampling", "SetDrawStrata", {"draw_id": draw_id, "strata": division}, by=MANAGER)
    preview = ready.call("sampling", "PreviewDraw", {"draw_id": draw_id}, by=MANAGER)
    assert {s.name: s.count for s in preview.strata} == {"重点对象": 4, "信用差": 1, "其他": 4}
    too_many = [{"name": "多", "object_ids": [str(number) for number in range(20_001)]}]
    request = {"draw_id": draw_id, "strata": division | {"categories": too_many}}
    refusal = refused(ready, "SetDrawStrata", request)
    assert refusal.violations == {"strata.categories[0].object_ids": "TOO_MANY"}
    named = {"draw_id": draw_id, "exclusions": {"by_name": [str(number) for number in range(20_001)]}}
    assert refused(ready, "SetDrawExclusions", named).violations == {"exclusions.by_name": "TOO_MANY"}


def test_objects_are_left_out_by_inspection_record_done_and_pending_alike(ready: House) -> None:
    ids = [town.code(number) for number in range(1, 21)]
    town.inspect(ready, ids[:4])
    town.publish(ready, ids[0])
    town.publish(ready, ids[1], finding="PROBLEM_CORRECTED")
    town.inspect(ready, ids[:1], task_id="second", kind="DAILY", starts_on="2025-05-05")
    town.inspect(ready, ids[10:12], task_id="last-year", starts_on="2024-03-03")
    draw_id = town.open_draw(ready)
    assert excluded(ready, draw_id, by_record=[{}]) == {"RECORD": 4}
    assert excluded(ready, draw_id, by_record=[{"at_least": 2}]) == {"RECORD": 1}
    assert excluded(ready, draw_id, by_record=[{"kinds": ["DAILY", "SPECIAL"]}]) == {"RECORD": 1}
    assert excluded(ready, draw_id, by_record=[{"findings": ["NO_PROBLEM"]}]) == {"RECORD": 1}
    assert excluded(ready, draw_id, by_record=[{"from_date": "2024-01-01", "to_date": "2024-12-31"}]) == {"RECORD": 2}
    assert excluded(ready, draw_id, by_record=[{"kinds": ["DAILY"]}, {"findings": ["PROBLEM_CORRECTED"]}]) == {
        "RECORD": 2
    }
    assert excluded(ready, draw_id) == {}


def test_inspections_of_others_tests_and_what_was_called_off_exclude_nobody(ready: House) -> None:
    ids = [town.code(number) for number in range(1, 21)]
    part = tasks.InspectionPart(authority_id=town.PARTNER, matter_ids=["M1"])
    others = [tasks.DispatchedInspection(inspection_id="i1", object_id=ids[0], parts=[part])]
    ready.announce(tasks.InspectionsDispatched(task_id="t", kind="DAILY", starts_on="2025-03-03", inspections=others))
    town.inspect(ready, ids[1:2], task_id="test", nature="TEST")
    town.publish(ready, ids[1], task_id="test", nature="TEST")
    town.inspect(ready, ids[2:3], task_id="off")
    ready.announce(tasks.TaskCancelled(task_id="off", inspection_ids=[f"off-{ids[2]}"]))
    ready.announce(tasks.TaskCancelled(task_id="late", inspection_ids=[f"late-{ids[3]}"]))
    town.inspect(ready, ids[3:4], task_id="late")
    draw_id = town.open_draw(ready)
    assert excluded(ready, draw_id, by_record=[{}], same_matter_this_year=True) == {}


def test_a_result_counts_whichever_fact_comes_first_and_a_correction_replaces_it(ready: House) -> None:
    object_id = town.code(1)
    town.publish(ready, object_id, finding="PROBLEM_CORRECTED")
    town.inspect(ready, [object_id])
    corrected = tasks.Result(
        inspection_id=f"old-task-{object_id}",
        version=2,
        authority_id=LEAD,
        object_id=object_id,
        kind="RANDOM",
        finding="NO_PROBLEM",
        inspected_on="2025-03-04",
    )
    draw_id = town.open_draw(ready)
    assert excluded(ready, draw_id, by_record=[{"findings": ["PROBLEM_CORRECTED"]}]) == {"RECORD": 1}
    ready.announce(tasks.ResultCorrected(inspection_id=corrected.inspection_id, result=corrected))
    assert excluded(ready, draw_id, by_record=[{"findings": ["PROBLEM_CORRECTED"]}]) == {}
    assert excluded(ready, draw_id, by_record=[{"findings": ["NO_PROBLEM"]}]) == {"RECORD": 1}


def test_objects_are_left_out_by_status_name_whitelist_and_matter(ready: House) -> None:
    ids = [town.code(number) for number in range(1, 21)]
    rows = [town.row(number, registration_status="查无下落") for number in (1, 2)]
    ready.call("sampling", "ImportObjects", {"rows": rows}, by=town.ADMIN)
    entry: dict[str, Any] = {"authority_id": LEAD, "version": 1, "active": True}
    ready.announce(credit.WhitelistChanged(whitelist_id="w1", object_id=ids[3], **entry))
    ready.announce(credit.WhitelistChanged(whitelist_id="w2", object_id=ids[4], matter_id="M1", **entry))
    ready.announce(credit.WhitelistChanged(whitelist_id="w3", object_id=ids[5], matter_id="M9", **entry))
    ready.announce(credit.WhitelistChanged(whitelist_id="w4", object_id=ids[6], ends_on="2025-06-08", **entry))
    ready.announce(credit.WhitelistChanged(whitelist_id="w5", object_id=ids[7], **(entry | {"active": False})))
    town.inspect(ready, ids[8:9], matters=["M7", "M1"])
    town.inspect(ready, ids[9:10], matters=["M8"], task_id="other-matter")
    draw_id = town.open_draw(ready)
    rules = {
        "by_status": ["REGISTRATION_STATUS_UNTRACEABLE"],
        "by_name": [ids[1], ids[2], "nobody"],
        "by_whitelist": True,
        "same_matter_this_year": True,
    }
    assert excluded(ready, draw_id, **rules) == {"NAMED": 1, "SAME_MATTER": 1, "STATUS": 2, "WHITELIST": 2}
    town.commit(ready, draw_id)
    files = ready.call("sampling", "GetExcluded", {"draw_id": draw_id}, by=MANAGER).data.decode().splitlines()
    assert files == sorted(files)
    assert f"{ids[0]},STATUS" in files
    assert f"{ids[3]},WHITELIST" in files
    town.reveal(ready, draw_id)
    document, frame = transcript(ready, draw_id)
    assert verify(document, frame, ("\n".join(files) + "\n").encode()) == []


def test_a_whitelisted_matter_leaves_nobody_to_draw(ready: House) -> None:
    entry: dict[str, Any] = {"authority_id": LEAD, "version": 1, "active": True, "matter_id": "M1"}
    ready.announce(credit.WhitelistChanged(whitelist_id="w1", **entry))
    draw_id = town.open_draw(ready)
    assert excluded(ready, draw_id, by_whitelist=True) == {"WHITELIST": 20}
    assert refused(ready, "CommitDraw", {"draw_id": draw_id}).reason == "FRAME_EMPTY"


def test_once_committed_nothing_can_be_set_any_more(ready: House) -> None:
    draw_id = town.open_draw(ready)
    town.commit(ready, draw_id)
    cases: tuple[tuple[str, dict[str, Any]], ...] = (
        ("SetDrawScope", {"scope": {}}),
        ("SetDrawStrata", {"strata": {"basis": "STRATA_BASIS_NONE"}}),
        ("SetDrawExclusions", {"exclusions": {}}),
        ("SetDrawQuotas", {"quotas": {"total": 1}}),
        ("AddContribution", {"hash": "0" * 64}),
        ("CommitDraw", {}),
    )
    for method, request in cases:
        refusal = refused(ready, method, {"draw_id": draw_id} | request)
        assert (refusal.reason, refusal.metadata["state"]) == ("DRAW_NOT_IN_STATE", "COMMITTED"), method
    assert refused(ready, "PreviewDraw", {"draw_id": draw_id}).reason == "DRAW_NOT_IN_STATE"


def test_the_frame_is_frozen_whatever_the_directory_becomes(ready: House) -> None:
    draw_id = town.open_draw(ready)
    town.commit(ready, draw_id)
    ready.call("sampling", "ImportObjects", {"rows": [town.row(500)]}, by=town.ADMIN)
    assert town.reveal(ready, draw_id).round.frame_count == 20
    document, frame = transcript(ready, draw_id)
    assert frame.count(b"\n") == 20
    assert verify(document, frame) == []


def test_neither_transcript_nor_frame_nor_seed_is_shown_before_the_reveal(ready: House) -> None:
    draw_id = town.open_draw(ready)
    town.commit(ready, draw_id)
    for method in ("GetTranscript", "GetFrame"):
        refusal = refused(ready, method, {"draw_id": draw_id})
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ROUND_NOT_REVEALED")
        assert refused(ready, method, {"draw_id": "nobody"}).code is grpc.StatusCode.NOT_FOUND
    assert drawn(ready, draw_id) == []
    shown = ready.call("sampling", "GetDraw", {"draw_id": draw_id}, by=MANAGER)
    assert (shown.round.seed, shown.round.contributions[0].secret) == ("", "")


def test_supervisor_and_partner_put_their_own_chance_into_the_seed(ready: House) -> None:
    draw_id = town.open_draw(ready)
    (mine, my_hash), (theirs, their_hash) = town.secret("supervisor"), town.secret("partner")
    asked = {"draw_id": draw_id}
    ready.call("sampling", "AddContribution", asked | {"hash": my_hash}, by=SUPERVISOR)
    ready.call("sampling", "AddContribution", asked | {"hash": their_hash}, by=town.PARTNER_MANAGER)
    again = refused(ready, "AddContribution", asked | {"hash": my_hash}, SUPERVISOR)
    assert again.code is grpc.StatusCode.ALREADY_EXISTS
    stranger = refused(ready, "AddContribution", asked | {"hash": my_hash}, town.STRANGER_MANAGER)
    assert stranger.code is grpc.StatusCode.NOT_FOUND
    assert list(refused(ready, "AddContribution", asked | {"hash": "0xF"}).violations) == ["hash"]
    committed = town.commit(ready, draw_id)
    who = ["supervisor", town.PARTNER, "platform"]
    assert [c.contributor for c in committed.round.contributions] == who
    assert refused(ready, "RevealDraw", asked).metadata["missing"] == f"supervisor,{town.PARTNER}"
    ready.call("sampling", "RevealContribution", asked | {"secret": mine}, by=SUPERVISOR)
    wrong = refused(ready, "RevealContribution", asked | {"secret": mine}, town.PARTNER_MANAGER)
    assert wrong.violations == {"secret": "SECRET_DOES_NOT_FIT"}
    short = refused(ready, "RevealContribution", asked | {"secret": "abc"}, town.PARTNER_MANAGER)
    assert short.violations == {"secret": "SECRET_DOES_NOT_FIT"}
    assert refused(ready, "RevealContribution", asked | {"secret": mine}).reason == "NO_SUCH_CONTRIBUTION"
    ready.call("sampling", "RevealContribution", asked | {"secret": theirs}, by=town.PARTNER_MANAGER)
    done = town.reveal(ready, draw_id).round
    assert [c.secret for c in done.contributions][:2] == [mine, theirs]
    document, frame = transcript(ready, draw_id)
    assert verify(document, frame) == []
    assert json.loads(document)["secrets"][:2] == [mine, theirs]


def test_a_redraw_takes_a_reason_and_somebody_elses_approval_and_erases_nothing(ready: House) -> None:
    draw_id = town.open_draw(ready)
    asked = {"draw_id": draw_id}
    assert refused(ready, "RequestRedraw", asked | {"reason": "试试"}).reason == "CANNOT_REDRAW"
    town.commit(ready, draw_id)
    town.reveal(ready, draw_id)
    first = drawn(ready, draw_id)
    before = transcript(ready, draw_id)
    assert refused(ready, "ApproveRedraw", asked, town.HEAD).reason == "NO_REDRAW_REQUESTED"
    assert refused(ready, "RequestRedraw", asked).violations == {"reason": "REQUIRED"}
    ready.call("sampling", "RequestRedraw", asked | {"reason": "名录库有误"}, by=MANAGER)
    assert refused(ready, "RequestRedraw", asked | {"reason": "又"}).reason == "REDRAW_PENDING"
    assert refused(ready, "ApproveRedraw", asked).reason == "ROLE_NEEDED"
    assert refused(ready, "ApproveRedraw", asked, town.STRANGER_HEAD).code is grpc.StatusCode.NOT_FOUND
    approved = ready.call("sampling", "ApproveRedraw", asked, by=town.HEAD)
    assert (approved.round.number, approved.state) == (2, sampling_pb2.DRAW_STATE_PREPARING)
    assert approved.quotas.each.number == 3
    assert transcript(ready, draw_id) == before
    town.commit(ready, draw_id)
    town.reveal(ready, draw_id)
    rounds = ready.call("sampling", "ListDrawRounds", asked, by=MANAGER).rounds
    assert [r.number for r in rounds] == [1, 2]
    assert rounds[0].seed != rounds[1].seed
    assert (rounds[0].redraw.reason, rounds[0].redraw.decision, rounds[0].redraw.decided_by) == (
        "名录库有误",
        "APPROVED",
        "head",
    )
    assert drawn(ready, draw_id, round=1) == first
    assert transcript(ready, draw_id, 1) == before
    document, frame = transcript(ready, draw_id)
    assert verify(document, frame, previous=json.loads(before[0])) == []
    assert json.loads(document)["commitment"]["redraw"]["reason"] == "名录库有误"
    assert [fact.round for fact in ready.announced("sampling", events_pb2.ObjectsDrawn)] == [1, 2]


def test_who_asks_for_a_redraw_does_not_decide_and_a_rejection_lets_the_round_stand(ready: House) -> None:
    both = Principal("both", roles=frozenset({"task_manager", "authority_head"}), authority=LEAD)
    draw_id = town.open_draw(ready)
    asked = {"draw_id": draw_id}
    town.commit(ready, draw_id)
    town.reveal(ready, draw_id)
    ready.call("sampling", "RequestRedraw", asked | {"reason": "不满意"}, by=both)
    own = refused(ready, "ApproveRedraw", asked, both)
    assert (own.code, own.reason) == (grpc.StatusCode.PERMISSION_DENIED, "DECIDES_OWN_REQUEST")
    rejected = ready.call("sampling", "RejectRedraw", asked | {"reason": "理由不足"}, by=SUPERVISOR)
    assert rejected.state == sampling_pb2.DRAW_STATE_REVEALED
    assert (rejected.round.redraw.decision, rejected.round.redraw.note) == ("REJECTED", "理由不足")
    ready.call("sampling", "RequestRedraw", asked | {"reason": "确有错误"}, by=both)


def test_a_draw_that_was_sent_out_stands(ready: House) -> None:
    draw_id = town.open_draw(ready)
    town.commit(ready, draw_id)
    town.reveal(ready, draw_id)
    town.inspect(ready, [o.object_id for o in drawn(ready, draw_id)[:3]], task_id="task-1")
    shown = ready.call("sampling", "GetDraw", {"draw_id": draw_id}, by=MANAGER)
    assert shown.state == sampling_pb2.DRAW_STATE_DISPATCHED
    refusal = refused(ready, "RequestRedraw", {"draw_id": draw_id, "reason": "太晚"})
    assert (refusal.reason, refusal.metadata["state"]) == ("CANNOT_REDRAW", "DISPATCHED")


def test_a_contributor_who_never_reveals_does_not_hold_the_draw_for_ever(ready: House) -> None:
    draw_id = town.open_draw(ready)
    asked = {"draw_id": draw_id}
    ready.call("sampling", "AddContribution", asked | {"hash": town.secret("lost")[1]}, by=SUPERVISOR)
    town.commit(ready, draw_id)
    assert refused(ready, "RevealDraw", asked).reason == "CONTRIBUTIONS_NOT_REVEALED"
    ready.call("sampling", "RequestRedraw", asked | {"reason": "随机数遗失"}, by=MANAGER)
    ready.call("sampling", "ApproveRedraw", asked, by=town.HEAD)
    committed = town.commit(ready, draw_id)
    assert [c.contributor for c in committed.round.contributions] == ["platform"]
    assert town.reveal(ready, draw_id).round.number == 2


def test_a_stale_etag_changes_nothing(ready: House) -> None:
    draw_id = town.open_draw(ready)
    etag = ready.call("sampling", "GetDraw", {"draw_id": draw_id}, by=MANAGER).etag
    town.set_quotas(ready, draw_id, total=1)
    refusal = refused(ready, "CommitDraw", {"draw_id": draw_id, "etag": etag})
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")
    fresh = ready.call("sampling", "GetDraw", {"draw_id": draw_id}, by=MANAGER).etag
    town.commit(ready, draw_id, etag=fresh)


def test_a_planned_random_draw_belongs_to_the_first_working_days_of_the_quarter(ready: House) -> None:
    town.form_task(ready, "planned", kind="RANDOM", plan_id="plan-1")
    draw_id = town.open_draw(ready, "planned")
    refusal = refused(ready, "CommitDraw", {"draw_id": draw_id})
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "OUTSIDE_OF_WORKING_DAYS")
    assert (refusal.metadata["first"], refusal.metadata["last"]) == ("2025-04-01", "2025-04-08")
    committed = town.commit(ready, draw_id, override_reason="上级临时部署")
    assert committed.round.override_reason == "上级临时部署"
    town.form_task(ready, "in-time", kind="RANDOM", plan_id="plan-1")
    ready.now = ready.now.replace(month=7, day=7)
    in_time = town.commit(ready, town.open_draw(ready, "in-time"), override_reason="多余")
    assert in_time.round.override_reason == ""


def test_a_purged_test_task_leaves_nothing_behind(ready: House) -> None:
    town.form_task(ready, "test", nature="TEST")
    draw_id = town.open_draw(ready, "test")
    town.commit(ready, draw_id)
    town.reveal(ready, draw_id)
    for part in (["i1"], ["i2"]):  # a large task is told of in several facts
        ready.announce(tasks.TaskPurged(task_id="test", inspection_ids=part))
    for method in ("GetDraw", "GetTranscript"):
        assert refused(ready, method, {"draw_id": draw_id}).code is grpc.StatusCode.NOT_FOUND
    with ready.work("sampling") as work:
        for table in ("draws", "drawn_objects", "frozen_files", "sealed_secrets"):
            assert work.session.execute(work.tables[table].select()).all() == [], table
    town.form_task(ready, "test", nature="TEST", version=7)
    assert refused(ready, "CreateDraw", {"task_id": "test"}).code is grpc.StatusCode.NOT_FOUND


def test_a_draw_follows_its_task_until_it_is_done(ready: House) -> None:
    draw_id = town.open_draw(ready)
    town.form_task(ready, version=2, name="新名称", parts={LEAD: ["M1"]})
    town.form_task(ready, version=1, name="旧名称")
    shown = ready.call("sampling", "GetDraw", {"draw_id": draw_id}, by=MANAGER)
    assert shown.task_name == "新名称"
    assert refused(ready, "GetDraw", {"draw_id": draw_id}, town.PARTNER_MANAGER).code is grpc.StatusCode.NOT_FOUND


def test_what_was_drawn_can_be_had_as_a_workbook(ready: House) -> None:
    draw_id = town.open_draw(ready)
    town.commit(ready, draw_id)
    town.reveal(ready, draw_id)
    body = ready.call("sampling", "ExportDrawnObjects", {"draw_id": draw_id, "substitutes_only": True}, by=MANAGER)
    sheet = openpyxl.load_workbook(io.BytesIO(body.data)).worksheets[0]
    rows = [[cell.value for cell in line] for line in sheet.iter_rows()]
    substitutes = [each.object_id for each in drawn(ready, draw_id) if each.substitute]
    assert [row[0] for row in rows] == ["对象编号", *substitutes]
    assert {row[-1] for row in rows[1:]} == {"替补"}
    assert [each.object_id for each in drawn(ready, draw_id, substitutes_only=True)] == substitutes
    assert drawn(ready, draw_id, stratum="D") == []


def test_quotas_that_ask_only_for_classes_nobody_is_in_are_refused(ready: House) -> None:
    draw_id = town.open_draw(ready, per_stratum=[{"stratum": "D", "quota": {"number": 5}}])
    refusal = refused(ready, "CommitDraw", {"draw_id": draw_id})
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NOTHING_WANTED")
