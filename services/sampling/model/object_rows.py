"""A row of a registry file becomes an object, or is refused with the column and the reason.

What can be mended without guessing is mended; what cannot be trusted is refused, and nothing else of the file suffers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple, cast

from services.chassis.import_report import Rejection
from services.sampling.model import uscc
from services.sampling.model.cells import (
    Refused,
    cell,
    day_of,
    industry_of,
    owner_of,
    refuse_many,
    status_of,
    tags_of,
    type_of,
)
from services.sampling.model.file_rows import cells_of_table
from services.sampling.model.inspection_object import (
    LONGEST,
    LONGEST_NAME,
    OBJECT_ID,
    Contact,
    Licence,
    ObjectFacts,
    ObjectType,
)
from services.sampling.model.region import Regions

LONGEST_TEXT = 20_000
REMEMBERED = 1 << 14  # days of 45 years, all tags and districts of a registry


class Row(NamedTuple):
    """A row as it came: all text, as it stands in the file; the field's names are those of the contract."""

    line: int
    object_id: str
    name: str
    type: str
    registration_status: str
    province: str
    region: str
    address: str
    industry: str
    tags: str
    registered_on: str
    enterprise_type: str
    business_scope: str
    licence_name: str
    licence_number: str
    licence_expires_on: str
    contact_name: str
    contact_phone: str
    owner_id: str
    alias: str
    legal_representative: str
    area: str


HEADERS = {
    "统一社会信用代码": "object_id",
    "对象名称": "name",
    "企业名称": "name",
    "对象类型": "type",
    "登记状态": "registration_status",
    "所在省份": "province",
    "区划": "region",
    "地区": "region",
    "地址": "address",
    "注册地址": "address",
    "行业": "industry",
    "监管标签": "tags",
    "注册日期": "registered_on",
    "企业类型": "enterprise_type",
    "经营范围": "business_scope",
    "许可证名称": "licence_name",
    "许可证编号": "licence_number",
    "许可证有效期至": "licence_expires_on",
    "联络员": "contact_name",
    "联系电话": "contact_phone",
    "所属主体": "owner_id",
    "别名": "alias",
    "法定代表人": "legal_representative",
    "片区/商圈": "area",
    "片区": "area",
    "商圈": "area",
}
"""What a column of a registry file means; several may mean the same."""

NEEDED = ("object_id", "name")

cells: Callable[[object], Iterable[object]] = attrgetter(*Row._fields)  # the quickest way through a message
"""All cells of a row that has them as attributes."""


class Entry(NamedTuple):
    """What a row says of an object.

    Args:
        object_id: the uscc, or the directory's own id.
        digest: of the row's text: a row that was read before is known by it, and not read again.
        said: values by name of the object's fields; an empty cell says nothing.
    """

    object_id: str
    digest: bytes
    said: Mapping[str, object]

    def tell(self, known: ObjectFacts) -> None:
        """Change an object that is there to what the row says."""
        for name, value in self.said.items():
            setattr(known, name, with_licence(known.licences, self.said) if name == "licences" else value)


def rows_of(things: Sequence[object]) -> list[Row]:
    """Rows from anything that has their cells as attributes.

    Raises:
        InvalidArgument: there are too many.
    """
    refuse_many("rows", things)
    return list(map(Row._make, map(cells, things)))


def rows_of_table(table: Sequence[Sequence[str]], first_line: int) -> list[Row]:
    """Rows from a table whose first line names its columns.

    Raises:
        InvalidArgument: as `cells_of_table` does.
    """
    return list(map(Row._make, cells_of_table(table, first_line, Row._fields, HEADERS, NEEDED)))


def identify(rows: Sequence[Row]) -> tuple[dict[str, Row], list[Rejection]]:
    """Each object's row; of several rows for one object the first counts, and the others must not contradict it."""
    found: dict[str, Row] = {}
    rejections: list[Rejection] = []
    for row, is_sound in zip(rows, uscc.sound([row.object_id for row in rows]), strict=True):
        try:
            object_id = row.object_id if is_sound else identity(row)
            first = found.setdefault(object_id, row)
            if first is not row:
                refuse_contradiction(row, first)
        except Refused as refusal:
            rejections.append(Rejection(row.line, *refusal.args))
    return found, rejections


def read(
    found: Mapping[str, Row], digests: Mapping[str, bytes], regions: Regions
) -> tuple[list[Entry], list[Rejection]]:
    """What the rows say that were not read before, or why one is not taken.

    Args:
        digests: of the row that each object was last read from.
    """
    entries: list[Entry] = []
    rejections: list[Rejection] = []
    for object_id, row in found.items():
        digest = digest_of(row)
        if digest == digests.get(object_id):
            continue
        try:
            entries.append(Entry(object_id, digest, reading(row, object_id, regions)))
        except Refused as refusal:
            rejections.append(Rejection(row.line, *refusal.args))
    return entries, rejections


def identity(row: Row) -> str:
    """The id a row gives its object, mended where that takes no guess."""
    code = cell(row.object_id)
    if kind(row) is not ObjectType.INSTITUTION and OBJECT_ID.fullmatch(code):
        return code
    mended = uscc.compact(code)
    if not mended:
        raise Refused("统一社会信用代码", row.object_id, "REQUIRED", "缺少统一社会信用代码")
    if rule := uscc.broken_rule(mended):
        raise Refused("统一社会信用代码", row.object_id, rule, uscc.REASONS[rule][0])
    return mended


def digest_of(row: Row) -> bytes:
    """What tells a row from every other, whatever line it stands on."""
    return hashlib.blake2b("\x1f".join(row[2:]).encode(), digest_size=16).digest()


def reading(row: Row, object_id: str, regions: Regions) -> dict[str, object]:
    """What a row says, field by field; what it does not say is not in it.

    Raises:
        Refused: a cell cannot be trusted.
    """
    said: dict[str, object] = {
        "name": name_of(row),
        "region": region_of(regions, row.province, row.region, uscc.region(object_id)),
    }
    for name, index, read_cell in READ:
        if row[index] and (value := read_cell(row[index])) is not None:  # type: ignore[arg-type]  # text
            said[name] = value
    if row.licence_name and cell(row.licence_name):
        said["licences"] = (licence_of(row),)
    if row.contact_name or row.contact_phone:
        said["contact"] = Contact(cell(row.contact_name), cell(row.contact_phone))
    return said


def name_of(row: Row) -> str:
    """The name, which every object has."""
    name = cell(row.name)
    if not name:
        raise Refused("企业名称", row.name, "REQUIRED", "缺少企业（对象）名称")
    if len(name) > LONGEST_NAME:
        raise Refused("企业名称", name, "LENGTH", f"名称超过 {LONGEST_NAME} 字")
    return name


@lru_cache(maxsize=REMEMBERED)
def region_of(regions: Regions, province: str, region: str, given_out_in: str) -> str:
    """Where an object is: by its district's code or name, else by the region that gave out its code."""
    name = cell(province)
    within = regions.provinces.get(name, "") if name else given_out_in[:2]
    if not within:
        raise Refused("所在省份", province, "PROVINCE_UNKNOWN", "不是省级行政区名称，该行各列可能错位，请核对整行")
    found = regions.find(cell(region), within) or regions.current(given_out_in)
    if not found:
        raise Refused("地区", region, "REGION_UNKNOWN", "地区不在 GB/T 2260 中，且无法由统一社会信用代码推定")
    return found


def kind(row: Row) -> ObjectType:
    """What kind of thing a row is about; an institution unless it says otherwise."""
    return type_of("对象类型", cell(row.type) or "INSTITUTION")


def free(column: str, longest: int = LONGEST_TEXT) -> Callable[[str], str | None]:
    """How the cells of a column of free text are read; None: one says nothing."""

    def read_cell(text: str) -> str | None:
        if len(text) > longest:
            raise Refused(column, text[:LONGEST_NAME], "LENGTH", f"超过 {longest} 字")
        return cell(text) or None

    return read_cell


def choice(column: str, meaning: Callable[[str, str], object]) -> Callable[[str], object]:
    """How the cells of a column are read in which few texts come again and again: what each means is remembered."""

    @lru_cache(maxsize=REMEMBERED)
    def read_cell(text: str) -> object:
        said = cell(text)
        return meaning(column, said) if said else None

    return read_cell


COLUMNS: Mapping[str, Callable[[str], object]] = {
    "type": choice("对象类型", type_of),
    "registration_status": choice("登记状态", status_of),
    "address": free("地址"),
    "industry": choice("行业", industry_of),
    "tags": choice("监管标签", tags_of),
    "registered_on": choice("注册日期", day_of),
    "enterprise_type": free("企业类型"),
    "business_scope": free("经营范围"),
    "owner_id": choice("所属主体", owner_of),
    "alias": free("别名", LONGEST["alias"]),
    "legal_representative": free("法定代表人", LONGEST["legal_representative"]),
    "area": free("片区/商圈", LONGEST["area"]),
}
"""Fields that one cell alone decides, and how it is read."""

READ = tuple((name, Row._fields.index(name), read_cell) for name, read_cell in COLUMNS.items())


def licence_of(row: Row) -> Licence:
    """The licence a row names."""
    until = cell(row.licence_expires_on)
    expires_on = day_of("许可证有效期至", until) if until else None
    return Licence(cell(row.licence_name), cell(row.licence_number), expires_on)


def with_licence(held: tuple[Licence, ...], said: Mapping[str, object]) -> tuple[Licence, ...]:
    """The licences an object holds once a row has named one: it replaces the one of the same name."""
    (named,) = cast(tuple[Licence], said["licences"])
    return (*(licence for licence in held if licence.name != named.name), named)


def refuse_contradiction(row: Row, first: Row) -> None:
    """A second row for an object must at least have the same name."""
    if cell(first.name) != cell(row.name):
        reason = f"与第 {first.line} 行代码相同而名称不同（{cell(first.name)}），请核对后保留一行"
        raise Refused("统一社会信用代码", row.object_id, "DUPLICATE", reason)
