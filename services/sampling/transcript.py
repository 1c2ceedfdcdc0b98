"""The transcript (抽取记录): all that anybody needs to draw again and see that it comes out the same.

LM-DRAW-1, step 6. It is published with `frame.csv`; `verify` needs nothing else, no database and no network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

import rfc8785

from services.chassis.errors import FailedPrecondition
from services.sampling.abandonment_record import abandonment_faults, is_record
from services.sampling.faults import (
    Fault,
    Json,
    commitment_and_seed_faults,
    frame_faults,
    quota_faults,
    redraw_faults,
    result_faults,
    seed_to_use,
)
from services.sampling.model.commitment import SPEC, Commitment, WindowCommitment
from services.sampling.model.tickets import DrawnStratum, tally
from services.sampling.shape import HEX64, misfits, read_json

__all__ = ["SHAPE", "Fault", "WindowDoesNotFit", "transcript", "transcript_bytes", "verify"]

RATIO = re.compile(r"0|1|0\.[0-9]{0,11}[1-9]")
OBJECTS = [{"id": str, "ticket": re.compile(r"[0-9a-f]{32}")}]
SHAPE = {
    "spec": re.compile(SPEC),
    "commitment": {
        "spec": re.compile(SPEC),
        "draw": str,
        "round": int,
        "frame_sha256": HEX64,
        "frame_count": int,
        "excluded_sha256": HEX64,
        "strata": [{"name": str, "count": int, "quota": int, "ratio?": RATIO}],
        "contributions": [HEX64],
        "total?": int,
        "redraw?": {"previous": HEX64, "reason": str, "approved_by": str},
    },
    "commitment_sha256": HEX64,
    "window?": {
        "commitment": {"spec": re.compile(SPEC), "window": str, "draws": [HEX64], "contributions": [HEX64]},
        "commitment_sha256": HEX64,
    },
    "secrets": [HEX64],
    "seed": HEX64,
    "wanted": int,
    "drawn": int,
    "short": int,
    "strata": [
        {
            "name": str,
            "wanted": int,
            "drawn": int,
            "short": int,
            "winners": OBJECTS,
            "substitutes": OBJECTS,
            "unlisted": int,
        }
    ],
}


RECORD_SHAPE = {
    "spec": SHAPE["spec"],
    "commitment": SHAPE["commitment"],
    "commitment_sha256": HEX64,
    "contributions": [{"contributor": str, "sha256": HEX64, "secret?": HEX64}],
}


class WindowDoesNotFit(FailedPrecondition):
    """A draw has contributions of its own although it belongs to a window, or the window does not list it."""

    def __init__(self, draw: str, window: str) -> None:
        super().__init__(
            f"抽取 {draw} 未列入集中抽取 {window}，或自带了随机数",
            f"draw {draw!r} is not one of window {window!r}, or has contributions of its own",
            draw=draw,
            window=window,
        )


def transcript(
    commitment: Commitment,
    secrets: Sequence[bytes],
    drawn: Sequence[DrawnStratum],
    window: WindowCommitment | None = None,
) -> dict[str, object]:
    """The transcript of a draw that was revealed.

    Args:
        commitment: what was announced.
        secrets: what was revealed; of a draw in a window, the window's.
        drawn: as `draw_from` gives it, for the strata of the commitment.
        window: the joint window the draw belongs to, if it does.

    Raises:
        SecretsMissing, SecretDoesNotMatch, WindowDoesNotFit: this could not be verified by anybody.
    """
    if window is not None and (commitment.contributions or commitment.digest() not in window.draws):
        raise WindowDoesNotFit(commitment.draw, window.window)
    seed = (window or commitment).seed(secrets)
    strata = sorted(drawn, key=lambda stratum: stratum.name)
    return {
        "spec": SPEC,
        "commitment": commitment.document(),
        "commitment_sha256": commitment.digest(),
        **(
            {}
            if window is None
            else {"window": {"commitment": window.document(), "commitment_sha256": window.digest()}}
        ),
        "secrets": [secret.hex() for secret in secrets],
        "seed": seed.hex(),
        **tally(strata),
        "strata": [stratum_document(stratum) for stratum in strata],
    }


def stratum_document(stratum: DrawnStratum) -> dict[str, object]:
    """What was drawn from one stratum, as JSON."""
    return {
        "name": stratum.name,
        **tally([stratum]),
        "winners": [{"id": object.id, "ticket": object.ticket} for object in stratum.winners],
        "substitutes": [{"id": object.id, "ticket": object.ticket} for object in stratum.substitutes],
        "unlisted": stratum.unlisted,
    }


def transcript_bytes(document: Mapping[str, object]) -> bytes:
    """A transcript as the file that is published (RFC 8785), always the same bytes for the same transcript."""
    return rfc8785.dumps(dict(document))  # type: ignore[arg-type]  # its own type of JSON is invariant


def verify(
    transcript: Json | bytes,
    frame_csv: bytes,
    excluded_csv: bytes | None = None,
    *,
    announced: str | None = None,
    previous: Json | None = None,
) -> list[Fault]:
    """Draw again from the transcript and the frame, and name everything that is not as it must be.

    Each thing is judged by what the transcript says of the things before it, so that one wrong cause is named as
    itself and not through everything that follows from it.

    Args:
        excluded_csv: who was left out; not looked at when None.
        announced: the commitment as it was announced before the draw (of a draw in a window: the window's).
        previous: the transcript of the round before, or the record of its abandonment; needed to check a redraw's link
            to it.

    Returns:
        the faults; none: sound.
    """
    try:
        document = read_json(transcript) if isinstance(transcript, bytes) else transcript
    except ValueError as wrong:
        return [Fault("MALFORMED", "", f"不是有效的 JSON：{wrong}", f"it is not JSON: {wrong}")]
    if malformed := [Fault("MALFORMED", misfit.where, misfit.zh, misfit.en) for misfit in misfits(document, SHAPE)]:
        return malformed
    if previous is not None and any(misfits(previous, RECORD_SHAPE if is_record(previous) else SHAPE)):
        return [
            Fault(
                "PREVIOUS_ROUND",
                "",
                "所给的上一轮抽取记录不合规范",
                "what is given as the round before is no transcript",
            )
        ]
    document = cast(Json, document)
    seed_faults = list(commitment_and_seed_faults(document, announced))
    return [
        *frame_faults(document["commitment"], frame_csv, excluded_csv),
        *quota_faults(document["commitment"]),
        *redraw_faults(document["commitment"], previous),
        *abandonment_faults(document["commitment"], previous),
        *seed_faults,
        *result_faults(document, frame_csv, seed_to_use(document, seed_faults)),
    ]
