"""A made-up city of any size, for those who have no registry: plausible, valid, the same every time.

Districts, fields of enforcement and laws are real; enterprises, people and codes are invented (the codes pass every
check, and one may by chance be somebody's).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.command.importing import KINDS
from services.command.sample_city import (
    CITY,
    CITY_NAME,
    CITY_SHORT,
    COOPERATIVES,
    DISTRICTS,
    DOMAINS,
    GIVEN,
    STATUSES,
    STREETS,
    SURNAMES,
    SYLLABLES,
    TRADES,
    Domain,
)

Digits = NDArray[np.int64]

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Of a unified social credit code (GB 32100): no I, O, S, V, Z."""
ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])  # GB 11714
CODE_WEIGHTS = 3 ** np.arange(17) % 31  # GB 32100
LETTERS = np.frombuffer(ALPHABET.encode(), np.uint8)
ORGANISATION_VALUE = np.array([int(letter, 36) for letter in ALPHABET])  # there, I and O do count

SERIAL = 6  # characters of an organisation's code that tell enterprises of our city apart
SERIALS = len(ALPHABET) ** SERIAL
STRIDE = 104_729_557  # prime to 31, so that following serials look unlike each other and never meet

FIELDS = {
    "authorities": "authority_id name short_name region level parent_id domains listed_from",
    "inspectors": "certificate name authority_id region valid_until domains qualifications expert subject",
    "objects": "object_id name type registration_status region address industry tags",
}
BATCH = 100_000
RESERVED = 1_000  # serials set aside for authorities: objects come after them


def write_city(directory: Path, objects: int, seed: int = 1) -> dict[str, Path]:
    """Write `authorities.csv`, `matters.csv`, `inspectors.csv` and `objects.csv`, ready to be imported in this order.

    Args:
        directory: is made if need be; files of these names are replaced.
        objects: how many objects; inspectors are more where objects are.
        seed: the same seed makes the same city.

    Returns:
        the files by kind.
    """
    directory.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    authorities = list(authority_rows(seed))
    matters = directory / "matters.csv"
    matters.write_bytes((files("services") / "sample_matters.csv").read_bytes())
    return {
        "authorities": write(directory, "authorities", authorities),
        "matters": matters,
        "inspectors": write(directory, "inspectors", inspector_rows(authorities, objects, random)),
        "objects": write(directory, "objects", object_rows(objects, seed, random)),
    }


def write(directory: Path, kind: str, rows: Iterable[Sequence[str]]) -> Path:
    """Write a table under the headers of the import's template; with the mark by which Excel knows UTF-8."""
    path = directory / f"{kind}.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([header_of(kind, field) for field in FIELDS[kind].split()])
        writer.writerows(rows)
    return path


def header_of(kind: str, field: str) -> str:
    """The Chinese header the template has for a field."""
    return next(header for header, name in KINDS[kind].columns.items() if name == field)


def codes(prefix: Digits, first: int, count: int, seed: int) -> list[str]:
    """Valid codes, no two alike, whatever ranges of the same seed they are taken from.

    Args:
        prefix: (count, 8) or (8,): department, category and region, as digits.
        first: serial number of the first.
    """
    serial = (seed * 7_919 + (first + np.arange(count)) * STRIDE) % SERIALS
    body = np.empty((count, 17), np.int64)
    body[:, :8] = prefix
    body[:, 8:10] = ALPHABET.index("M"), ALPHABET.index("A")  # as codes given out since 2015 begin
    body[:, 10:16] = serial[:, None] // len(ALPHABET) ** np.arange(SERIAL - 1, -1, -1) % len(ALPHABET)
    check = (11 - ORGANISATION_VALUE[body[:, 8:16]] @ ORGANISATION_WEIGHTS % 11) % 11
    body[:, 16] = np.where(check == 10, ALPHABET.index("X"), check)
    last = -(body @ CODE_WEIGHTS) % 31
    letters = LETTERS[np.column_stack([body, last])]
    return [code.decode() for code in letters.view("S18").ravel().tolist()]


def digits(text: str) -> Digits:
    """The digits of a text."""
    return np.array([int(digit) for digit in text])


def authority_rows(seed: int) -> Iterator[Sequence[str]]:
    """Of every field an authority of the city, in every district one below it, and one for all streets."""
    places = [(CITY, CITY_NAME, CITY_SHORT)]
    places += [(district.region, CITY_NAME + district.name, CITY_SHORT + district.short) for district in DISTRICTS]
    parents: dict[str, str] = {}
    serial = 0
    for region, place, short in places:
        ids = codes(digits(f"11{region}"), serial, len(DOMAINS) + 1, seed)
        serial += len(ids)
        level = "市级" if region == CITY else "区县级"
        for domain, id in zip(DOMAINS, ids, strict=False):
            name = place + office_of(domain, region)
            yield id, name, short + domain.short, region, level, parents.get(domain.code, ""), domain.name, "2025-01-01"
        if region == CITY:
            parents = {domain.code: id for domain, id in zip(DOMAINS, ids, strict=False)}
            continue
        own = dict(zip((domain.code for domain in DOMAINS), ids, strict=False))
        domains = "城市管理、应急管理、生态环境"
        name = f"{place}综合行政执法大队（镇街）"
        yield ids[-1], name, f"{short}综执", region, "街道", own["CG"], domains, "2025-01-01"


def office_of(domain: Domain, region: str) -> str:
    """What the authority of a field is called in the city and in a district."""
    return domain.office.replace("支队", "总队") if region == CITY else domain.office


def inspector_rows(
    authorities: Sequence[Sequence[str]], objects: int, random: np.random.Generator
) -> Iterator[Sequence[str]]:
    """Inspectors of every authority, more in the larger districts; a few with expired certificates, a few experts."""
    share = {district.region: district.share for district in DISTRICTS}
    serial = dict.fromkeys([CITY, *share], 0)
    qualification = {domain.name: domain.qualification for domain in DOMAINS}
    for id, _, _, region, level, _, domains, _ in authorities:
        size = 12 if level == "市级" else 4 + share[region] // 6 + min(objects // 50_000, 20)
        names = pick(random, SURNAMES, size), pick(random, GIVEN, size), pick(random, GIVEN, size)
        years, chances = random.integers(2029, 2033, size).tolist(), random.random((size, 2)).tolist()
        qualified = "、".join(filter(None, (qualification[domain] for domain in domains.split("、"))))
        for surname, first, second, year, (expired, skilled) in zip(*names, years, chances, strict=True):
            serial[region] += 1
            certificate = f"{region}{serial[region]:05d}"
            until = "2024-12-31" if expired < 0.02 else f"{year}-12-31"
            name = surname + first + (second if skilled < 0.8 else "")
            yield (
                *(certificate, name, id, region, until, domains, qualified if skilled < 0.4 else ""),
                *("是" if skilled > 0.97 else "否", f"inspector-{certificate}"),
            )


def object_rows(objects: int, seed: int, random: np.random.Generator) -> Iterator[Sequence[str]]:
    """Enterprises, individual businesses and farmers' cooperatives of all districts, batch by batch."""
    for first in range(0, objects, BATCH):
        yield from object_batch(first, min(BATCH, objects - first), seed, random)


def object_batch(first: int, count: int, seed: int, random: np.random.Generator) -> Iterator[Sequence[str]]:
    """`count` objects from serial number `first` on."""
    district = choose(random, [district.share for district in DISTRICTS], count)
    category = choose(random, [52, 45, 3], count)  # enterprise, individual business, cooperative
    trade = choose(random, [trade.weight for trade in TRADES], count)
    prefixes = np.array([[digits(f"9{kind}{place.region}") for kind in (1, 2, 3)] for place in DISTRICTS])
    ids = codes(prefixes[district, category], first + RESERVED, count, seed)
    names = object_names(district, category, trade, random)
    status = choose(random, [weight for _, weight in STATUSES], count).tolist()
    road, number = random.integers(0, len(STREETS), count).tolist(), random.integers(1, 400, count).tolist()
    areas, what = [DISTRICTS[n] for n in district.tolist()], [TRADES[n] for n in trade.tolist()]
    for id, name, area, kind, state, street, house, is_cooperative in zip(
        ids, names, areas, what, status, road, number, (category == 2).tolist(), strict=True
    ):
        yield (
            *(id, name, "机构", STATUSES[state][0], area.region, f"{CITY_NAME}{area.name}{STREETS[street]}{house}号"),
            *(("A0190", "农民专业合作社") if is_cooperative else (kind.industry, kind.tags)),
        )


def object_names(district: Digits, category: Digits, trade: Digits, random: np.random.Generator) -> list[str]:
    """Names as they are registered: 重庆鑫源餐饮有限公司, 永川区老德小面馆, 巫溪县丰山柑橘种植专业合作社."""
    count = len(district)
    one, two, three = (pick(random, SYLLABLES, count) for _ in range(3))
    crop = random.integers(0, len(COOPERATIVES), count).tolist()
    return [
        (
            f"重庆{a}{b}{c}{TRADES[what].word}有限公司",
            f"{DISTRICTS[where].name}{a}{b}{TRADES[what].shop}",
            f"{DISTRICTS[where].name}{a}{b}{COOPERATIVES[grown]}专业合作社",
        )[kind]
        for where, kind, what, a, b, c, grown in zip(
            district.tolist(), category.tolist(), trade.tolist(), one, two, three, crop, strict=True
        )
    ]


def choose(random: np.random.Generator, weights: Sequence[int], count: int) -> Digits:
    """Numbers from 0, as often as their weights say."""
    ends = np.cumsum(weights)
    return np.searchsorted(ends, random.integers(0, ends[-1], count), side="right")


def pick(random: np.random.Generator, characters: str, count: int) -> list[str]:
    """Characters at random."""
    return [characters[n] for n in random.integers(0, len(characters), count).tolist()]
