"""The contract is whole: every RPC says who may call it and where it lives, and the chassis knows no business."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor

from services.chassis.grpc_server import attachments
from services.chassis.policy import rule_of
from services.chassis.runtime import Runtime
from services.chassis.service import find
from services.chassis.servicing import descriptor_of
from services.chassis.settings import Settings

ROOT = Path(__file__).parents[2]
NAMES = ("plans", "tasks", "sampling", "codes", "credit")
ROLES = {
    "planner",
    "reviewer",
    "task_manager",
    "inspector",
    "supervisor",
    "repair_officer",
    "authority_head",
    "administrator",
    "enterprise",
    "system",
}


def methods() -> Iterator[MethodDescriptor]:
    from importlib import import_module

    for name in (*NAMES, "attachments"):  # which every server offers
        for path in sorted((ROOT / "protos" / "liangma" / name / "v1").glob("*.proto")):
            descriptor = import_module(f"liangma.{name}.v1.{path.stem}_pb2").DESCRIPTOR
            for service in descriptor.services_by_name.values():
                yield from service.methods


ALL = {method.full_name: method for method in methods()}


@pytest.mark.parametrize("method", ALL.values(), ids=ALL.keys())
def test_every_rpc_has_exactly_one_rule_of_known_roles(method: MethodDescriptor) -> None:
    rule = rule_of(method)
    assert rule is not None, "no (liangma.type.v1.access)"
    assert [rule.public, rule.signed_in, bool(rule.roles)].count(True) == 1
    assert set(rule.roles) <= ROLES


@pytest.mark.parametrize("method", ALL.values(), ids=ALL.keys())
def test_every_rpc_has_a_place_in_rest(method: MethodDescriptor) -> None:
    assert method.GetOptions().HasExtension(annotations_pb2.http)


@pytest.mark.parametrize("method", ALL.values(), ids=ALL.keys())
def test_every_write_can_be_repeated_by_its_request_id(method: MethodDescriptor) -> None:
    http = method.GetOptions().Extensions[annotations_pb2.http]
    is_write = http.WhichOneof("pattern") != "get"
    codes = {"CheckInspectionCode", "BatchCheckInspectionCodes", "CheckReceipt"}
    files = {"CheckObjectFile", "CheckInspectorFile", "CheckRecusalFile"}
    reads = codes | files  # take what is too long for a query, and change nothing
    if is_write and method.name not in reads:
        assert "request_id" in method.input_type.fields_by_name


def test_no_two_rpcs_share_a_place_in_rest() -> None:
    places: list[str] = []
    for method in ALL.values():
        http = method.GetOptions().Extensions[annotations_pb2.http]
        verb = http.WhichOneof("pattern")
        places.append(f"{verb} {re.sub(r'{[^}]*}', '{}', getattr(http, verb))}")
    assert sorted(places) == sorted(set(places))


@pytest.mark.parametrize("name", NAMES)
def test_every_service_has_the_same_rooms(name: str) -> None:
    folder = ROOT / "services" / name
    rooms = {path.stem for path in folder.iterdir()}
    common = {"README", "model", "events", "use_cases", "queries", "tables", "wire", "servicer", "subscriptions"}
    assert common | {"migrations", "__main__"} <= rooms


def test_every_rpc_is_served_by_some_service(tmp_path: Path) -> None:
    served: set[str] = set()
    settings = Settings(var_dir=tmp_path)
    servicers = [each for name in NAMES for each in find(name).servicers(Runtime(find(name), settings))]
    for servicer in (*servicers, attachments(settings)):
        for method in descriptor_of(servicer).methods:
            served.add(method.full_name)
            assert method.name in type(servicer).__dict__, f"{method.full_name} is not implemented"
    assert served == set(ALL)


def test_the_chassis_knows_no_business_word() -> None:
    nouns = re.compile(
        r"\b(annual|plans?|tasks?|draws?|inspections?|enterprises?|credit|repairs?|matters?|whitelist)\b",
        re.IGNORECASE,
    )
    for path in (ROOT / "services" / "chassis").glob("*.py"):
        code = re.sub(
            r'""".*?"""|#.*', "", path.read_text("utf-8"), flags=re.DOTALL
        )  # examples in prose may name a service
        found = nouns.search(code)
        assert found is None, f"{path.name}: {found.group()}" if found else ""


def test_only_the_bus_and_the_subscriptions_know_nameko_and_kombu() -> None:
    for path in (file for folder in ("services", "gateway", "deploy") for file in (ROOT / folder).rglob("*.py")):
        if path.name != "subscriptions.py" and path.parent.name not in ("bus", "worker"):
            assert not re.search(r"^\s*(from|import) (nameko|kombu)\b", path.read_text("utf-8"), re.MULTILINE), path
