"""The facts sampling announces; each mirrors its message in `liangma.sampling.v1`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import NamedTuple, TypeVar

from services.sampling.model.records import MatchParticipant
from services.sampling.model.teams import Team

T = TypeVar("T")

MOST = 500
"""Objects, inspectors, teams or matches in one fact."""


def in_parts(things: Sequence[T], most: int = MOST) -> Iterator[tuple[T, ...]]:
    """The things in tuples that fit into one fact each."""
    rest = iter(things)
    while part := tuple(islice(rest, most)):
        yield part


class ObjectState(NamedTuple):
    """An object as others need to know it: a tuple, because registries bring them by the hundred thousand."""

    object_id: str
    version: int
    type: str
    name: str
    registration_status: str
    region: str
    address: str = ""
    industry: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectChanged:
    """Objects were entered or changed."""

    batch_id: str
    objects: tuple[ObjectState, ...]


@dataclass(frozen=True)
class InspectorState:
    """An inspector as others need to know them."""

    certificate: str
    version: int
    name: str
    authority_id: str
    region: str
    valid_until: date
    domains: tuple[str, ...] = ()
    qualifications: tuple[str, ...] = ()
    expert: bool = False
    subject: str = ""
    retired: bool = False


@dataclass(frozen=True)
class InspectorChanged:
    """Inspectors were entered or changed."""

    batch_id: str
    inspectors: tuple[InspectorState, ...]


@dataclass(frozen=True)
class ExpiringCertificate:
    """A certificate that is about to expire, or has."""

    certificate: str
    name: str
    authority_id: str
    valid_until: date
    subject: str = ""


@dataclass(frozen=True)
class CertificateExpiring:
    """Certificates expire soon, or have expired."""

    batch_id: str
    expired: bool
    certificates: tuple[ExpiringCertificate, ...]


@dataclass(frozen=True)
class DrawCommitted:
    """A frame was frozen and its commitment announced."""

    draw_id: str
    task_id: str
    round: int
    commitment: str
    window_id: str = ""


@dataclass(frozen=True)
class DrawAbandoned:
    """A commitment was given up because a secret was kept back."""

    draw_id: str
    task_id: str
    round: int
    commitment: str
    withheld: tuple[str, ...]
    authority_id: str
    path: str
    title: str


@dataclass(frozen=True)
class DrawRevealed:
    """The secrets were revealed and the draw is done."""

    draw_id: str
    task_id: str
    round: int
    commitment: str
    transcript_sha256: str
    frame_count: int
    drawn_count: int
    wanted_count: int
    authority_id: str
    path: str
    title: str


@dataclass(frozen=True)
class DrawnObject:
    """An object that was drawn."""

    object_id: str
    stratum: str
    rank: int
    substitute: bool
    name: str
    region: str


@dataclass(frozen=True)
class ObjectsDrawn:
    """Objects were drawn for a task."""

    draw_id: str
    task_id: str
    round: int
    part: int
    parts: int
    objects: tuple[DrawnObject, ...]


@dataclass(frozen=True)
class InspectorsDrawn:
    """Inspectors were drawn for a task."""

    inspectors_draw_id: str
    task_id: str
    teams: tuple[Team, ...]


@dataclass(frozen=True)
class InspectorReplaced:
    """Somebody else was drawn in the place of an inspector."""

    inspectors_draw_id: str
    task_id: str
    certificate: str
    reason: str
    teams: tuple[Team, ...]


@dataclass(frozen=True)
class JointMatch:
    """An object that several draws of one window share."""

    match_id: str
    object_id: str
    lead_id: str
    participants: tuple[MatchParticipant, ...]
    lead_rule: str


@dataclass(frozen=True)
class JointMatched:
    """The draws of a window were compared."""

    window_id: str
    window_name: str
    matches: tuple[JointMatch, ...]
