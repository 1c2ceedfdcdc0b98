"""What the sheets of officials show, under the heads of their template."""

from __future__ import annotations

from services.chassis.sheets import Columns
from services.plans.model.official import Official
from services.plans.queries.columns import text, words_of
from services.plans.use_cases.import_officials import ROLES

ROLE_WORDS = words_of(ROLES)

OFFICIAL_COLUMNS: Columns[Official] = {
    "账号": lambda official: official.subject,
    "姓名": lambda official: official.name,
    "统一社会信用代码": lambda official: official.authority_id,
    "角色": lambda official: "、".join(ROLE_WORDS[role] for role in official.roles),
    "职务": lambda official: official.post,
    "任职起始日期": lambda official: text(official.active_from),
    "任职截止日期": lambda official: text(official.active_until),
    "是否已移出名册": lambda official: "是" if official.retired else "否",
}
