"""A city in small, and draws from it: what the vectors and the tests of transcripts are made of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.sampling.model import merkle
from services.sampling.model.commitment import Commitment, Redraw, commit, contribution
from services.sampling.model.frame import Frame, excluded_csv, frame_csv, quota_by_ratio, spread
from services.sampling.model.team_draw import draw_teams
from services.sampling.model.teams import Candidate, Post
from services.sampling.model.tickets import draw_from
from services.sampling.model.window_commitment import Replaced, WindowCommitment, window_commitment
from services.sampling.proof import proof
from services.sampling.team_transcript import team_transcript
from services.sampling.transcript import transcript

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [3**n % 31 for n in range(17)]
REASONS = ["登记状态：注销", "本年度已就同一事项检查（2025-03-11）", 'named list "白名单", July', "名录外"]


@dataclass(frozen=True)
class Case:
    """A draw with its files."""

    transcript: dict[str, Any]
    frame: bytes
    excluded: bytes


def uscc(number: int, district: int) -> str:
    """A code that passes the check of GB 32100 and belongs to nobody."""
    body = f"91500{district:03d}MA{number:07d}"
    return body + ALPHABET[-sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 31]


def secret(name: str) -> bytes:
    return hashlib.sha256(b"vector " + name.encode()).digest()


def objects(first: int, last: int) -> dict[str, str]:
    """Half of them of class A, a third B, the rest C."""
    return {uscc(n, 101 + n % 20): "AABBCA"[n % 6] for n in range(first, last)}


NORMAL_DRAW = "0198c1f0-0000-7000-8000-000000000001"
NORMAL_FRAME = Frame.of(objects(0, 120))
NORMAL_EXCLUDED = excluded_csv([(uscc(n, 101 + n % 20), REASONS[n % 4]) for n in range(120, 135)])


def case(
    commitment: Commitment,
    frame: Frame,
    excluded: bytes,
    secrets: list[bytes],
    substitutes: int = 2,
    window: WindowCommitment | None = None,
) -> Case:
    seed = (window or commitment).seed(secrets)
    drawn = draw_from(frame, {stratum.name: stratum.quota for stratum in commitment.strata}, seed, substitutes)
    return Case(transcript(commitment, secrets, drawn, window), frame_csv(frame), excluded)


def normal(draw: str = NORMAL_DRAW, secrets: tuple[str, ...] = ("platform", "supervisor"), **more: Any) -> Case:
    revealed = [secret(name) for name in secrets]
    counts = NORMAL_FRAME.counts()
    commitment = commit(
        draw,
        more.pop("round", 1),
        NORMAL_FRAME,
        {"A": quota_by_ratio(Decimal("0.05"), counts["A"]), "B": 4, "C": 6},
        [contribution(one) for one in revealed],
        excluded=NORMAL_EXCLUDED,
        ratios={"A": Decimal("0.05")},
        **more,
    )
    return case(commitment, NORMAL_FRAME, NORMAL_EXCLUDED, revealed)


def redraw(of: Case, **more: str) -> Case:
    given = {"draw": NORMAL_DRAW, "previous": of.transcript["commitment_sha256"], **more}
    return normal(
        given["draw"],
        ("platform again", "supervisor again"),
        round=2,
        redraw=Redraw(given["previous"], "首轮抽取时名录更新延迟，3 家企业已迁出", "王建国（主要负责人）"),
    )


def abandoned(of: Case, *showed: str) -> dict[str, Any]:
    """The record of `of`, had it been abandoned because all but these kept their secrets back."""
    names = ("platform", "supervisor")
    hashes = of.transcript["commitment"]["contributions"]
    return {
        **{name: of.transcript[name] for name in ("spec", "commitment", "commitment_sha256")},
        "contributions": [
            {"contributor": name, "sha256": hash, **({"secret": secret(name).hex()} if name in showed else {})}
            for name, hash in zip(names, hashes, strict=True)
        ],
    }


def renewed(record: dict[str, Any], *secrets: str, **more: Any) -> Case:
    """The round that replaces an abandoned one."""
    withheld = [each["sha256"] for each in record["contributions"] if "secret" not in each]
    reason = " ".join(["WITHHELD", *withheld])
    again = Redraw(record["commitment_sha256"], more.pop("reason", reason), "platform")
    return normal(NORMAL_DRAW, secrets, round=2, redraw=again)


def shortfall() -> Case:
    frame = Frame.of({uscc(n, 103): "小" if n < 3 else "大" for n in range(40)})
    quotas = {"小": 10, "大": 0, "空": 2}
    commitment = commit("shortfall", 1, frame, quotas, [contribution(secret("platform"))])
    return case(commitment, frame, b"", [secret("platform")], substitutes=3)


def by_total() -> Case:
    sizes = {"渝中区": 20, "永川区": 20, "巫溪县": 20, "江北区": 7}
    names = [name for name, size in sizes.items() for _ in range(size)]
    frame = Frame.of({uscc(n, 118): name for n, name in enumerate(names)})
    commitment = commit("total", 1, frame, spread(11, frame.counts()), [contribution(secret("platform"))], total=11)
    return case(commitment, frame, b"", [secret("platform")])


def beyond_the_basic_plane() -> Case:
    """U+FF5A comes before U+20BB7 in UTF-8 and after it in UTF-16."""
    ids = [prefix + str(n) for prefix in ("A", "z", "é", "永", "\uff5a", "𠮷") for n in range(4)]
    frame = Frame.of({id: ("\uff5a类", "𠮷类")[n % 2] for n, id in enumerate(ids)})
    commitment = commit("order", 1, frame, {"\uff5a类": 3, "𠮷类": 3}, [contribution(secret("platform"))])
    return case(commitment, frame, b"", [secret("platform")])


def window() -> tuple[Case, Case, WindowCommitment, Case]:
    """Two draws of a window over frames that overlap, the window, and a draw that came late."""
    frames = [
        Frame.of(dict.fromkeys(objects(first, last), name))
        for first, last, name in ((0, 80, "餐饮"), (30, 120, "消防重点"), (50, 90, "迟到"))
    ]
    quotas = {"餐饮": 12}, {"消防重点": 14}, {"迟到": 5}
    committed = [
        commit(f"window-{name}", 1, frame, quota, []) for name, frame, quota in zip("abc", frames, quotas, strict=True)
    ]
    secrets = [secret("window platform"), secret("window supervisor")]
    hashes = [contribution(one) for one in secrets]
    both = window_commitment("2025Q3", [one.digest() for one in committed[:2]], hashes)
    a, b = (case(one, frame, b"", secrets, window=both) for one, frame in zip(committed[:2], frames[:2], strict=True))
    late_window = window_commitment("2025Q3", [committed[2].digest()], hashes)
    return a, b, both, case(committed[2], frames[2], b"", secrets, window=late_window)


def proven() -> Case:
    """A draw whose commitment binds the root of a tree with three leaves."""
    frame = Frame.of({uscc(n, 101 + n % 20): "AAB"[n % 3] for n in range(600)})
    revealed = [secret("proven platform"), secret("proven supervisor")]
    root = merkle.root(merkle.leaves(frame_csv(frame)))
    hashes = [contribution(one) for one in revealed]
    committed = commit("proven", 1, frame, {"A": 12, "B": 5}, hashes, frame_merkle=root)
    return case(committed, frame, b"", revealed)


def proof_of(of: Case, id: str) -> dict[str, Any]:
    """The proof of an object of its frame."""
    line = merkle.find(of.frame, id)
    assert line is not None
    return proof(of.transcript["commitment_sha256"], id, line, of.frame, merkle.leaves(of.frame))


def listed(of: Case) -> list[tuple[str, dict[str, str]]]:
    """Who was drawn or is a substitute, with how they stand."""
    return [
        (kind, one)
        for stratum in of.transcript["strata"]
        for kind, name in (("DRAWN", "winners"), ("SUBSTITUTE", "substitutes"))
        for one in stratum[name]
    ]


def reopened(of_window: WindowCommitment) -> Case:
    """The first draw of a window that goes on without the supervisor, whose secret never came."""
    frame = Frame.of(dict.fromkeys(objects(0, 80), "餐饮"))
    committed = commit("window-a", 1, frame, {"餐饮": 12}, [])
    secrets = [secret("window platform anew"), secret("a partner")]
    again = WindowCommitment(
        of_window.window,
        of_window.draws,
        tuple(contribution(one) for one in secrets),
        Replaced(of_window.digest(), of_window.contributions[1:]),
    )
    return case(committed, frame, b"", secrets, window=again)


def teams(of: Case) -> dict[str, Any]:
    winners = [object["id"] for stratum in of.transcript["strata"] for object in stratum["winners"]]
    food, fire, boiler = frozenset({"食品安全"}), frozenset({"消防"}), frozenset({"锅炉检验"})
    lead, partner = uscc(900, 0), uscc(901, 0)
    posts = [
        Post(id, lead, "500" + id[5:8], food, boiler if n % 4 == 0 else frozenset()) for n, id in enumerate(winners)
    ]
    posts += [Post(id, partner, "500" + id[5:8], fire | food if n % 3 == 0 else fire) for n, id in enumerate(winners)]
    people = [
        *[Candidate(f"500000{n:04d}", lead, "500000", food, load=n % 2) for n in range(5)],
        Candidate("5000009001", lead, "", qualifications=boiler, expert=True),
        *[Candidate(f"500100{n:04d}", partner, "500100", fire) for n in range(4)],
        *[Candidate(f"500000{n:04d}", partner, "500000", food | fire, load=1) for n in range(50, 52)],
        Candidate("5002290001", partner, "500229", fire),
    ]
    recusals = {(winners[0], "5000000000"), (winners[1], "5001000001"), (winners[1], "5001000002")}
    seed = bytes.fromhex(of.transcript["seed"])
    drawn = draw_teams(seed, posts, people, recusals)
    return team_transcript(of.transcript["commitment_sha256"], seed, posts, people, recusals, 2, drawn)


def replaced(teams: dict[str, Any]) -> tuple[dict[str, Any], Case]:
    """Somebody else in the place of the first inspector of `teams`, and the draw that gave the seed for it."""
    ill = teams["teams"][0]["certificates"][0]
    lost = {(t["object_id"], t["authority_id"]): t for t in teams["teams"] if ill in t["certificates"]}
    frame = Frame.of(dict.fromkeys((id for id, _ in lost), "ALL"))
    again = Redraw(teams["commitment_sha256"], f"{ill}：因病", "manager")
    secrets = [secret("replacement")]
    hashes = [contribution(one) for one in secrets]
    committed = commit("teams", 2, frame, {"ALL": len(frame)}, hashes, redraw=again)
    seed = committed.seed(secrets)
    needs = {(p["object_id"], p["authority_id"]): p for p in teams["posts"]}
    posts = [
        Post(
            id,
            who,
            needs[id, who]["region"],
            frozenset(needs[id, who]["domains"]),
            frozenset(needs[id, who]["qualifications"]),
            tuple(one for one in (*team["certificates"], *team["experts"]) if one != ill),
        )
        for (id, who), team in lost.items()
    ]
    people = [
        Candidate(
            c["certificate"],
            c["authority_id"],
            c["region"],
            frozenset(c["domains"]),
            frozenset(c["qualifications"]),
            c["expert"],
            c["load"],
        )
        for c in teams["candidates"]
        if c["certificate"] != ill
    ]
    recusals = {(r["object_id"], r["certificate"]) for r in teams["recusals"] if r["certificate"] != ill}
    drawn = draw_teams(seed, posts, people, recusals)
    document = team_transcript(committed.digest(), seed, posts, people, recusals, 2, drawn)
    return document, case(committed, frame, b"", secrets, substitutes=0)
