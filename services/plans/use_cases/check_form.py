"""Making and changing check forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.chassis.identity import Principal
from services.chassis.work import Work
from services.plans.events import CheckFormChanged
from services.plans.model import checks
from services.plans.model.check_form import CheckForm, CheckFormContent, CheckFormVersion
from services.plans.model.values import content_of
from services.plans.use_cases.authority import authorities_named, no_such_authority, own_authority
from services.plans.use_cases.matter import matters_named


def create_check_form(
    work: Work, authority_id: str, content: CheckFormContent, *, by: Principal, now: datetime
) -> CheckForm:
    """Make a form, kept by the caller's authority; an administrator names one."""
    keeper = _keeper(work, authority_id, by)
    _check(work, content)
    return keep_version(work, enter_check_form(work, keeper, content), by=by, now=now)


def enter_check_form(work: Work, keeper: str, content: CheckFormContent) -> CheckForm:
    """Keep a new form whose content is checked."""
    form = CheckForm(form_id=work.new_id(), authority_id=keeper)
    form.change(content)
    work.add(form)
    return form


def update_check_form(
    work: Work, form_id: str, changes: Mapping[str, Any], *, etag: str = "", by: Principal, now: datetime
) -> CheckForm:
    """Make a new version of a form."""
    form = _kept_form(work, form_id, etag, by)
    form.require_active()
    content = replace(content_of(form, CheckFormContent), **changes)
    _check(work, content)
    form.change(content)
    return keep_version(work, form, by=by, now=now)


def retire_check_form(work: Work, form_id: str, *, etag: str = "", by: Principal, now: datetime) -> CheckForm:
    """Take a form off the list; tasks that have it keep it."""
    form = _kept_form(work, form_id, etag, by)
    form.retire()
    return keep_version(work, form, by=by, now=now)


def _kept_form(work: Work, form_id: str, etag: str, by: Principal) -> CheckForm:
    form = work.get(CheckForm, form_id, etag=etag, lock=True)
    if "administrator" not in by.roles:
        by.require(authority=form.authority_id)
    return form


def _keeper(work: Work, authority_id: str, by: Principal) -> str:
    if "administrator" not in by.roles or not authority_id:
        own = own_authority(work, by).authority_id
        by.require(authority=authority_id or own)
        return own
    unknown = [] if authorities_named(work, {authority_id}) else [no_such_authority(authority_id)]
    checks.refuse(unknown, within="check_form")
    return authority_id


def _check(work: Work, content: CheckFormContent) -> None:
    matters = matters_named(work, {item.matter_id for item in content.items})
    checks.refuse(content.violations(matters), within="check_form")


def keep_version(work: Work, form: CheckForm, *, by: Principal, now: datetime) -> CheckForm:
    """Put the version a form has come to on record, and announce it."""
    work.add(CheckFormVersion.of(form, now=now, by=by.subject))
    work.emit(CheckFormChanged.of(form))
    return form
