"""Unified social credit codes (GB 32100-2015): eighteen characters, the last of which checks the others."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18

DIGITS = bytes.maketrans(ALPHABET.encode(), b"0123456789abcdefghijklmnopqrstu")
SHAPE = re.compile(rf"[0-9]{{8}}[{ALPHABET}]{{10}}")

VALUES = np.array([ALPHABET.find(chr(byte)) for byte in range(256)], np.int8)
GREATEST = np.array([9] * 8 + [30] * 10, np.int8)
WEIGHTS = np.array([*(3**place % 31 for place in range(17)), 1])


def compact(text: str) -> str:
    """The code without the spaces and hyphens people write into it, in capitals."""
    return text.replace(" ", "").replace("-", "").upper()


def broken_rule(code: str) -> str:
    """The rule a code breaks: `USCC_LENGTH`, `USCC_CHARACTER` or `USCC_CHECK_DIGIT`; empty: it is sound."""
    if SHAPE.fullmatch(code):
        return "" if code[17] == check_digit(code[:17]) else "USCC_CHECK_DIGIT"
    return "USCC_CHARACTER" if len(code) == LENGTH else "USCC_LENGTH"


def sound(codes: Sequence[str]) -> list[bool]:
    """Which codes break no rule: thousands at once, several times as fast as one by one."""
    shaped = "".join(code if len(code) == LENGTH and code.isascii() else "-" * LENGTH for code in codes)
    values = VALUES[np.frombuffer(shaped.encode(), np.uint8)].reshape(-1, LENGTH)
    fits = ((values >= 0) & (values <= GREATEST)).all(axis=1)
    return (fits & (values @ WEIGHTS % 31 == 0)).tolist()  # type: ignore[no-any-return]


def check_digit(body: str) -> str:
    """The eighteenth character for the first seventeen.

    Their weights are the powers of 3 modulo 31, and 34 is 3 modulo 31: backwards they are a number in base 34.
    """
    return ALPHABET[-int(body.encode("ascii").translate(DIGITS)[::-1], 34) % 31]


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
