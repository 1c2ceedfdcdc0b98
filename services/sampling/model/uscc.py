"""Unified social credit codes (GB 32100-2015): eighteen characters, the last of which checks the others."""

from __future__ import annotations

import re
from operator import mul

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1)
LENGTH = 18

VALUES = bytes(max(ALPHABET.find(chr(byte)), 0) for byte in range(256))
SHAPE = re.compile(rf"[0-9]{{8}}[{ALPHABET}]{{10}}")


def compact(text: str) -> str:
    """The code without the spaces and hyphens people write into it, in capitals."""
    return text.replace(" ", "").replace("-", "").upper()


def broken_rule(code: str) -> str:
    """The rule a code breaks: `USCC_LENGTH`, `USCC_CHARACTER` or `USCC_CHECK_DIGIT`; empty: it is sound."""
    if SHAPE.fullmatch(code):
        values = code.encode("ascii").translate(VALUES)
        return "USCC_CHECK_DIGIT" if sum(map(mul, WEIGHTS, values)) % 31 else ""
    return "USCC_CHARACTER" if len(code) == LENGTH else "USCC_LENGTH"


def check_digit(body: str) -> str:
    """The eighteenth character for the first seventeen."""
    values = body.encode("ascii").translate(VALUES)
    return ALPHABET[-sum(map(mul, WEIGHTS, values)) % 31]


def region(code: str) -> str:
    """GB/T 2260 code of where it was given out: characters 3 to 8."""
    return code[2:8]


REASONS = {
    "USCC_LENGTH": ("统一社会信用代码应为 18 位", "a unified social credit code has 18 characters"),
    "USCC_CHARACTER": (
        "统一社会信用代码含有不允许的字符（前 8 位为数字，其余不含 I、O、S、V、Z）",
        "a unified social credit code starts with 8 digits and has no I, O, S, V or Z",
    ),
    "USCC_CHECK_DIGIT": (
        "统一社会信用代码校验位不符，请核对",
        "the check digit of the unified social credit code is wrong",
    ),
}
"""What each rule asks for, in Chinese and in English."""
