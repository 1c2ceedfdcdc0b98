"""Making and changing check forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.chassis.errors import Violation
from services.chassis.identity import Principal
from services.chassis.work import Work
from services.plans.events import CheckFormChanged
from services.plans.model import checks
from services.plans.model.check_form import CheckForm, CheckFormContent, CheckFormVersion
from services.plans.model.values import content_of
from services.plans.use_cases.authority import authorities_named, own_authority
from services.plans.use_cases.matter import matters_named


def create_check_form(
    work: Work, authority_id: str, content: CheckFormContent, *, by: Principal, now: datetime
) -> CheckForm:
    """Make a form, kept by the caller's authority; an administrator names one."""
    keeper = _keeper(work, authority_id, by)
    _check(work, content)
    form = CheckForm(form_id=work.new_id(), authority_id=keeper)
    form.change(content)
    work.add(form)
    return _keep_version(work, form, by=by, now=now)


def update_check_form(
    work: Work, form_id: str, changes: Mapping[str, Any], *, etag: str = "", by: Principal, now: datetime
) -> CheckForm:
    """Make a new version of a form."""
    form = work.get(CheckForm, form_id, etag=etag, lock=True)
    if "administrator" not in by.roles:
        by.require(authority=form.authority_id)
    content = replace(content_of(form, CheckFormContent), **changes)
    _check(work, content)
    form.change(content)
    return _keep_version(work, form, by=by, now=now)


def _keeper(work: Work, authority_id: str, by: Principal) -> str:
    if "administrator" not in by.roles or not authority_id:
        own = own_authority(work, by).authority_id
        by.require(authority=authority_id or own)
        return own
    unknown = [] if authorities_named(work, {authority_id}) else [_unknown(authority_id)]
    checks.refuse(unknown, within="check_form")
    return authority_id


def _unknown(authority_id: str) -> Violation:
    zh = f"机构（{authority_id}）不存在"
    return Violation("authority_id", "UNKNOWN_AUTHORITY", zh, f"there is no authority {authority_id!r}")


def _check(work: Work, content: CheckFormContent) -> None:
    matters = matters_named(work, {item.matter_id for item in content.items})
    checks.refuse(content.violations(matters), within="check_form")


def _keep_version(work: Work, form: CheckForm, *, by: Principal, now: datetime) -> CheckForm:
    work.add(CheckFormVersion.of(form, now=now, by=by.subject))
    work.emit(CheckFormChanged.of(form))
    return form
