"""The directory is found by what people type, and each search goes the way of its index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, literal_column, select, text
from sqlalchemy.orm import Session

from services.chassis.database import Database
from services.sampling import tables
from services.sampling.__main__ import SERVICE
from services.sampling.queries import searching
from services.sampling.queries.objects import ORDERS, Filters, count_objects, list_objects
from services.sampling.tables import objects
from tests.sampling.town import ADMIN, MANAGER, code, row
from tests.support.databases import STOCK
from tests.support.house import House, Refused, houses

house = houses("sampling")

MANY = 20_000
"""Rows from which PostgreSQL finds an index worth its while."""


def enter(house: House, *rows: dict[str, Any]) -> None:
    assert house.call("sampling", "ImportObjects", {"rows": list(rows)}, by=ADMIN).imported == len(rows)


def found(house: House, **filters: object) -> list[str]:
    return [each.name for each in house.call("sampling", "ListObjects", filters, by=MANAGER).objects]


def test_one_two_and_more_characters_of_a_name_find_it(house: House) -> None:
    enter(house, row(1, name="重庆市老灶火锅店"), row(2, name="老灶茶馆"), row(3, name="火锅底料厂"))
    assert found(house, query="灶", order_by="name") == ["老灶茶馆", "重庆市老灶火锅店"]
    assert found(house, query="火锅", order_by="name") == ["火锅底料厂", "重庆市老灶火锅店"]
    assert found(house, query="灶火锅") == ["重庆市老灶火锅店"]
    assert found(house, query="老灶 火锅") == ["重庆市老灶火锅店"]
    assert found(house, query="锅火") == []


def test_capitals_and_the_width_of_brackets_make_no_difference(house: House) -> None:
    enter(house, row(1, name="重庆（ABC）贸易"), row(2, name="重庆(abc)贸易"), row(3, name="甲\\乙'丙%丁_戊|己"))
    assert len(found(house, query="（abc)")) == len(found(house, query="(Abc）")) == 2
    for part in ("\\", "'", "%", "_", "|", "乙'", "丙%丁", "\\乙", "& |", "''", "己"):
        assert found(house, query=part) == ([] if part in ("& |", "''") else ["甲\\乙'丙%丁_戊|己"]), part


def test_the_other_name_is_searched_as_well_and_is_not_glued_to_the_first(house: House) -> None:
    enter(house, row(1, name="永川第一", alias="老张饭店", legal_representative="张三", area="文理商圈"), row(2))
    assert found(house, query="老张") == ["永川第一"]
    assert found(house, query="一老") == []
    assert found(house, area="文理商圈") == ["永川第一"]
    shown = house.call("sampling", "GetObject", {"object_id": code(1)}, by=MANAGER)
    assert (shown.alias, shown.legal_representative, shown.area) == ("老张饭店", "张三", "文理商圈")


def test_a_code_is_found_by_its_beginning_and_by_its_last_four(house: House) -> None:
    enter(house, *(row(number) for number in range(1, 6)), row(9, object_id="park-7", type="场地场所", name="公园"))
    third, name = code(3), "永川第3饭店"
    assert found(house, code_tail=third[-4:]) == [name]
    assert found(house, code_tail=third[-4:].lower()) == [name]
    assert found(house, code_tail=third[-6:]) == [name]
    assert found(house, code_tail="0" + third[-4:]) == found(house, code=third[:15], code_tail=third[-4:])
    assert found(house, code=third) == [name]
    assert found(house, code=f"{third[:6]} {third[6:].lower()}") == [name]
    assert len(found(house, code=third[:10])) == 5
    assert found(house, code="park") == found(house, code_tail="rk-7") == ["公园"]
    assert found(house, code="9150%") == []
    with pytest.raises(Refused) as refusal:
        found(house, code_tail="123")
    assert refusal.value.violations == {"code_tail": "LENGTH"}


def test_a_region_holds_all_within_it_and_nothing_beside_it(house: House) -> None:
    enter(house, row(1), row(2, region="合川"), row(3, object_id=code(3, "510104"), province="四川", region="510104"))
    assert len(found(house, region="500000")) == 2
    assert len(found(house, region="500118")) == 1
    assert len(found(house, region="510100")) == len(found(house, region="510000")) == 1


def test_a_list_says_how_long_it_is_when_asked(house: House) -> None:
    enter(house, *(row(number) for number in range(1, 8)))
    asked = {"query": "饭店", "page_size": 2}
    assert house.call("sampling", "ListObjects", asked | {"count": True}, by=MANAGER).total == 7
    assert house.call("sampling", "ListObjects", asked, by=MANAGER).total == 0


@pytest.fixture(scope="module")
def directory() -> Iterator[Database]:
    """Twenty thousand objects on PostgreSQL, in the C locale's worst case: names of nothing but Chinese."""
    tables.map_model()
    with STOCK.lent(SERVICE.metadata, "postgresql") as database:
        with database.transaction() as session:
            session.execute(text(FILL), {"many": MANY})
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE objects")
        yield database


FILL = """
INSERT INTO objects (object_id, type, name, registration_status, region, address, industry, tags, licences,
  enterprise_type, business_scope, owner_id, version, created_by, updated_by, updated_at, key, row_digest)
SELECT '91500' || lpad((n * 7919 % 1000003)::text, 13, '0'), 'INSTITUTION',
  chr(19968 + n * 31 % 5000) || chr(19968 + n * 17 % 4000) || '饭店', 'ACTIVE',
  (500101 + n % 40)::text, '', '', '|餐饮|' || CASE WHEN n % 500 = 0 THEN '重点|' ELSE '' END, '[]', '', '', '', 1,
  '', '', now() + n * interval '1 second', '\\x00', ''
FROM generate_series(1, :many) AS n
"""


def plan_of(session: Session, filters: Filters, order: str = "") -> str:
    """How PostgreSQL would go about a page."""
    searching.plan_for_these_values(session)
    shown = select(objects).where(*filters.conditions(session)).order_by(*ORDERS[order]).limit(51)
    compiled = shown.compile(dialect=session.get_bind().dialect)
    asked = session.connection().exec_driver_sql(f"EXPLAIN {compiled}", compiled.construct_params())
    return "\n".join(line for (line,) in asked)


RARE = chr(19968 + 31) + chr(19968 + 17)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("filters", "order", "index"),
    [
        (Filters(query=RARE), "", "objects_by_name_grams"),
        (Filters(query=RARE[0]), "", "objects_by_name_grams"),
        (Filters(query=RARE + "饭"), "", "objects_by_name_grams"),
        (Filters(tag="重点"), "", "objects_by_tag"),
        (Filters(tag="无此标签"), "name", "objects_by_tag"),
        (Filters(code="915000000012"), "", "objects_"),
        (Filters(code_tail="0001"), "", "objects_by_code_tail"),
        (Filters(region="500118"), "", "objects_by_region_and_id"),
        (Filters(), "", "objects_pkey"),
        (Filters(), "name", "objects_by_name"),
        (Filters(), "update_time", "objects_by_update"),
        (Filters(query="饭店"), "", "objects_pkey"),
        (Filters(query="饭店"), "update_time", "objects_by_update"),
    ],
)
def test_a_search_goes_the_way_of_its_index(directory: Database, filters: Filters, order: str, index: str) -> None:
    with directory.transaction(read_only=True) as session:
        plan = plan_of(session, filters, order)
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan


@pytest.mark.postgresql
def test_the_index_knows_chinese_whatever_the_locale(directory: Database) -> None:
    with directory.transaction(read_only=True) as session:
        grams = session.scalar(select(func.name_grams(literal_column("'重庆'::text COLLATE \"C\""))))
        assert grams == "'庆' '重庆'"
        one = list_objects(session, Filters(query=RARE), page_size=5, page_token="", order_by="")
        assert all(RARE in each.name for each in one.items)
        assert len(one.items) == count_objects(session, Filters(query=RARE)) == 1


@pytest.mark.postgresql
def test_a_long_list_is_counted_up_to_a_limit(directory: Database) -> None:
    with directory.transaction(read_only=True) as session:
        assert count_objects(session, Filters(query="饭店")) == 10_000
        assert count_objects(session, Filters(tag="重点")) == MANY // 500
