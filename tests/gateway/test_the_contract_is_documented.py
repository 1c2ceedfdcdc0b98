"""OpenAPI and the documentation page, from the descriptors and the comments in the protos."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.openapi.comments import Comments
from gateway.openapi.document import Document, operations_of
from gateway.pages.rendering import Pages
from gateway.transcoder.contract import BadContract, Contract
from gateway.transcoder.routes import Found, Routes
from tests.gateway import trial


@pytest.fixture(scope="module")
def documented() -> dict[str, Any]:
    return Document(trial.contract(), Comments(trial.descriptor_set().file), "1.2.3", "https://x.example").build()


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return Document(Contract.installed(), Comments.installed(), "1.2.3", "https://x.example").build()


def test_the_document_is_valid(documented: dict[str, Any], whole: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(documented).validate()
    OpenAPIV31SpecValidator(whole).validate()


def test_every_rpc_of_the_platform_is_in_it_with_its_comment(whole: dict[str, Any]) -> None:
    described = {operation.get("x-grpc-method") for _, _, operation in operations_of(whole)}
    for service in Contract.installed().services:
        for method in service.methods:
            assert f"{service.full_name}/{method.name}" in described
    assert all(operation["summary"] for _, _, operation in operations_of(whole))


def test_every_rpc_of_the_platform_says_who_may_call_it() -> None:
    for operation in Contract.installed().operations:
        rule = operation.access
        assert [rule.public, rule.signed_in, bool(rule.roles)].count(True) == 1, operation.name


def test_every_path_of_the_platform_leads_to_its_own_rpc() -> None:
    contract = Contract.installed()
    routes = Routes(contract.operations)
    for operation in contract.operations:
        for binding in operation.bindings:
            segments = ["x" if segment in ("*", "**") else segment for segment in binding.template.segments]
            path = "/" + "/".join(segments) + (f":{binding.template.verb}" if binding.template.verb else "")
            found = routes.find(binding.http_method, path)
            assert isinstance(found, Found), path
            assert found.operation is operation, path


def test_summary_description_and_roles_come_from_the_proto(documented: dict[str, Any]) -> None:
    create = documented["paths"]["/v1/books"]["post"]
    assert create["summary"] == "Creates a book"
    assert create["description"].startswith("Creates a book. Fails when there is one.")
    assert create["x-roles"] == ["planner"]
    assert "security" not in create
    assert documented["paths"]["/v1/books"]["get"]["security"] == []


def test_schemas_are_those_of_the_json_mapping(documented: dict[str, Any]) -> None:
    book = documented["components"]["schemas"]["trial.v1.Book"]
    properties = book["properties"]
    assert book["required"] == ["title"]
    assert properties["copies"] == {"type": "string", "format": "int64", "description": "Copies printed."}
    assert properties["createTime"]["format"] == "date-time"
    assert properties["createTime"]["readOnly"] is True
    assert properties["chapters"]["items"] == {"$ref": "#/components/schemas/trial.v1.Shelf"}
    assert properties["counts"]["additionalProperties"]["format"] == "int64"
    assert properties["wrapped"]["type"] == ["string", "null"]
    assert properties["odd"]["type"] == "string"
    state = documented["components"]["schemas"]["trial.v1.BookState"]
    assert state["enum"][1] == "BOOK_STATE_DRAFT"
    assert "`BOOK_STATE_DRAFT`: Being written." in state["description"]


def test_parameters_are_those_of_path_query_and_headers(documented: dict[str, Any]) -> None:
    given = documented["paths"]["/v1/books/{bookId}"]["delete"]["parameters"]
    named = {(p["name"], p["in"]) for p in given}
    assert named >= {("bookId", "path"), ("Idempotency-Key", "header"), ("If-Match", "header"), ("remark", "query")}
    listed = {p["name"]: p for p in documented["paths"]["/v1/books"]["get"]["parameters"]}
    assert listed["like.shelf.name"]["schema"] == {"type": "string"}
    assert listed["states"]["schema"]["type"] == "array"
    assert "like.chapters" not in listed
    nested = documented["paths"]["/v1/shelves/{name}/books/{name2}"]["get"]["parameters"]
    assert [p["name"] for p in nested if p["in"] == "path"] == ["name", "name2"]


def test_a_body_leaves_out_what_the_path_gives(documented: dict[str, Any]) -> None:
    body = documented["paths"]["/v1/books/{bookId}:shelve"]["post"]["requestBody"]
    assert "bookId" not in body["content"]["application/json"]["schema"]["properties"]
    assert body["required"] is False
    assert {"*/*", "multipart/form-data"} == set(documented["paths"]["/v1/files"]["post"]["requestBody"]["content"])


def test_files_and_streams_are_told_apart(documented: dict[str, Any]) -> None:
    assert "*/*" in documented["paths"]["/v1/files/{name}"]["get"]["responses"]["200"]["content"]
    assert "application/x-ndjson" in documented["paths"]["/v1/books:watch"]["get"]["responses"]["200"]["content"]
    assert (
        documented["paths"]["/v1/books:bare"]["get"]["responses"]["200"]["content"]["application/json"]["schema"][
            "type"
        ]
        == "array"
    )


def test_the_document_and_its_page_are_served(client: httpx.Client) -> None:
    assert client.get("/openapi.json").json()["openapi"] == "3.1.0"
    page = client.get("/docs")
    assert "/v1/books/{bookId}:shelve" in page.text
    assert "Being written." in page.text


class _Sources(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "link", "img"):
            self.found.append(values.get("src") or values.get("href") or "")
        self.inline += [name for name in values if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("path", ["/docs", "/", "/sign-in", "/nowhere"])
def test_pages_load_nothing_from_elsewhere_and_need_no_inline_script(client: httpx.Client, path: str) -> None:
    sources = _Sources()
    sources.feed(client.get(path, headers={"accept": "text/html"}).text)
    assert sources.found
    assert all(source.startswith("/static/") for source in sources.found)
    assert all(client.get(source).status_code == 200 for source in sources.found)
    assert not sources.inline


def test_without_comments_the_document_is_still_valid() -> None:
    OpenAPIV31SpecValidator(Document(trial.contract(), Comments(()), "1", "https://x.example").build()).validate()


def test_dates_are_written_as_people_write_them() -> None:
    filters = Pages()._environment.filters
    assert filters["moment"]("2025-06-01T00:30:00Z") == "2025年6月1日 08:30"
    assert filters["day"]("2025-06-01") == "2025年6月1日"
    assert filters["day"]("soon") == "soon"


BAD_RULES = {
    'get: "/v1/x/{nome}"': "no field 'nome'",
    'get: "/v1/x/{inner}"': "not a single primitive",
    'get: "/v1/x/{names}"': "not a single primitive",
    'get: "/v1/x/{name.a}"': "holds no fields",
    'get: "v1/x"': "does not begin",
    'get: "/v1/**/x"': "before other segments",
    'get: "/v1/{name"': "not closed",
    'get: "/v1/{name}{name}"': "field path",
    'get: "/v1/{name}/{name}"': "bound twice",
    'get: "/v1//x"': "not a segment",
    'get: "/v1/x:"': "not a verb",
    'post: "/v1/x" body: "nome"': "no field 'nome'",
    'get: "/v1/x" response_body: "nome"': "no field 'nome'",
    'body: "*"': "no path",
    'get: "/v1/x" additional_bindings {get: "/v1/y" additional_bindings {get: "/v1/z"}}': "nested",
}


def test_rules_that_cannot_be_served_are_all_named_on_start(tmp_path: Path) -> None:
    lines = [
        'syntax = "proto3";',
        "package liangma.bad.v1;",
        'import "google/api/annotations.proto";',
        'import "liangma/type/v1/access.proto";',
        "message M { string name = 1; M inner = 2; repeated string names = 3; }",
        "service BadService {",
        *(
            f"  rpc R{number}(M) returns (M) {{ option (google.api.http) = {{ {rule} }}; }}"
            for number, rule in enumerate(BAD_RULES)
        ),
        '  rpc A(M) returns (M) { option (google.api.http) = { get: "/v1/same/{name}" }; }',
        '  rpc B(M) returns (M) { option (google.api.http) = { get: "/v1/same/*" }; }',
        '  rpc C(stream M) returns (M) { option (google.api.http) = { post: "/v1/c" body: "*" }; }',
        '  rpc D(M) returns (M) { option (google.api.http) = { get: "/v1/d" }; option (liangma.type.v1.batch) = "X"; }',
        '  rpc E(M) returns (M) { option (google.api.http) = { get: "/v1/e" }; option (liangma.type.v1.batch) = "A"; }',
        '  rpc F(M) returns (M) { option (google.api.http) = {get: "/v1/f"}; option (liangma.type.v1.batch) = "Fs"; }',
        "  rpc Fs(Ms) returns (Ms);",
        "}",
        "message Ms { repeated M all = 1; }",
    ]
    (tmp_path / "bad.proto").write_text("\n".join(lines))
    compiled = trial.compile_protos(tmp_path, "bad.proto")
    own: descriptor_pb2.FileDescriptorProto = next(f for f in compiled.file if f.name == "bad.proto")
    file = descriptor_pool.Default().AddSerializedFile(own.SerializeToString())
    with pytest.raises(BadContract) as refused:
        Contract.of_files([file])
    told = str(refused.value)
    for number, why in enumerate(BAD_RULES.values()):
        assert next(line for line in told.splitlines() if f"BadService.R{number}:" in line).count(why), told
    assert "BadService/B: GET /v1/same/* already reaches liangma.bad.v1.BadService/A" in told
    assert "BadService.C: a stream of requests cannot be mapped" in told
    assert "BadService.D: its batch 'X' is no method of liangma.bad.v1.BadService" in told
    assert "BadService.E: liangma.bad.v1.M is not one list of liangma.bad.v1.M" in told
    assert "BadService.F: its batch 'Fs' is not for everybody" in told
