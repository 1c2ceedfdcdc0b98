"""The transcript (抽取记录): all that anybody needs to draw again and see that it comes out the same.

LM-DRAW-1, step 6. It is published with `frame.csv`; `verifier` needs nothing else, no database and no network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import rfc8785

from services.chassis.errors import FailedPrecondition
from services.sampling.model.commitment import SPEC, Commitment
from services.sampling.model.tickets import DrawnStratum, tally
from services.sampling.model.window_commitment import WindowCommitment
from services.sampling.verifier import Fault, verify

__all__ = ["Fault", "WindowDoesNotFit", "transcript", "transcript_bytes", "verify"]


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
