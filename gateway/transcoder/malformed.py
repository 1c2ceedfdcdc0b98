"""What a field must be, and the refusal of one that is not."""

from __future__ import annotations

from gateway.problems import Violation

EXPECTED = {
    "INTEGER": ("应为整数，且在该字段的取值范围内", "must be a whole number within the field's range"),
    "NUMBER": ("应为数值，且在该字段的取值范围内", "must be a number within the field's range"),
    "BOOLEAN": ("应为 true 或 false", "must be true or false"),
    "STRING": ("应为字符串", "must be a string"),
    "BASE64": ("应为 Base64 字符串", "must be a string in base64"),
    "TIMESTAMP": (
        "应为 RFC 3339 时间，例如 2025-06-01T08:00:00Z",
        "must be an RFC 3339 instant, e.g. 2025-06-01T08:00:00Z",
    ),
    "DURATION": ("应为秒数，例如 1.5s", "must be seconds, e.g. 1.5s"),
    "FIELD_MASK": ("应为以逗号分隔的字段名", "must be field names separated by commas"),
    "LIST": ("应为数组", "must be a list"),
    "OBJECT": ("应为 JSON 对象", "must be a JSON object"),
    "ANY": ("应为带 @type 的 JSON 对象", "must be a JSON object with @type"),
    "VALUE": ("不是允许的 JSON 值", "must be a JSON value that nests less than 100 deep"),
    "NOT_NULL": ("不能为 null", "must not be null"),
    "UNKNOWN_FIELD": ("没有这个字段，请检查拼写", "there is no such field; check the spelling"),
    "GIVEN_TWICE": ("同一字段重复给出", "is given twice"),
    "ONE_OF": ("与另一字段互斥，只能给出其中一个", "excludes another field that is given; give only one of them"),
}


class Malformed(ValueError):
    """Fields that do not fit the message, and why."""

    def __init__(self, *violations: Violation) -> None:
        super().__init__("; ".join(f"{v.field}: {v.en}" for v in violations))
        self.violations = violations

    @classmethod
    def field(cls, field: str, rule: str) -> Malformed:
        """One field that breaks a rule of the JSON mapping."""
        return cls(Violation(field, rule, *EXPECTED[rule]))

    def under(self, parent: str) -> Malformed:
        """The same seen from the message that holds this one in its field `parent`."""
        return Malformed(*(violation.under(parent) for violation in self.violations))
