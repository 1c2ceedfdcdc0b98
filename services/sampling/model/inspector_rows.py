"""A row of a file of inspectors becomes an inspector, or is refused with the column and the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import NamedTuple

from services.chassis.import_report import Rejection
from services.sampling.model import uscc
from services.sampling.model.cells import SEPARATORS, Refused, cell, day_of, owner_of
from services.sampling.model.inspector import CERTIFICATE, LONGEST_NAME, InspectorFacts
from services.sampling.model.region import Regions

TRUE = frozenset({"是", "专家", "true", "True", "TRUE", "1", "Y", "y", "yes"})


class Row(NamedTuple):
    """A row as it came: all text; the field's names are those of the contract."""

    line: int
    certificate: str
    name: str
    authority_id: str
    region: str
    valid_until: str
    domains: str
    qualifications: str
    expert: str
    subject: str
    earlier_employers: str


HEADERS = {
    "证件号": "certificate",
    "姓名": "name",
    "所属机构": "authority_id",
    "区划": "region",
    "有效期至": "valid_until",
    "领域": "domains",
    "资质": "qualifications",
    "专家": "expert",
    "账号": "subject",
    "曾任职单位": "earlier_employers",
}
"""What a column of a file of inspectors means."""

NEEDED = ("certificate", "name", "authority_id", "valid_until")


def read(
    rows: Iterable[object], regions: Regions, region_of: Mapping[str, str]
) -> tuple[list[InspectorFacts], list[Rejection]]:
    """Every row, as an inspector or a rejection; a certificate that comes twice counts once.

    Args:
        rows: anything with the cells of a `Row` as attributes.
        region_of: regions of the authorities that are known, by id.
    """
    read: dict[str, InspectorFacts] = {}
    rejections: list[Rejection] = []
    for row in map(Row._make, map(attrgetter(*Row._fields), rows)):
        try:
            inspector = inspector_of(row, regions, region_of)
            first = read.setdefault(inspector.certificate, inspector)
            if (first.name, first.authority_id) != (inspector.name, inspector.authority_id):
                reason = f"文件中同一证件号已用于 {first.name}，请核对后保留一行"
                rejections.append(Rejection(row.line, "证件号", row.certificate, "DUPLICATE", reason))
        except Refused as refusal:
            rejections.append(Rejection(row.line, *refusal.args))
    return list(read.values()), rejections


def inspector_of(row: Row, regions: Regions, region_of: Mapping[str, str]) -> InspectorFacts:
    """The inspector a row describes.

    Raises:
        Refused: a cell cannot be trusted.
    """
    authority_id = authority_of(row)
    return InspectorFacts(
        certificate=certificate_of(row),
        name=name_of(row),
        authority_id=authority_id,
        region=region(row, authority_id, regions, region_of),
        valid_until=day_of("有效期至", cell(row.valid_until)),
        domains=words(row.domains),
        qualifications=words(row.qualifications),
        expert=cell(row.expert) in TRUE,
        subject=cell(row.subject),
        earlier_employers=employers(row.earlier_employers),
    )


def certificate_of(row: Row) -> str:
    """The certificate's number."""
    number = cell(row.certificate)
    if not CERTIFICATE.fullmatch(number):
        raise Refused("证件号", row.certificate, "CERTIFICATE", "证件号应为 4 至 64 位字母、数字或横线")
    return number


def name_of(row: Row) -> str:
    """The name."""
    name = cell(row.name)
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused("姓名", row.name, "REQUIRED", f"缺少姓名或超过 {LONGEST_NAME} 字")
    return name


def authority_of(row: Row) -> str:
    """The authority's code."""
    code = uscc.compact(cell(row.authority_id))
    if rule := uscc.broken_rule(code):
        raise Refused("所属机构", row.authority_id, rule, uscc.REASONS[rule][0])
    return code


def region(row: Row, authority_id: str, regions: Regions, region_of: Mapping[str, str]) -> str:
    """Where the inspector may inspect: as the row says, else where the authority is."""
    text = cell(row.region)
    code = uscc.region(authority_id)
    found = regions.find(text, code[:2]) if text else region_of.get(authority_id) or regions.current(code)
    if not found:
        raise Refused("区划", row.region, "REGION_UNKNOWN", "区划不在 GB/T 2260 中")
    return found


def employers(text: str) -> tuple[str, ...]:
    """The objects a cell lists."""
    return tuple(owner_of("曾任职单位", each) for each in words(text))


def words(text: str) -> tuple[str, ...]:
    """The words a cell lists, each once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, SEPARATORS.split(cell(text))))))
