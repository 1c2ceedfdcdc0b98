"""The record of an abandoned commitment (承诺作废记录), and what must hold of the round that replaces it.

LM-DRAW-1, step 3. `verify` takes the record in the place of the transcript of the round before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import rfc8785

from services.sampling.faults import Fault, Json
from services.sampling.model.abandonment import WITHHELD
from services.sampling.model.frame import sha256_hex

SAME = ("frame_sha256", "frame_count", "excluded_sha256", "strata", "total")
"""What the round after an abandoned one commits to again."""


def is_record(previous: object) -> bool:
    """Whether what is given as the round before is the record of an abandoned one, by its members."""
    return isinstance(previous, Mapping) and "contributions" in previous


def replaces_abandoned(commitment: Json) -> bool:
    """Whether a commitment says that it replaces an abandoned one."""
    reason = commitment.get("redraw", {}).get("reason", "")
    return str(reason).split(" ", 1)[0] == WITHHELD


def abandonment_faults(commitment: Json, previous: Json | None) -> Iterator[Fault]:
    """Whether a round that replaces an abandoned one is the same in all but its secrets, and names who is dropped."""
    if previous is None or "redraw" not in commitment:
        return
    if is_record(previous) != replaces_abandoned(commitment):
        yield fault(
            "上一轮是否作废与重新承诺的理由不符", "the reason does not fit to how the round before came to its end"
        )
    elif is_record(previous):
        yield from record_faults(previous)
        yield from successor_faults(commitment, previous)


def record_faults(record: Json) -> Iterator[Fault]:
    """Whether the record is true to its commitment, and somebody kept a secret back."""
    given = record["contributions"]
    if sha256_hex(rfc8785.dumps(record["commitment"])) != record["commitment_sha256"]:
        yield fault("作废记录所载承诺的哈希不符", "the record's commitment does not hash to what it says")
    if [each["sha256"] for each in given] != record["commitment"]["contributions"]:
        yield fault("作废记录的随机数哈希与承诺不符", "the record's contributions are not those of its commitment")
    for each in given:
        if "secret" in each and hashlib.sha256(bytes.fromhex(each["secret"])).hexdigest() != each["sha256"]:
            yield fault(
                f"{each['contributor']} 的随机数与哈希不符",
                f"the secret of {each['contributor']} does not fit its hash",
            )
    if all("secret" in each for each in given):
        yield fault("各方随机数均已揭示，承诺不应作废", "all secrets are there: nothing was to be abandoned")


def successor_faults(commitment: Json, record: Json) -> Iterator[Fault]:
    """Whether the next round changes nothing but the secrets."""
    before = record["commitment"]
    if changed := [name for name in SAME if before.get(name) != commitment.get(name)]:
        names = ", ".join(changed)
        yield fault(f"重新承诺改动了 {names}", f"the renewed commitment has another {names}")
    if set(before["contributions"]) & set(commitment["contributions"]):
        yield fault("重新承诺使用了作废承诺的随机数", "a secret of the abandoned commitment is used again")
    withheld = [each["sha256"] for each in record["contributions"] if "secret" not in each]
    if commitment["redraw"]["reason"] != " ".join([WITHHELD, *withheld]):
        yield fault("重新承诺未如实写明未揭示的随机数", "the reason does not name the secrets that were kept back")


def fault(zh: str, en: str) -> Fault:
    """What is wrong with an abandonment."""
    return Fault("ABANDONED", "/commitment/redraw", zh, en)
