"""What the services would say to the public pages, in every state the pages know."""

from __future__ import annotations

import json
from typing import Any

import grpc
from google.api import httpbody_pb2
from liangma.codes.v1 import codes_pb2, receipts_pb2
from liangma.credit.v1 import disclosures_pb2
from liangma.type.v1 import page_pb2

from tests.gateway.support import Door, refuse

CODE = "2KCEHIQBEAQ5ICW7" * 20


def check(verdict: str = "AUTHENTIC") -> codes_pb2.CodeCheck:
    """What a code says."""
    answer = codes_pb2.CodeCheck(
        verdict=codes_pb2.Verdict.Value(f"VERDICT_{verdict}"),
        message_zh="此执法码真实有效",
        message_en="genuine",
    )
    if verdict in ("AUTHENTIC", "EXPIRED", "REVOKED", "USED", "NOT_YET_VALID"):
        answer.MergeFrom(
            codes_pb2.CodeCheck(
                code_id="0198c0de-0000-7000-8000-000000000001",
                kind=codes_pb2.CODE_KIND_JOINT,
                task_number="渝司专查〔2025〕27号",
                task_name="2025年第三季度餐饮单位部门联合抽查",
                object_id="91500103MA5U0000XW",
                object_name="重庆山城火锅餐饮管理有限公司",
                authorities=[
                    codes_pb2.CodeAuthority(authority_id="1", name="重庆市市场监督管理局", on_subject_list=True),
                    codes_pb2.CodeAuthority(authority_id="2", name="重庆市消防救援总队", on_subject_list=False),
                ],
                matters=[
                    codes_pb2.CodeMatter(
                        matter_id="M1",
                        name="食品经营许可检查",
                        legal_basis="《中华人民共和国食品安全法》第一百一十条",
                        items=[
                            codes_pb2.CodeCheckItem(
                                name="食品经营许可证", check_points=["是否在有效期内", "是否悬挂"], standard="持证经营"
                            )
                        ],
                    ),
                    codes_pb2.CodeMatter(matter_id="M2", name="消防安全检查"),
                ],
                inspectors=[
                    codes_pb2.CodeInspector(certificate="50*****17", name="张**", authority_id="1", valid=True),
                    codes_pb2.CodeInspector(certificate="50*****18", name="李*", authority_id="2", valid=False),
                ],
            )
        )
        answer.valid_from.FromJsonString("2025-09-01T01:00:00Z")
        answer.valid_to.FromJsonString("2025-09-03T10:00:00Z")
    return answer


def disclosures() -> list[disclosures_pb2.Disclosure]:
    """What is disclosed."""
    return [
        disclosures_pb2.Disclosure(
            disclosure_id="d1",
            kind=disclosures_pb2.DISCLOSURE_KIND_DRAW,
            subject_id="0198d4a0-0000-7000-8000-000000000001",
            number="渝司专查〔2025〕27号",
            title="2025年第三季度餐饮单位抽查（第1轮）",
            authority_name="重庆市市场监督管理局",
            happened_on="2025-07-02",
            facts={"commitment": "ab" * 32, "drawn_count": "120"},
        ),
        disclosures_pb2.Disclosure(
            disclosure_id="d2",
            kind=disclosures_pb2.DISCLOSURE_KIND_RESULT,
            number="渝司专查〔2025〕27号",
            title="重庆山城火锅餐饮管理有限公司检查结果",
            object_name="重庆山城火锅餐饮管理有限公司",
            authority_name="重庆市市场监督管理局",
            happened_on="2025-09-02",
            facts={
                "finding": "NO_PROBLEM",
                "finding_text": "未发现问题",
                "method": "ON_SITE",
                "<b>x</b>": "<script>alert(1)</script>",
            },
        ),
    ]


def transcript() -> dict[str, Any]:
    """How a draw came about."""
    winners = [{"id": f"91500103MA5U{n:06d}", "ticket": f"{n:032x}"} for n in range(60)]
    stratum = {"name": "公共信用 D", "wanted": 62, "drawn": 60, "short": 2, "winners": winners}
    return {
        "spec": "LM-DRAW-1",
        "commitment": {
            "round": 2,
            "frame_count": 600,
            "frame_sha256": "cd" * 32,
            "redraw": {"previous": "00" * 32, "reason": "抽取范围有误", "approved_by": "head"},
        },
        "commitment_sha256": "ab" * 32,
        "secrets": ["01" * 32, "02" * 32],
        "seed": "ef" * 32,
        "wanted": 62,
        "drawn": 60,
        "short": 2,
        "strata": [stratum | {"substitutes_wanted": 1, "substitutes": winners[:1]}],
    }


def receipt() -> receipts_pb2.ReceiptCheck:
    """What a genuine receipt says."""
    answer = receipts_pb2.ReceiptCheck(
        verdict=codes_pb2.VERDICT_AUTHENTIC,
        receipt=receipts_pb2.Receipt(
            object_id="91500103MA5U0000XW",
            object_name="重庆山城火锅餐饮管理有限公司",
            task_number="渝司专查〔2025〕27号",
            authority_names=["重庆市市场监督管理局", "重庆市消防救援总队"],
            certificate="50*****17",
            scheme="渝企码",
        ),
    )
    answer.receipt.enterprise_scanned_at.FromJsonString("2025-09-01T01:00:00Z")
    answer.receipt.inspector_scanned_at.FromJsonString("2025-09-01T01:02:00Z")
    return answer


def answer_everything(door: Door) -> None:
    """Let the services answer the public pages."""

    def codes(_: codes_pb2.CheckInspectionCodeRequest, __: grpc.ServicerContext) -> codes_pb2.CodeCheck:
        return check()

    def search(request: Any, _: grpc.ServicerContext) -> disclosures_pb2.SearchDisclosuresResponse:
        found = [] if request.query == "没有" else disclosures()
        return disclosures_pb2.SearchDisclosuresResponse(
            disclosures=found, page=page_pb2.PageInfo(next_page_token="" if request.page_token else "more")
        )

    def draw(request: Any, context: grpc.ServicerContext) -> httpbody_pb2.HttpBody:
        if request.draw_id == "early":
            refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "NOT_REVEALED", "抽取尚未揭示", "not revealed yet")
        if request.draw_id == "unknown":
            refuse(context, grpc.StatusCode.NOT_FOUND, "NO_SUCH_THING", "未找到该抽取", "no such draw")
        return httpbody_pb2.HttpBody(content_type="application/json", data=json.dumps(transcript()).encode())

    door.services.answers |= {
        "CheckInspectionCode": codes,
        "CheckReceipt": lambda _, __: receipt(),
        "SearchDisclosures": search,
        "GetTranscript": draw,
    }
