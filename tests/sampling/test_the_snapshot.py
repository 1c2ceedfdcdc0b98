"""A draw sees the directory as it is, whether it reads the snapshot or the tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.chassis import bulk
from services.chassis.database import Database
from services.chassis.settings import BadSettings
from services.chassis.unit_of_work import UnitOfWork
from services.sampling import snapshotting, tables
from services.sampling.__main__ import SERVICE
from services.sampling.directory import SqlDirectory
from services.sampling.model.inspection_object import UNSAID, Grade, ObjectType, RegistrationStatus
from services.sampling.model.scope import DrawScope
from services.sampling.model.strata import Candidate
from services.sampling.settings import sampling_settings
from services.sampling.snapshot import EMPTY, Columns, Row, Shelf
from services.sampling.tables import directory_changes, directory_snapshots, objects, ratings
from tests.sampling import town
from tests.support.databases import STOCK, databases
from tests.support.house import House, houses

house = houses("sampling")

NOW = datetime(2025, 6, 9, tzinfo=UTC)
SCOPES = (
    DrawScope(regions=("500000",)),
    DrawScope(types=(ObjectType.INSTITUTION, ObjectType.SITE), regions=("500118", "500117")),
    DrawScope(types=tuple(ObjectType), regions=("500000",), tags=("餐饮", "Abc")),
    DrawScope(types=tuple(ObjectType), regions=("500118",), industries=("H", "F52")),
)

facts = st.fixed_dictionaries(
    {
        "object_id": st.sampled_from(["obj-0", "obj-1", "9", "Z.z_"]),
        "type": st.sampled_from([ObjectType.INSTITUTION, ObjectType.SITE, ObjectType.PRODUCT]),
        "registration_status": st.sampled_from([RegistrationStatus.ACTIVE, RegistrationStatus.CLOSED]),
        "region": st.sampled_from(["500118", "500117", "510104"]),
        "industry": st.sampled_from(["", "H6210", "F5211", "F5311"]),
        "tags": st.sampled_from([(), ("餐饮",), ("餐饮服务",), ("重点", "Abc"), ("abc",)]),
    }
)
standing = st.fixed_dictionaries(
    {
        "object_id": facts.map(lambda one: one["object_id"]),
        "public_rating": st.sampled_from(["", "A", "D"]),
        "risk_class": st.sampled_from(["", "B"]),
        "industry": st.sampled_from([(), (Grade("餐饮", "C"),), (Grade("消防", "A"), Grade("餐饮", "B"))]),
    }
)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), st.lists(facts, min_size=1, max_size=4, unique_by=lambda one: one["object_id"])),
        st.tuples(st.just("change"), facts),
        st.tuples(st.just("forget"), facts),
        st.tuples(st.just("rate"), standing),
        st.tuples(st.just("refresh"), st.integers(1, 3)),
        st.tuples(st.just("damage"), st.sampled_from([b"", b"rubbish"])),
        st.tuples(st.just("lose"), st.none()),
    ),
    min_size=1,
    max_size=8,
)


@contextmanager
def directory(kind: str) -> Iterator[tuple[Database, Shelf, Path]]:
    tables.map_model()
    with STOCK.lent(SERVICE.metadata, kind) as database, TemporaryDirectory() as folder:
        yield database, Shelf(folder), Path(folder)


def refresh(session: Session, shelf: Shelf, after: int = 1, worth_from: int = 2) -> bool:
    return snapshotting.refresh(session, shelf, NOW, worth_from=worth_from, after=after)


def enter(session: Session, entered: Sequence[dict[str, Any]]) -> None:
    rest = {**UNSAID, "name": "某", "version": 1}
    rows = [{**rest, **one, "key": hashlib.sha256(one["object_id"].encode()).digest()[:16]} for one in entered]
    known = set(session.scalars(select(objects.c.object_id)))
    if new := [row for row in rows if row["object_id"] not in known]:
        bulk.insert_rows(session, objects, new)


def act(session: Session, shelf: Shelf, folder: Path, action: str, given: Any) -> None:
    if action == "enter":
        enter(session, given)
    elif action == "change":
        values = {name: given[name] for name in ("region", "tags", "registration_status")}
        session.execute(update(objects).where(objects.c.object_id == given["object_id"]).values(values))
    elif action == "forget":
        session.execute(delete(objects).where(objects.c.object_id == given["object_id"]))
    elif action == "rate":
        version = session.scalar(select(func.coalesce(func.max(ratings.c.version), 0) + 1))
        bulk.upsert_rows(session, ratings, [given | {"version": version}])
    elif action == "refresh":
        refresh(session, shelf, given)
    else:
        for file in folder.glob("*.columns"):
            file.unlink() if action == "lose" else file.write_bytes(given)


def seen(session: Session, shelf: Shelf | None, scope: DrawScope, domain: str) -> list[Candidate]:
    work = cast(UnitOfWork, SimpleNamespace(session=session))
    return sorted(SqlDirectory(work, shelf).candidates(scope, domain))


@pytest.mark.parametrize("kind", databases())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=actions)
def test_the_frame_by_the_snapshot_is_the_frame_by_the_tables(kind: str, done: list[tuple[str, Any]]) -> None:
    with directory(kind) as (database, shelf, folder):
        with database.transaction() as session:
            enter(session, objects_of(0, 1))
            refresh(session, shelf)
        for action, given in done:
            with database.transaction() as session:
                act(session, shelf, folder, action, given)
        with database.transaction(read_only=True) as session:
            for scope in SCOPES:
                tables_say = seen(session, None, scope, "餐饮")
                assert seen(session, shelf, scope, "餐饮") == tables_say
                assert seen(session, Shelf(str(folder)), scope, "餐饮") == tables_say


def objects_of(*numbers: int, **facts: Any) -> list[dict[str, Any]]:
    known = {"type": ObjectType.INSTITUTION, "registration_status": RegistrationStatus.ACTIVE, "region": "500118"}
    return [{**known, "object_id": f"obj-{number}", "industry": "", "tags": ()} | facts for number in numbers]


def reads_the_snapshot(session: Session, shelf: Shelf) -> bool:
    from services.sampling.directory import fits

    return snapshotting.candidates(session, shelf, SCOPES[0], "", fits(SCOPES[0])) is not None


@pytest.mark.parametrize("kind", databases())
def test_a_snapshot_is_written_where_it_is_worth_it_and_anew_when_enough_has_changed(kind: str) -> None:
    with directory(kind) as (database, shelf, folder):

        def strike(after: int = 3) -> bool:
            with database.transaction() as session:
                return refresh(session, shelf, after)

        def noted() -> int:
            with database.transaction(read_only=True) as session:
                return session.scalar(select(func.count()).select_from(directory_changes)) or 0

        with database.transaction() as session:
            enter(session, objects_of(1))
            assert not reads_the_snapshot(session, shelf)
        assert (strike(), noted(), list(folder.glob("*"))) == (False, 0, [])
        with database.transaction() as session:
            enter(session, objects_of(2, 3))
        assert (strike(), noted()) == (True, 0)
        with database.transaction() as session:
            assert reads_the_snapshot(session, shelf)
            session.execute(update(objects).where(objects.c.object_id == "obj-1").values(region="500117"))
            assert reads_the_snapshot(session, shelf)
        assert (strike(), noted()) == (False, 1)
        with database.transaction() as session:
            enter(session, objects_of(4, 5))
        assert (strike(), noted()) == (True, 0)
        with database.transaction() as session:
            session.execute(update(objects).values(region="500119"))
        assert strike()
        with database.transaction(read_only=True) as session:
            named = session.execute(select(directory_snapshots)).one()
        assert (named.version, named.object_count) == (3, 5)
        assert len(list(folder.glob("*"))) == 2


@pytest.mark.parametrize("kind", databases())
@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_a_file_that_is_not_what_it_was_is_not_read_and_is_written_anew(kind: str, harm: str) -> None:
    with directory(kind) as (database, shelf, folder):
        with database.transaction() as session:
            enter(session, objects_of(1, 2))
            refresh(session, shelf)
        [file] = folder.glob("*.columns")
        content = file.read_bytes()
        file.unlink() if harm == "lost" else file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        fresh = Shelf(str(folder))
        with database.transaction() as session:
            assert not reads_the_snapshot(session, fresh)
            assert len(seen(session, fresh, SCOPES[0], "")) == 2
            assert refresh(session, fresh, after=1000)
            assert reads_the_snapshot(session, fresh)
        [anew] = folder.glob("*.columns")
        assert anew.read_bytes() == content


@pytest.mark.postgresql
def test_a_change_that_commits_after_the_snapshot_was_written_is_not_lost() -> None:
    with directory("postgresql") as (database, shelf, _):
        with database.transaction() as session:
            enter(session, objects_of(1, 2, 3))
            refresh(session, shelf)
        with database.transaction() as slow:
            slow.execute(update(objects).where(objects.c.object_id == "obj-1").values(region="510104"))
            with database.transaction() as quick:
                quick.execute(update(objects).where(objects.c.object_id == "obj-2").values(region="510104"))
            with database.transaction() as session:
                assert refresh(session, shelf)
                assert [each.object_id for each in seen(session, shelf, SCOPES[0], "")] == ["obj-1", "obj-3"]
        with database.transaction(read_only=True) as session:
            assert [each.object_id for each in seen(session, shelf, SCOPES[0], "")] == ["obj-3"]


@pytest.mark.postgresql
def test_of_two_that_write_it_at_once_neither_loses_what_the_other_took_in() -> None:
    with directory("postgresql") as (database, shelf, _):
        with database.transaction() as session:
            enter(session, objects_of(1, 2, 3))
            refresh(session, shelf)
            enter(session, objects_of(4))
        with database.transaction() as session:
            assert refresh(session, shelf)
            with database.transaction() as other:
                other.connection().exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
                with pytest.raises(Exception, match="lock timeout"):
                    refresh(other, shelf)
                other.rollback()


row = st.builds(
    Row,
    object_id=st.text(min_size=1, max_size=8),
    key=st.binary(min_size=16, max_size=16),
    **{name: st.sampled_from(["", "A", "餐饮", "|餐饮|重点|"]) for name in Row._fields[2:-1]},
    grades=st.just(""),
)
rows = st.lists(row, max_size=20, unique_by=lambda one: one.object_id)


@given(first=rows, second=rows, gone=st.sets(st.text(min_size=1, max_size=2), max_size=5))
def test_columns_are_the_same_after_they_were_written_merged_and_read(
    first: list[Row], second: list[Row], gone: set[str]
) -> None:
    known = {one.object_id: one for one in first if one.object_id not in gone} | {one.object_id: one for one in second}
    merged = EMPTY.merged((), iter(first)).merged(gone, iter(second))
    again = Columns.of_bytes(merged.to_bytes())
    for columns in (merged, again):
        assert columns.object_ids() == sorted(known)
        words = [[columns.words[name][code] for code in columns.codes[name]] for name in Row._fields[2:]]
        keys = [bytes(key) for key in columns.keys]
        assert [Row(*one) for one in zip(columns.object_ids(), keys, *words, strict=True)] == [
            known[id] for id in sorted(known)
        ]


@pytest.mark.parametrize("url", ["s3://bucket/folder", "reference://folder", "nonsense://folder"])
def test_a_place_that_a_worker_cannot_reach_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGMA_SAMPLING_SNAPSHOT_URL", url)
    with pytest.raises(BadSettings, match="LIANGMA_SAMPLING_SNAPSHOT_URL"):
        sampling_settings()
    monkeypatch.setenv("LIANGMA_SAMPLING_SNAPSHOT_URL", "file:///srv/snapshots")
    assert sampling_settings().snapshot_url == "file:///srv/snapshots"


def test_a_draw_freezes_the_same_frame_by_the_snapshot(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGMA_SAMPLING_SNAPSHOT_FROM", "10")
    town.settle_objects(house, 30)
    town.rate(house, {town.code(number): "ABCD"[number % 4] for number in range(1, 20)})
    town.form_task(house)
    draw_id = town.open_draw(house)
    asked = {"draw_id": draw_id}
    before = house.call("sampling", "PreviewDraw", asked, by=town.MANAGER)
    house.fire("sampling", "keep_snapshot")
    [file] = (house.directory / "snapshots").glob("*.columns")
    assert house.call("sampling", "PreviewDraw", asked, by=town.MANAGER) == before
    file.write_bytes(b"")
    assert town.commit(house, draw_id).round.frame_count == before.frame_count == 30
