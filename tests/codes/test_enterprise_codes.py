"""Enterprise codes and who speaks for an object; foreign codes by pattern and resolver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from liangma.codes.v1 import codes_pb2, enterprise_codes_pb2, events_pb2
from pydantic import ValidationError

from services.chassis.settings import BadSettings
from services.codes.foreign import ForeignCodes, ForeignSystemSilent, Resolver, Scheme, UnknownForeignCode
from services.codes.office import office
from services.codes.settings import codes_settings
from tests.codes import city
from tests.support.camera import seen
from tests.support.house import House, Refused, houses

house = houses("codes")
YQM = {"name": "渝企码", "pattern": r"https://yqm\.example\.cn/q\?u=(?P<object>[0-9A-Z]{18})"}
SCYX = {"name": "山城有信", "pattern": r"https://scyx\.example\.cn/(?P<token>\w+)", "resolver": "REGISTERED"}
ASKED = {
    "name": "信用码",
    "pattern": r"https://xym\.example\.cn/(?P<token>.+)",
    "resolver": "HTTP",
    "address": "https://api.xym.example.cn/codes/{token}",
    "member": "data.uscc",
}


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGMA_CODES_FOREIGN", json.dumps([YQM, SCYX, ASKED]))


@pytest.fixture(autouse=True)
def _settled(_settings: None, house: House) -> None:
    city.settle_in(house)


def refused(house: House, method: str, request: dict[str, Any], by: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        house.call("codes", method, request, by=by)
    return caught.value


def delegate(house: House, by: Any = city.OWNER, **changes: Any) -> Any:
    return house.call("codes", "DelegateAccount", {"subject": "clerk", "name": "店员"} | changes, by=by)


def test_an_enterprise_gets_its_code_and_picture(house: House) -> None:
    issued = house.call("codes", "IssueEnterpriseCode", {}, by=city.OWNER)
    assert (issued.object_id, issued.object_name, issued.etag) == (city.SHOP, "渝北小店", "1")
    assert house.call("codes", "GetEnterpriseCode", {"object_id": city.SHOP}, by=city.OWNER) == issued
    picture = house.call("codes", "GetEnterpriseCodePicture", {"object_id": city.SHOP}, by=city.OWNER)
    assert seen(picture.data) == issued.text


def test_a_new_enterprise_code_revokes_the_earlier(house: House) -> None:
    house.call("codes", "IssueEnterpriseCode", {}, by=city.OWNER)
    second = house.call("codes", "IssueEnterpriseCode", {"object_id": city.SHOP}, by=city.ADMINISTRATOR)
    assert house.call("codes", "GetEnterpriseCode", {"object_id": city.SHOP}, by=city.OWNER) == second


def test_an_enterprise_code_is_nobody_elses_business(house: House) -> None:
    request = {"object_id": city.SHOP}
    assert refused(house, "GetEnterpriseCode", request, city.OWNER).code is grpc.StatusCode.NOT_FOUND
    house.call("codes", "IssueEnterpriseCode", {}, by=city.OWNER)
    assert refused(house, "GetEnterpriseCode", request, city.FARMER).reason == "NOT_THE_OBJECT"
    assert refused(house, "IssueEnterpriseCode", request, city.FARMER).reason == "NOT_THE_OBJECT"
    assert refused(house, "IssueEnterpriseCode", {}, city.CLERK).reason == "NO_IDENTITY_PROOF"
    assert refused(house, "IssueEnterpriseCode", {}, city.INSPECTOR).reason == "ROLE_NEEDED"
    nobody = {"object_id": "nobody"}
    assert refused(house, "IssueEnterpriseCode", nobody, city.ADMINISTRATOR).code is grpc.StatusCode.NOT_FOUND


def test_an_account_is_bound_by_its_identity_proof_once(house: House) -> None:
    first = house.call("codes", "BindAccount", {}, by=city.OWNER)
    assert (first.object_id, first.kind) == (city.SHOP, enterprise_codes_pb2.BINDING_KIND_OWNER)
    assert house.call("codes", "BindAccount", {}, by=city.OWNER).binding_id == first.binding_id
    assert refused(house, "BindAccount", {}, city.CLERK).reason == "NO_IDENTITY_PROOF"


def told(house: House) -> list[tuple[Any, ...]]:
    return [
        (one.binding_id, one.version, one.object_id, one.subject, one.kind, one.starts_on, one.ends_on, one.ended)
        for fact in house.announced("codes", events_pb2.BindingChanged)
        for one in fact.bindings
    ]


def test_who_speaks_for_which_object_is_announced_when_it_begins_and_ends(house: House) -> None:
    owner = house.call("codes", "BindAccount", {}, by=city.OWNER)
    house.call("codes", "BindAccount", {}, by=city.OWNER)
    clerk = delegate(house, ends_on="2025-06-10")
    house.call("codes", "EndBinding", {"binding_id": clerk.binding_id}, by=city.OWNER)
    assert told(house) == [
        (owner.binding_id, 1, city.SHOP, "boss", "OWNER", "2025-06-09", "", False),
        (clerk.binding_id, 1, city.SHOP, "clerk", "DELEGATE", "2025-06-09", "2025-06-10", False),
        (clerk.binding_id, 2, city.SHOP, "clerk", "DELEGATE", "2025-06-09", "2025-06-10", True),
    ]


def test_bindings_of_before_are_announced_once(house: House) -> None:
    owner = house.call("codes", "BindAccount", {}, by=city.OWNER)
    clerk = delegate(house)
    house.call("codes", "EndBinding", {"binding_id": clerk.binding_id}, by=city.OWNER)
    before = told(house)
    house.fire("codes", "announce_bindings")
    assert sorted(told(house)[len(before) :]) == sorted([before[0], before[-1]])
    assert before[0][0] == owner.binding_id
    again = told(house)
    house.fire("codes", "announce_bindings")
    assert told(house) == again


def test_a_delegate_speaks_for_the_object_until_the_binding_ends(house: House) -> None:
    (issued,) = city.issue(house)
    with pytest.raises(Refused):
        city.verify(house, issued.text, by=city.CLERK)
    binding = delegate(house, ends_on="2025-06-10")
    assert city.verify(house, issued.text, by=city.CLERK).code_id == issued.code_id
    assert house.call("codes", "GetCode", {"code_id": issued.code_id}, by=city.CLERK).text == issued.text
    assert [one.binding_id for one in house.call("codes", "ListBindings", {}, by=city.CLERK).bindings] == [
        binding.binding_id
    ]
    house.pass_time(days=2)
    assert refused(house, "GetCode", {"code_id": issued.code_id}, city.CLERK).code is grpc.StatusCode.NOT_FOUND


def test_delegating_is_the_owners_and_not_twice(house: House) -> None:
    delegate(house)
    assert refused(house, "DelegateAccount", {"subject": "clerk", "name": "店员"}, city.OWNER).reason == (
        "ACCOUNT_BOUND_ALREADY"
    )
    assert refused(house, "DelegateAccount", {"subject": "x", "name": "x"}, city.CLERK).reason == "OWNER_NEEDED"
    request = {"subject": "x", "name": "x", "object_id": city.SHOP}
    assert refused(house, "DelegateAccount", request, city.FARMER).reason == "NOT_THE_OBJECT"
    late = {"subject": "x", "name": "x", "ends_on": "2025-06-08"}
    assert refused(house, "DelegateAccount", late, city.OWNER).violations == {"ends_on": "RANGE"}
    assert refused(house, "DelegateAccount", late | {"ends_on": "明天"}, city.OWNER).violations == {"ends_on": "FORMAT"}


def test_a_binding_is_ended_by_the_owner_or_its_holder_once(house: House) -> None:
    binding = delegate(house)
    request = {"binding_id": binding.binding_id}
    assert refused(house, "EndBinding", request, city.FARMER).code is grpc.StatusCode.NOT_FOUND
    assert refused(house, "EndBinding", request | {"etag": "9"}, city.OWNER).code is grpc.StatusCode.ABORTED
    ended = house.call("codes", "EndBinding", request, by=city.OWNER)
    assert ended.HasField("ended_at")
    assert refused(house, "EndBinding", request, city.OWNER).reason == "BINDING_ENDED"
    assert not house.call("codes", "ListBindings", {}, by=city.OWNER).bindings
    assert len(house.call("codes", "ListBindings", {"include_ended": True}, by=city.OWNER).bindings) == 1
    again = delegate(house)
    assert house.call("codes", "EndBinding", {"binding_id": again.binding_id}, by=city.CLERK).HasField("ended_at")


def test_a_foreign_code_that_carries_the_object_is_taken(house: House) -> None:
    (issued,) = city.issue(house)
    scanned = city.scan(house, f"https://yqm.example.cn/q?u={city.SHOP}", issued.code_id)
    assert (scanned.scheme, scanned.object.name, scanned.visit.enterprise_code_scheme) == (
        "渝企码",
        "渝北小店",
        "渝企码",
    )
    city.verify(house, issued.text)
    assert city.scan(house, f"https://yqm.example.cn/q?u={city.FARM}").object.object_id == city.FARM
    with pytest.raises(Refused) as caught:
        city.scan(house, "https://yqm.example.cn/q?u=91500000000000000X")
    assert caught.value.code is grpc.StatusCode.NOT_FOUND


def test_a_foreign_code_with_a_token_is_registered_first(house: House) -> None:
    text = "https://scyx.example.cn/abc123"
    assert refused(house, "ScanEnterpriseCode", {"text": text}, city.INSPECTOR).reason == "UNKNOWN_FOREIGN_CODE"
    request = {"text": text, "object_id": city.SHOP}
    known = house.call("codes", "RegisterForeignCode", request, by=city.SYSTEM)
    assert (known.scheme, known.token, known.object_id) == ("山城有信", "abc123", city.SHOP)
    assert city.scan(house, text).object.object_id == city.SHOP
    house.call("codes", "RegisterForeignCode", request | {"object_id": city.FARM}, by=city.ADMINISTRATOR)
    assert city.scan(house, text).object.object_id == city.FARM
    told = refused(house, "RegisterForeignCode", {"text": "https://a.cn", "object_id": city.SHOP}, city.SYSTEM)
    assert told.violations == {"text": "FOREIGN_CODE"}


def test_a_foreign_system_is_asked_once(house: House) -> None:
    asked: list[str] = []

    def answer(url: str) -> httpx.Response:
        asked.append(url)
        return httpx.Response(200, json={"data": {"uscc": city.SHOP}}, request=httpx.Request("GET", url))

    office(house.runtimes["codes"]).foreign._get = answer
    for _ in range(2):
        assert city.scan(house, "https://xym.example.cn/a/b?c").scheme == "信用码"
    assert asked == ["https://api.xym.example.cn/codes/a%2Fb%3Fc"]


def test_a_silent_or_ignorant_foreign_system_is_told_apart() -> None:
    def silent(url: str) -> httpx.Response:
        raise httpx.ConnectTimeout(url)

    def ignorant(url: str) -> httpx.Response:
        return httpx.Response(200, json={"data": None}, request=httpx.Request("GET", url))

    schemes = [Scheme.model_validate(ASKED)]
    with pytest.raises(ForeignSystemSilent):
        ForeignCodes(schemes, silent).ask("https://xym.example.cn/1")
    with pytest.raises(UnknownForeignCode):
        ForeignCodes(schemes, ignorant).ask("https://xym.example.cn/1")
    ForeignCodes(schemes, silent).ask("not such a code")


@pytest.mark.parametrize(
    "bad",
    [{"pattern": "("}, {"pattern": "x"}, {"resolver": "HTTP", "address": "https://a.cn", "pattern": "(?P<token>x)"}],
)
def test_an_unusable_foreign_code_is_refused_when_it_is_configured(bad: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Scheme.model_validate(YQM | bad)


def test_bad_settings_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIANGMA_CODES_HOST", "under_score/x")
    monkeypatch.setenv("LIANGMA_CODES_FREQUENT_VISITS", "1")
    with pytest.raises(BadSettings, match="LIANGMA_CODES_HOST") as caught:
        codes_settings()
    assert "LIANGMA_CODES_FREQUENT_VISITS" in str(caught.value)
    monkeypatch.delenv("LIANGMA_CODES_HOST")
    monkeypatch.delenv("LIANGMA_CODES_FREQUENT_VISITS")
    file = tmp_path / "foreign.json"
    file.write_text(json.dumps([SCYX]))
    monkeypatch.setenv("LIANGMA_CODES_FOREIGN", "[]")
    monkeypatch.setenv("LIANGMA_CODES_FOREIGN_FILE", str(file))
    assert [one.resolver for one in codes_settings().foreign_schemes()] == [Resolver.REGISTERED]
    file.write_text("[{}]")
    with pytest.raises(BadSettings, match="FOREIGN_FILE"):
        codes_settings().foreign_schemes()


def test_the_verdict_on_an_enterprise_code_needs_no_sign_in(house: House) -> None:
    answer = house.call("codes", "CheckInspectionCode", {"text": city.enterprise_code(house)}, by=city.PUBLIC)
    assert (answer.verdict, answer.kind, answer.object_name) == (
        codes_pb2.VERDICT_AUTHENTIC,
        codes_pb2.CODE_KIND_ENTERPRISE,
        "渝北小店",
    )
