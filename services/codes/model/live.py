"""The live proof of a presented code (动态亮码): it shows that this is the inspector's screen now, no picture of it.

A presented code carries, behind its signed text, a proof that changes every fifteen seconds: the number of the step and
a MAC over it by a secret of that code. The inspector's device may hold the secret and go on without a network.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from services.chassis.clock import SHANGHAI
from services.chassis.errors import FailedPrecondition, InvalidArgument, Violation

STEP = 15
"""Seconds one proof is shown."""
STALE_AFTER = 3
"""Steps a proof is still taken after its own: time to scan, and a slow network."""
AHEAD = 2
"""Steps the clock of the device that shows it may be ahead of ours."""
_MAC = 11
_LENGTH = 24


class PresentationStale(FailedPrecondition):
    """The proof is of another time: a screenshot, a photograph, or a clock that is wrong."""

    def __init__(self, shown_at: datetime) -> None:
        at = shown_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        super().__init__(
            f"所扫检查码是 {at} 的画面（截图或照片），请检查人员当场重新亮码后再扫",
            f"the code was shown at {shown_at.isoformat()}: scan the inspector's screen, not a picture of it",
            shown_at=at,
        )


class PresentationForged(InvalidArgument):
    """The proof is not one of this code's."""

    def __init__(self) -> None:
        zh = "检查码后附的动态验证内容不符，请核对检查人员身份并重新扫码"
        super().__init__(Violation("text", "PRESENTATION_FORGED", zh, "the live proof behind the code is not its own"))


class PresentationNeeded(FailedPrecondition):
    """The text is the printed code: good for checking, not for a visit."""

    def __init__(self) -> None:
        super().__init__(
            "所扫为静态检查码（打印件或图片），只能查验真伪；请扫描检查人员手机当场亮出的动态检查码",
            "this is the static code, good for checking only: scan the code the inspector presents on the screen",
        )


def split(text: str) -> tuple[str, str]:
    """A scanned text without its live proof, and the proof; empty: it has none."""
    head, slash, proof = text.strip().rpartition("/")
    is_proof = slash and len(proof) == _LENGTH and len(head) > _LENGTH and not head.upper().endswith(("/V", "/R"))
    return (head, proof) if is_proof else (text, "")


def secret_of(master: bytes, code_id: str) -> bytes:
    """The secret of one code.

    Args:
        master: of the platform.
    """
    return hmac.digest(master, b"LM-LIVE-1\0" + UUID(code_id).bytes, sha256)[:20]


def proof_at(secret: bytes, now: datetime) -> str:
    """What is shown behind a code at an instant: 24 characters of base32."""
    step = (int(now.timestamp()) // STEP).to_bytes(4)
    return base64.b32encode(step + _mac(secret, step)).decode()


def shown_until(now: datetime) -> datetime:
    """When another proof is shown."""
    return datetime.fromtimestamp((int(now.timestamp()) // STEP + 1) * STEP, UTC)


def check(secret: bytes, proof: str, now: datetime) -> None:
    """Refuse what is not shown now.

    Raises:
        PresentationForged: it is none of this code's proofs.
        PresentationStale: it is one, of another time.
    """
    try:
        shown = base64.b32decode(proof.upper())
    except ValueError:
        raise PresentationForged from None
    step = shown[:4]
    if not hmac.compare_digest(shown[4:], _mac(secret, step)):
        raise PresentationForged
    age = int(now.timestamp()) // STEP - int.from_bytes(step)
    if not -AHEAD <= age <= STALE_AFTER:
        raise PresentationStale(datetime.fromtimestamp(int.from_bytes(step) * STEP, UTC))


def _mac(secret: bytes, step: bytes) -> bytes:
    return hmac.digest(secret, step, sha256)[:_MAC]
