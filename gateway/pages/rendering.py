"""Templates, and how they write dates and names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from gateway.context import Context
from gateway.problems import CHINESE, Problem

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_BACKTICKS = re.compile("`([^`]+)`")
_SHANGHAI = ZoneInfo("Asia/Shanghai")

# 「术语」 of docs/glossary.md, for what reaches a page as an identifier
ROLES = {
    "planner": "计划制定人",
    "reviewer": "审核人",
    "task_manager": "任务负责人",
    "inspector": "执法人员",
    "supervisor": "执法监督机构",
    "repair_officer": "信用修复经办人",
    "authority_head": "主要负责人",
    "administrator": "平台管理员",
    "enterprise": "企业账号",
    "system": "其他政务系统",
}


class Pages:
    """Renders the templates."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"moment": moment, "day": day, "role": _role, "code": _code}

    def html(self, template: str, context: Context, **values: Any) -> str:
        """A page as text."""
        claims: Mapping[str, Any] = context.caller.claims if context.caller else {}
        return self._environment.get_template(template).render(caller=claims, **values)

    def page(
        self,
        template: str,
        context: Context,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """A page as a reply."""
        shown = {"cache-control": "no-store", "content-language": CHINESE} | dict(headers or {})
        return HTMLResponse(self.html(template, context, **values), status, shown)

    def problem(self, problem: Problem, context: Context) -> tuple[str, bytes]:
        """A refusal as a page: media type and body."""
        told = problem.as_dict(context.language, context.trace_id)
        return "text/html; charset=utf-8", self.html("problem.html", context, problem=told).encode()


def _role(role: str) -> str:
    return ROLES.get(role, role)


def _code(text: str) -> Markup:
    """A text in which what stands between backticks is code."""
    return Markup(_BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


def moment(rfc3339: str) -> str:
    """An instant as people in China write it: `2025年6月1日 08:00`."""
    if not rfc3339:
        return ""
    at = datetime.fromisoformat(rfc3339).astimezone(_SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def day(iso: str) -> str:
    """A civil date as people in China write it: `2025年6月1日`; what is no date stays as it is."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{at.year}年{at.month}月{at.day}日"
