"""The proof of one object (抽取证明): that its line is in the committed frame, without naming anybody else.

`verifier.verify_proof` checks it against the transcript.
"""

from __future__ import annotations

import rfc8785

from services.chassis.errors import FailedPrecondition
from services.sampling.model.merkle import LEAF, Line, hashes_around, path

SPEC = "LM-DRAW-1-PROOF"


class NoProof(FailedPrecondition):
    """The draw was committed before frames had a tree."""

    def __init__(self, draw_id: str) -> None:
        super().__init__(
            f"抽取（{draw_id}）的承诺中没有默克尔根，只能用完整的抽取范围验证",
            f"draw {draw_id!r} was committed without a tree; verify it with its whole frame",
            draw_id=draw_id,
        )


def proof(commitment_sha256: str, object_id: str, line: Line, frame_csv: bytes, leaves: bytes) -> dict[str, object]:
    """The proof of an object.

    Args:
        line: where the object stands in the frame.
        leaves: as `merkle.leaves` gives them.
    """
    return {
        "spec": SPEC,
        "commitment_sha256": commitment_sha256,
        "id": object_id,
        "stratum": line.stratum,
        "line": line.number,
        "lines": [each.hex() for each in hashes_around(frame_csv, line)],
        "path": path(leaves, (line.number - 1) // LEAF),
    }


def proof_bytes(document: dict[str, object]) -> bytes:
    """A proof as the file that is handed out (RFC 8785)."""
    return rfc8785.dumps(document)  # type: ignore[arg-type]  # its own type of JSON is invariant
