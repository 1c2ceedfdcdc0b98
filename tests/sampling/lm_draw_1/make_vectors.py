"""`python -m tests.sampling.lm_draw_1.make_vectors` writes tests/vectors/lm-draw-1 anew: always the same bytes."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import rfc8785

from services.sampling.model import merkle
from services.sampling.model.commitment import commit, contribution, seed
from services.sampling.model.frame import Frame, excluded_csv, frame_csv, quota_by_ratio, read_frame, sha256_hex, spread
from services.sampling.model.tickets import draw_from, key, keys, tickets
from services.sampling.transcript import stratum_document
from tests.sampling.lm_draw_1 import cases
from tests.sampling.lm_draw_1.cases import Case

DIRECTORY = Path(__file__).parents[2] / "vectors" / "lm-draw-1"
HAND_WRITTEN = {"verify.mjs"}


def files() -> dict[str, bytes]:
    """Every file of the vectors, by name."""
    made: dict[str, bytes] = {"primitives.json": pretty(primitives())}
    index: list[dict[str, object]] = []

    def add(name: str, about: str, case: Case, *faults: str, files: str = "", **more: str) -> None:
        """A case; `files`: the case whose frame and exclusions it shares."""
        if not files:
            made[f"{name}.frame.csv"] = case.frame
            if case.excluded:
                made[f"{name}.excluded.csv"] = case.excluded
        made[f"{name}.json"] = pretty(case.transcript)
        excluded = {"excluded": f"{files or name}.excluded.csv"} if case.excluded else {}
        entry = {"name": name, "about": about, "transcript": f"{name}.json", "frame": f"{files or name}.frame.csv"}
        index.append({**entry, **excluded, **more, "faults": sorted(faults)})

    normal = cases.normal()
    announced = normal.transcript["commitment_sha256"]
    add("normal", "three strata, one by ratio; exclusions, substitutes, two contributors", normal, announced=announced)
    add("shortfall", "a quota above the count, an empty stratum, a quota of 0", cases.shortfall())
    add("total", "a total spread by largest remainder, with equal remainders", cases.by_total())
    add("order", "ids and strata whose UTF-8 and UTF-16 orders differ", cases.beyond_the_basic_plane())
    second = cases.redraw(normal)
    add("redraw", "the second round of normal", second, files="normal", previous="normal.json")
    a, b, both, late = cases.window()
    add("window-a", "two draws of one window whose frames overlap", a, announced=both.digest())
    add("window-b", "the other one", b, announced=both.digest())

    again = cases.reopened(both)
    add("window-reopened", "a window that went on without who kept a secret back", again, files="window-a")
    proven = cases.proven()
    add("proven", "a commitment with the root of a tree over its lines", proven)

    winner = normal.transcript["strata"][0]["winners"][0]["id"]
    frame = normal.frame.replace(f"{winner},A\n".encode(), b"")
    faults = ["FRAME_HASH", "FRAME_COUNT", "STRATUM_COUNT", "NUMBERS", "WINNER", "SUBSTITUTE"]
    add("tampered-frame", "a winner was taken out of the frame", Case(normal.transcript, frame, b""), *faults)
    add("frame-out-of-order", "a frame committed out of order", out_of_order(normal), "FRAME_UNREADABLE")
    add(
        "excluded-in-frame", "an excluded object is in the frame all the same", excluded_in_frame(), "EXCLUDED_IN_FRAME"
    )
    excluded = normal.excluded.replace("注销".encode(), "吊销".encode(), 1)
    add("tampered-excluded", "a reason was changed", Case(normal.transcript, normal.frame, excluded), "EXCLUDED_HASH")

    add("tampered-quota", "a quota was raised and one more drawn", quota_raised(normal), "COMMITMENT", files="normal")
    add(
        "quota-against-ratio",
        "committed with a quota its ratio does not give",
        against_ratio(),
        "QUOTA_RULE",
        files="normal",
    )
    add(
        "swapped-winner",
        "a substitute stands in a winner's place",
        swapped(normal),
        "WINNER",
        "SUBSTITUTE",
        files="normal",
    )
    add("unknown-winner", "somebody who is not in the frame won", unknown(normal), "WINNER", files="normal")
    add("wrong-substitute", "the substitutes are in another order", reordered(normal), "SUBSTITUTE", files="normal")

    add("wrong-secret", "a secret that was not committed", wrong_secret(normal), "SECRET", files="normal")
    one_less = changed(normal, "secrets", normal.transcript["secrets"][:1])
    add("secret-missing", "a contributor's secret was left out", one_less, "SECRETS_MISSING", files="normal")
    unnamed = redrawn(rehashed(changed(again, "window", "commitment", "replaces", "missing", [])))
    add("window-reopened-unnamed", "a window that went on and does not say without whom", unnamed, "REPLACES")
    other_root = rehashed(changed(proven, "commitment", "frame_merkle", "7" * 64))
    add("wrong-root", "a committed root that is not the frame's", redrawn(other_root), "FRAME_MERKLE", files="proven")
    add("chosen-seed", "a seed of one's own liking", changed(normal, "seed", "5" * 64), "SEED", files="normal")
    again = cases.normal(secrets=("better luck", "better luck too"))
    add("reissued", "all made again with other secrets", again, "ANNOUNCED", files="normal", announced=announced)
    forged = changed(late, "window", a.transcript["window"])
    forged.transcript["seed"] = a.transcript["seed"]
    drawn = draw_from(read_frame(late.frame), {"迟到": 5}, bytes.fromhex(a.transcript["seed"]), 2)
    forged.transcript["strata"] = [stratum_document(stratum) for stratum in drawn]
    add("late-draw-in-window", "a draw says it is of a window that does not list it", forged, "NOT_IN_WINDOW")
    other = cases.redraw(normal, previous="7" * 64)
    add(
        "redraw-of-another",
        "a redraw that names a round that never was",
        other,
        "PREVIOUS_ROUND",
        files="normal",
        previous="normal.json",
    )

    record = cases.abandoned(normal, "platform")
    made["abandoned.json"] = pretty(record)
    renewed = cases.renewed(record, "platform again")
    add("renewed", "the round after normal, had it been abandoned", renewed, files="normal", previous="abandoned.json")
    for name, about, case in (
        ("renewed-with-known-secret", "a secret of the abandoned round again", cases.renewed(record, "platform")),
        (
            "renewed-without-blame",
            "an abandoned round replaced as if somebody had asked for it",
            cases.renewed(record, "platform again", reason="重新抽取"),
        ),
        (
            "renewed-over-another-frame",
            "an abandoned round replaced with another list of exclusions",
            rehashed(changed(Case(renewed.transcript, renewed.frame, b""), "commitment", "excluded_sha256", "0" * 64)),
        ),
    ):
        drawn_again = redrawn(case)
        add(name, about, drawn_again, "ABANDONED", files="normal", previous="abandoned.json")
    add(
        "redraw-blamed-on-others",
        "a round that was revealed, replaced as if it had been abandoned",
        cases.renewed(record, "platform again"),
        "ABANDONED",
        files="normal",
        previous="normal.json",
    )

    replacement, lot = cases.replaced(cases.teams(normal))
    add("teams-replaced-seed", "the seed of teams-replaced", lot)
    for name, about, document, faults in (
        ("teams", "inspectors for normal: recusals, regions, domains, an expert", cases.teams(normal), []),
        (
            "swapped-inspector",
            "one inspector was exchanged for another",
            inspector_swapped(cases.teams(normal)),
            ["TEAM"],
        ),
    ):
        made[f"{name}.json"] = pretty(document)
        index.append({"name": name, "about": about, "teams": f"{name}.json", "draw": "normal.json", "faults": faults})
    made["teams-replaced.json"] = pretty(replacement)
    about = "somebody else in the place of an inspector; the others stay"
    of = {"teams": "teams-replaced.json", "draw": "teams-replaced-seed.json"}
    index.append({"name": "teams-replaced", "about": about, **of, "faults": []})
    for entry, document in proofs(proven, normal):
        made[f"{entry['name']}.json"] = pretty(document)
        index.append({**entry, "proof": f"{entry['name']}.json"})
    passed_over = passed(proven)
    made["proof-passed-over.transcript.json"] = pretty(passed_over.transcript)
    made["index.json"] = pretty(index)
    return made


Proof = tuple[dict[str, object], dict[str, Any]]


def proofs(proven: Case, normal: Case) -> list[Proof]:
    """Proofs of one object each: entries of the index without the name of their file, and the proofs."""
    listed = {kind: one["id"] for kind, one in cases.listed(proven)}
    nobody = next(id for id in read_frame(proven.frame).ids if id not in {one["id"] for _, one in cases.listed(proven)})
    first = proven.transcript["strata"][0]["winners"][0]["id"]
    foreign = cases.proof_of(proven, first)
    of_normal = {**foreign, "commitment_sha256": normal.transcript["commitment_sha256"]}

    def entry(name: str, about: str, *faults: str, of: str = "proven", standing: str = "") -> dict[str, object]:
        found = {"standing": standing} if standing else {}
        return {"name": name, "about": about, "transcript": f"{of}.json", **found, "faults": list(faults)}

    def proof_for(who: str, **other: object) -> dict[str, Any]:
        return {**cases.proof_of(proven, who), **other}

    return [
        (entry("proof-drawn", "one who was drawn", standing="DRAWN"), proof_for(listed["DRAWN"])),
        (entry("proof-substitute", "a substitute", standing="SUBSTITUTE"), proof_for(listed["SUBSTITUTE"])),
        (entry("proof-not-drawn", "one who was not", standing="NOT_DRAWN"), proof_for(nobody)),
        (entry("proof-of-another-stratum", "a line with another stratum", "PROOF"), proof_for(nobody, stratum="C")),
        (entry("proof-of-a-stranger", "an id that is not in the frame", "PROOF"), proof_for(nobody, id="9")),
        (entry("proof-of-another-draw", "of another draw", "OTHER_DRAW", of="normal"), foreign),
        (entry("proof-without-a-tree", "of a draw without a tree", "NO_PROOF", of="normal"), of_normal),
        (
            entry(
                "proof-passed-over",
                "one with the smallest ticket, who was taken off the list",
                "WINNER",
                of="proof-passed-over.transcript",
            ),
            proof_for(first),
        ),
    ]


def passed(proven: Case) -> Case:
    """The winner with the smallest ticket is taken off the list, and everybody behind moves up."""
    transcript = copy.deepcopy(proven.transcript)
    stratum = transcript["strata"][0]
    del stratum["winners"][0]
    stratum["winners"].append(stratum["substitutes"].pop(0))
    stratum["unlisted"] += 1
    return Case(transcript, proven.frame, b"")


def redrawn(case: Case) -> Case:
    """The case with the objects that its seed draws."""
    quotas = {stratum["name"]: stratum["quota"] for stratum in case.transcript["commitment"]["strata"]}
    drawn = draw_from(read_frame(case.frame), quotas, bytes.fromhex(case.transcript["seed"]), 2)
    return changed(case, "strata", [stratum_document(stratum) for stratum in drawn])


def changed(case: Case, *path_and_value: Any) -> Case:
    """The case with one value of its transcript changed."""
    *path, last, value = path_and_value
    transcript = copy.deepcopy(case.transcript)
    target = transcript
    for step in path:
        target = target[step]
    target[last] = value
    return Case(transcript, case.frame, case.excluded)


def rehashed(case: Case) -> Case:
    """The case with commitment, seed and result made to fit its changed commitment."""
    transcript = copy.deepcopy(case.transcript)
    transcript["commitment_sha256"] = sha256_hex(rfc8785.dumps(transcript["commitment"]))
    binding = transcript.get("window", transcript)
    binding["commitment_sha256"] = sha256_hex(rfc8785.dumps(binding["commitment"]))
    secrets = [bytes.fromhex(secret) for secret in transcript["secrets"]]
    transcript["seed"] = seed(binding["commitment_sha256"], secrets).hex()
    return Case(transcript, case.frame, case.excluded)


def out_of_order(normal: Case) -> Case:
    first, second, *rest = normal.frame.splitlines(keepends=True)
    frame = b"".join([second, first, *rest])
    return rehashed(changed(Case(normal.transcript, frame, b""), "commitment", "frame_sha256", sha256_hex(frame)))


def excluded_in_frame() -> Case:
    excluded = excluded_csv([(cases.NORMAL_FRAME.ids[7], "登记状态：注销"), ("0", "名录外")])
    committed = commit(
        "excluded", 1, cases.NORMAL_FRAME, {"A": 3}, [contribution(cases.secret("p"))], excluded=excluded
    )
    return cases.case(committed, cases.NORMAL_FRAME, excluded, [cases.secret("p")])


def quota_raised(normal: Case) -> Case:
    """Stratum B, 4 → 5: the first substitute becomes a winner, and all numbers are mended."""
    transcript = copy.deepcopy(normal.transcript)
    stratum = transcript["strata"][1]
    transcript["commitment"]["strata"][1]["quota"] = 5
    stratum["winners"].append(stratum["substitutes"].pop(0))
    for numbers in (transcript, stratum):
        numbers["wanted"] += 1
        numbers["drawn"] += 1
    return Case(transcript, normal.frame, normal.excluded)


def against_ratio() -> Case:
    """0.05 of 60 is 3; 5 were committed and drawn."""
    counts = cases.NORMAL_FRAME.counts()
    secrets = [cases.secret("platform")]
    honest = commit(
        "ratio", 1, cases.NORMAL_FRAME, {"A": 5}, [contribution(secrets[0])], excluded=cases.NORMAL_EXCLUDED
    )
    document = copy.deepcopy(cases.case(honest, cases.NORMAL_FRAME, cases.NORMAL_EXCLUDED, secrets).transcript)
    document["commitment"]["strata"][0]["ratio"] = "0.05"
    assert quota_by_ratio(Decimal("0.05"), counts["A"]) == 3
    case = rehashed(Case(document, frame_csv(cases.NORMAL_FRAME), cases.NORMAL_EXCLUDED))
    drawn = draw_from(cases.NORMAL_FRAME, {"A": 5}, bytes.fromhex(case.transcript["seed"]), 2)
    case.transcript["strata"] = [stratum_document(stratum) for stratum in drawn]
    return case


def swapped(normal: Case) -> Case:
    stratum = normal.transcript["strata"][2]
    one = changed(normal, "strata", 2, "winners", 1, stratum["substitutes"][0])
    return changed(one, "strata", 2, "substitutes", 0, stratum["winners"][1])


def unknown(normal: Case) -> Case:
    """An excluded object, with the ticket it would have."""
    id = cases.uscc(121, 102)
    ticket = tickets(bytes.fromhex(normal.transcript["seed"]), keys([id])).tobytes().hex()
    return changed(normal, "strata", 0, "winners", 0, {"id": id, "ticket": ticket})


def reordered(normal: Case) -> Case:
    return changed(normal, "strata", 1, "substitutes", normal.transcript["strata"][1]["substitutes"][::-1])


def wrong_secret(normal: Case) -> Case:
    return changed(normal, "secrets", 1, cases.secret("not the supervisor's").hex())


def inspector_swapped(document: dict[str, Any]) -> dict[str, Any]:
    team = document["teams"][3]
    free = next(
        person["certificate"]
        for person in document["candidates"]
        if person["authority_id"] == team["authority_id"]
        and person["certificate"] not in team["certificates"]
        and not person["expert"]
    )
    team["certificates"][1] = free
    return document


def primitives() -> dict[str, object]:
    """Each step by itself."""
    ids = ["a", "91500118203790903T", cases.uscc(1, 101), "永川", "𠮷"]
    seeds = [bytes(32), bytes(range(32))]
    frame = Frame.of({"b": "甲", "a": "甲", "c": "乙"})
    secrets = [b"\x01" * 32, b"\x02" * 32]
    commitment = commit("d", 1, frame, {"甲": 1}, [contribution(secret) for secret in secrets])
    ratios = [
        ("0.5", 5),
        ("0.3", 5),
        ("0.05", 60),
        ("0.01", 1),
        ("0", 9),
        ("1", 9),
        ("0.000000000001", 10**15),
        ("0.5", 0),
    ]
    spreads = [(11, {"a": 20, "b": 20, "c": 20, "d": 7}), (2, {"乙": 1, "甲": 1, "丙": 1}), (9, {"a": 3, "b": 0})]
    return {
        "quota_by_ratio": [{"ratio": r, "count": n, "quota": quota_by_ratio(Decimal(r), n)} for r, n in ratios],
        "spread": [{"total": total, "counts": counts, "quotas": spread(total, counts)} for total, counts in spreads],
        "keys": [{"id": id, "key": key(id).hex()} for id in ids],
        "tickets": [
            {"seed": seed.hex(), "id": id, "ticket": tickets(seed, keys([id])).tobytes().hex()}
            for seed in seeds
            for id in ids
        ],
        "in_order": {
            "objects": [["b", "01" * 16], ["z", "00" * 16], ["\U00020bb7", "01" * 16], ["\uff5a", "01" * 16]],
            "order": ["z", "b", "\uff5a", "\U00020bb7"],
        },
        "merkle_root": [
            {"lines": n, "of": "<n>,A with n from 00000", "root": merkle.root(merkle.leaves(numbered(n)))}
            for n in (1, 2, 256, 257, 513, 1281)
        ],
        "frame_csv": {"objects": {"b": "甲", "a": "甲", "c": "乙"}, "text": frame_csv(frame).decode()},
        "commitment": {
            "document": commitment.document(),
            "canonical": commitment.canonical().decode(),
            "sha256": commitment.digest(),
        },
        "seed": {
            "commitment": commitment.digest(),
            "secrets": [secret.hex() for secret in secrets],
            "seed": commitment.seed(secrets).hex(),
        },
    }


def numbered(count: int) -> bytes:
    """A frame of so many objects with five digits each."""
    return "".join(f"{n:05d},A\n" for n in range(count)).encode()


def pretty(document: object) -> bytes:
    """JSON for people."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def main() -> None:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for path in DIRECTORY.iterdir():
        if path.name not in HAND_WRITTEN:
            path.unlink()
    for name, content in files().items():
        (DIRECTORY / name).write_bytes(content)


if __name__ == "__main__":
    main()
