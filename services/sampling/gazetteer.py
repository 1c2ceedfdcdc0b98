"""The list of regions (GB/T 2260), read from the table that python-stdnum carries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from services.sampling.model.region import Regions

YEAR = 2024
"""Names mean what they meant at the end of this year: 两江新区, a district since 2025, was a development zone in the
registries of the years before, and 江北 and 渝北, merged into it, still stand in them."""

SUFFIXES = re.compile(
    r"(?:(?:土家族|苗族|回族|彝族|藏族|壮族|蒙古族|满族|瑶族|侗族|朝鲜族|哈尼族|傣族|黎族|畲族|羌族|各族)*自治[县州旗]|特别行政区|自治区|省|市|区|县|旗|地区|盟|林区)$"
)
TERM = re.compile(r"(?:\[(\d*)-(\d*)\])?([^,]+)")
RENAMED = {"500234": "500154"}
"""Regions whose successor has another name: 开县, since 2016 开州区."""

GROUPS = frozenset({"市辖区", "县", "市", "省直辖县级行政区划", "自治区直辖县级行政区划"})


@cache
def regions() -> Regions:
    """All regions of China."""
    listed = list(_listed())
    names = {province: _names_of(province, listed) for province in {code[:2] for code, *_ in listed}}
    codes = {code: _current(code, name, is_valid, names[code[:2]]) for code, name, is_valid in _newest(listed)}
    return Regions({code: current for code, current in codes.items() if current}, names, dict(_provinces()))


def _lines() -> Iterator[tuple[str, str]]:
    """Province and the rest of each line of the table."""
    province = ""
    for line in (files("stdnum.cn") / "loc.dat").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            province = province if line.startswith(" ") else line[:2]
            yield province, line.strip()


def _listed() -> Iterator[tuple[str, str, bool]]:
    """Code, name and whether it is in force, of all there is and was."""
    for province, line in _lines():
        code, _, quoted = line.partition(' county="')
        for first, last, name in TERM.findall(quoted.rstrip('"')):
            yield province + code, name, _is_in_force(first, last)


def _is_in_force(first: str, last: str) -> bool:
    return (not first or int(first) <= YEAR) and (not last or int(last) >= YEAR)


def _newest(listed: list[tuple[str, str, bool]]) -> Iterator[tuple[str, str, bool]]:
    """Of each code, what it means now, or meant last."""
    yield from {code: (code, name, valid) for code, name, valid in sorted(listed, key=lambda term: term[2])}.values()


def _current(code: str, name: str, is_valid: bool, names: dict[str, str]) -> str:
    """A code that is no longer in force stands for the one that has its name now; a newer one for itself."""
    return code if is_valid else RENAMED.get(code) or names.get(_short(name), code)


def _names_of(province: str, listed: list[tuple[str, str, bool]]) -> dict[str, str]:
    """Names of a province's regions in every spelling; names in force win over earlier ones, doubtful ones fall out."""
    own = [term for term in listed if term[0].startswith(province) and term[1] not in GROUPS]
    names: dict[str, str] = {}
    for is_valid in (False, True):
        for spelt in (_abbreviated, _short, str):
            pairs = {(spelt(name), code) for code, name, valid in own if valid is is_valid}
            often = Counter(name for name, _ in pairs)
            names |= {name: code for name, code in pairs if often[name] == 1}
    in_force = {code for code, _, valid in own if valid}
    found = {name: code if code in in_force else _successor(name, code, names) for name, code in names.items()}
    return {name: code for name, code in found.items() if code in in_force}


def _successor(name: str, code: str, names: dict[str, str]) -> str:
    return RENAMED.get(code) or names.get(_short(name), "")


def _short(name: str) -> str:
    """`永川` for 永川区, `石柱` for 石柱土家族自治县; 忠县 stays, one character is no name."""
    short = SUFFIXES.sub("", name)
    return short if len(short) > 1 else name


def _abbreviated(name: str) -> str:
    """`石柱县` for 石柱土家族自治县."""
    return _short(name) + name[-1]


def _provinces() -> Iterator[tuple[str, str]]:
    for province, line in _lines():
        if ' province="' in line:
            name = line.split('"')[1]
            yield name, province
            yield re.sub(r"(?:壮族|回族|维吾尔)?(?:自治区|省|市)$", "", name), province
