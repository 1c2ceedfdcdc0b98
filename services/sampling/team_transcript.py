"""The transcript of a draw of inspectors (检查人员抽取记录): who could be drawn, and who was.

LM-DRAW-1, step 5. It shows that nobody chose among those who are listed. It names people, so it goes to the
authorities concerned and their supervisor; the public gets the transcript of the objects.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import cast

from services.chassis.errors import Refusal
from services.sampling.model.commitment import SPEC
from services.sampling.model.team_draw import draw_teams
from services.sampling.model.teams import Candidate, Post, Team, in_ticket_order
from services.sampling.verifier import HEX64, Fault, Json, misfits, read_json

REGION = re.compile("[0-9]*")
SHAPE = {
    "spec": re.compile(SPEC),
    "commitment_sha256": HEX64,
    "seed": HEX64,
    "size": int,
    "posts": [
        {
            "object_id": str,
            "authority_id": str,
            "region": REGION,
            "domains": [str],
            "qualifications": [str],
            "kept?": [str],
        }
    ],
    "candidates": [
        {
            "certificate": str,
            "authority_id": str,
            "region": REGION,
            "domains": [str],
            "qualifications": [str],
            "expert": bool,
            "load": int,
        }
    ],
    "recusals": [{"object_id": str, "certificate": str}],
    "teams": [{"object_id": str, "authority_id": str, "certificates": [str], "experts": [str]}],
}


def team_transcript(
    commitment_sha256: str,
    seed: bytes,
    posts: Iterable[Post],
    candidates: Iterable[Candidate],
    recusals: Collection[tuple[str, str]],
    size: int,
    teams: Sequence[Team],
) -> dict[str, object]:
    """The transcript of a draw of inspectors.

    Args:
        commitment_sha256: of the draw (or window) whose seed this is.
        seed, posts, candidates, recusals, size: as given to `draw_teams`.
        teams: as it answered.
    """
    return {
        "spec": SPEC,
        "commitment_sha256": commitment_sha256,
        "seed": seed.hex(),
        "size": size,
        "posts": [as_json(post) for post in in_ticket_order(seed, posts)],
        "candidates": [as_json(candidate) for candidate in sorted(candidates, key=lambda c: c.certificate)],
        "recusals": [{"object_id": object_id, "certificate": number} for object_id, number in sorted(set(recusals))],
        "teams": [as_json(team) for team in teams],
    }


def as_json(value: Post | Candidate | Team) -> dict[str, object]:
    """A dataclass as JSON; what has no order is sorted by UTF-8 bytes, who stays is named only where somebody does."""
    return {
        name: sorted(member) if isinstance(member, frozenset) else list(member) if isinstance(member, tuple) else member
        for name, member in vars(value).items()
        if name != "kept" or member
    }


def verify_teams(transcript: Json | bytes, draw: Json | None = None) -> list[Fault]:
    """Draw the inspectors again and name everything that is not as it must be.

    Args:
        draw: the transcript of the draw whose seed was used; its own faults are not looked for.

    Returns:
        the faults; none: sound.
    """
    try:
        document = read_json(transcript) if isinstance(transcript, bytes) else transcript
    except ValueError as wrong:
        return [Fault("MALFORMED", "", f"不是有效的 JSON：{wrong}", f"it is not JSON: {wrong}")]
    if malformed := [Fault("MALFORMED", misfit.where, misfit.zh, misfit.en) for misfit in misfits(document, SHAPE)]:
        return malformed
    document = cast(Json, document)
    return [*([] if draw is None else other_seed_faults(document, draw)), *team_faults(document)]


def other_seed_faults(document: Json, draw: Json) -> Iterator[Fault]:
    """Whether commitment and seed are those of the draw."""
    binding = draw.get("window", draw)
    for name, expected in (("commitment_sha256", binding["commitment_sha256"]), ("seed", draw["seed"])):
        if document[name] != expected:
            zh, en = f"与抽取记录中的 {expected} 不一致", f"is not {expected}, which the draw's transcript has"
            yield Fault("OTHER_DRAW", f"/{name}", zh, en)


def team_faults(document: Json) -> Iterator[Fault]:
    """Whether the teams are those that the seed draws; the first that is not."""
    posts = [
        Post(p["object_id"], p["authority_id"], p["region"], *needs(p), tuple(p.get("kept", ())))
        for p in document["posts"]
    ]
    candidates = [
        Candidate(c["certificate"], c["authority_id"], c["region"], *needs(c), c["expert"], c["load"])
        for c in document["candidates"]
    ]
    recusals = {(recusal["object_id"], recusal["certificate"]) for recusal in document["recusals"]}
    try:
        teams = draw_teams(bytes.fromhex(document["seed"]), posts, candidates, recusals, document["size"])
    except Refusal as refusal:
        yield Fault("TEAMS_IMPOSSIBLE", "/posts", refusal.zh, refusal.en)
        return
    if len(teams) != len(document["teams"]):
        zh, en = f"应有 {len(teams)} 组，记载 {len(document['teams'])} 组", f"there must be {len(teams)} teams"
        yield Fault("TEAMS_MISSING", "/teams", zh, en)
    for index, (stated, team) in enumerate(zip(document["teams"], teams, strict=False)):
        if stated != as_json(team):
            must = "、".join((*team.certificates, *team.experts))
            zh, en = f"{team.object_id} 应由 {must} 检查", f"{team.object_id} must be inspected by {must}"
            yield Fault("TEAM", f"/teams/{index}", zh, en)
            return


def needs(value: Json) -> tuple[frozenset[str], frozenset[str]]:
    """Domains and qualifications."""
    return frozenset(value["domains"]), frozenset(value["qualifications"])
