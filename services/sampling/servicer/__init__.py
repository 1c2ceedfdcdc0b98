"""gRPC in."""

from __future__ import annotations

from services.sampling.servicer.commitments import CommitmentsServicer
from services.sampling.servicer.draws import DrawsServicer
from services.sampling.servicer.files import DirectoryFilesServicer
from services.sampling.servicer.inspectors import InspectorsServicer
from services.sampling.servicer.objects import ObjectsServicer
from services.sampling.servicer.recusals import RecusalsServicer
from services.sampling.servicer.standings import StandingsServicer
from services.sampling.servicer.windows import JointWindowsServicer

__all__ = [
    "CommitmentsServicer",
    "DirectoryFilesServicer",
    "DrawsServicer",
    "InspectorsServicer",
    "JointWindowsServicer",
    "ObjectsServicer",
    "RecusalsServicer",
    "StandingsServicer",
]
