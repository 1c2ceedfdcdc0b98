"""Revealing (揭示): from the seed to the locked list of objects, its transcript, and what the others hear of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.chassis.work import Work
from services.sampling.events import DrawnObject, DrawRevealed, ObjectsDrawn, in_parts
from services.sampling.model.draw import Draw
from services.sampling.model.frame import read_frame, sha256_hex
from services.sampling.model.records import DrawnRow, FrozenFile
from services.sampling.model.tickets import DrawnStratum, draw_from
from services.sampling.model.window_commitment import WindowCommitment
from services.sampling.transcript import transcript, transcript_bytes
from services.sampling.use_cases.announcing import keep_announced
from services.sampling.use_cases.population import Population

FRAME, LEAVES, EXCLUDED, TRANSCRIPT = "frame.csv", "frame.leaves", "excluded.csv", "transcript.json"


def reveal(
    work: Work,
    population: Population,
    draw: Draw,
    secrets: Sequence[bytes],
    window: WindowCommitment | None,
    now: datetime,
) -> list[str]:
    """Draw, lock and announce a committed round; the ids of the drawn ones.

    Args:
        window: the joint window whose seed is used; None: the draw's own.
    """
    committed = draw.round.committed
    assert committed is not None  # only a committed round gets here
    seed = (window or committed).seed(secrets)
    frame = read_frame(work.get(FrozenFile, f"{place(draw)}/{FRAME}").content)
    drawn = draw_from(frame, draw.round.quotas, seed, draw.round.substitutes)
    document = transcript_bytes(transcript(committed, secrets, drawn, window))
    draw.reveal(secrets, seed, sha256_hex(document), now)
    keep(work, draw, TRANSCRIPT, document)
    keep_announced(work, draw, draw.round)
    rows = drawn_rows(draw, drawn, population)
    work.insert(DrawnRow, rows)
    announce(work, draw, rows)
    return [str(row["object_id"]) for row in rows if not row["substitute"]]


def drawn_rows(draw: Draw, drawn: Iterable[DrawnStratum], population: Population) -> list[dict[str, object]]:
    """A row for every object drawn and every substitute, in order."""
    found = [
        (stratum.name, rank, is_substitute, each.id)
        for stratum in drawn
        for is_substitute, objects in ((False, stratum.winners), (True, stratum.substitutes))
        for rank, each in enumerate(objects, 1)
    ]
    names = population.names([object_id for *_, object_id in found])
    return [
        {
            "row_id": f"{draw.draw_id}/{draw.round.number}/{number}",
            "draw_id": draw.draw_id,
            "round": draw.round.number,
            "place": number,
            "object_id": object_id,
            "stratum": stratum,
            "rank": rank,
            "substitute": is_substitute,
            "name": names[object_id][0],
            "region": names[object_id][1],
        }
        for number, (stratum, rank, is_substitute, object_id) in enumerate(found, 1)
    ]


def announce(work: Work, draw: Draw, rows: Sequence[Mapping[str, object]]) -> None:
    """Tell the others what was drawn."""
    done = draw.round
    work.emit(
        DrawRevealed(
            draw.draw_id,
            draw.task_id,
            done.number,
            done.commitment,
            done.transcript_sha256,
            done.frame_count,
            done.drawn_count,
            done.wanted_count,
            draw.authority_id,
            f"/v1/draws/{draw.draw_id}/transcript?round={done.number}",
            f"{draw.task_number or draw.task_name} 第{done.number}轮抽取记录",
        )
    )
    fields = DrawnObject.__dataclass_fields__
    parts = list(in_parts([DrawnObject(**{name: row[name] for name in fields}) for row in rows]))  # type: ignore[arg-type]
    for number, part in enumerate(parts, 1):
        work.emit(ObjectsDrawn(draw.draw_id, draw.task_id, done.number, number, len(parts), part))


def place(draw: Draw) -> str:
    """Where what belongs to the current round is kept."""
    return f"{draw.draw_id}/{draw.round.number}"


def keep(work: Work, draw: Draw, name: str, content: bytes) -> None:
    """Keep a file of the current round."""
    file = FrozenFile.of(place(draw), name, content)
    file.owner_id = draw.draw_id
    work.add(file)
