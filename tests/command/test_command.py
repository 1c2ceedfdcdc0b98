"""The `liangma` command: what it prints, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.__main__ import app
from services.chassis import dead_letters
from services.chassis.database import Database
from services.chassis.dead_letters import DeadLetter
from services.chassis.service import find

NOON = datetime(2025, 6, 9, 4, 0, tzinfo=UTC)
DRAWS = Path(__file__).parents[1] / "vectors" / "lm-draw-1"


def liangma(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """That of `plans`, as the command finds it."""
    monkeypatch.setenv("LIANGMA_VAR_DIR", str(tmp_path))
    made = Database(f"sqlite:///{tmp_path}/plans.db")
    find("plans").metadata.create_all(made.engine)
    made.dispose()
    return made


@pytest.fixture
def letter(database: Database) -> str:
    """The id of the one dead letter there is."""
    made = DeadLetter("letter-1", "event-1", "plans.tasks.task_completed", "{}", "no such plan", "", 5, NOON)
    with database.transaction() as session:
        dead_letters.bury(session, find("plans").metadata.tables["dead_letters"], made)
    database.dispose()
    return made.id


def test_a_genuine_draw_is_said_to_be_so() -> None:
    done = liangma("verify-draw", DRAWS / "normal.json", DRAWS / "normal.frame.csv")
    assert (done.exit_code, done.output[0]) == (0, "✓")


def test_every_fault_of_a_draw_is_told_and_the_exit_code_is_one() -> None:
    done = liangma("verify-draw", DRAWS / "tampered-frame.json", DRAWS / "tampered-frame.frame.csv")
    assert done.exit_code == 1
    assert done.output.splitlines()
    assert all(line.startswith("✗ ") for line in done.output.splitlines())


def test_a_file_that_is_not_there_is_one_line_and_no_traceback() -> None:
    done = liangma("verify-draw", "nowhere.json", DRAWS / "normal.frame.csv")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "nowhere.json" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("database")
def test_a_log_nobody_edited_is_whole() -> None:
    assert liangma("verify-log", "plans").output == "✓ the log of plans is whole\n"


def test_a_service_that_does_not_exist_is_refused_by_name() -> None:
    done = liangma("verify-log", "taxes")
    assert (done.exit_code, done.stderr) == (1, "liangma: unknown service 'taxes'\n")


def test_a_dead_letter_is_listed_shown_and_set_aside(letter: str) -> None:
    assert letter in liangma("dead-letters", "list", "plans").output
    assert "reason: no such plan" in liangma("dead-letters", "show", "plans", letter).output
    assert liangma("dead-letters", "drop", "plans", letter).exit_code == 0
    assert liangma("dead-letters", "list", "plans").output == ""


def test_a_letter_that_is_handled_again_is_no_longer_listed(letter: str) -> None:
    assert liangma("dead-letters", "replay", "plans", letter).exit_code == 0
    assert liangma("dead-letters", "list", "plans").output == ""


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("verb", ["show", "replay", "drop"])
def test_an_unknown_letter_is_one_line_and_no_traceback(verb: str) -> None:
    done = liangma("dead-letters", verb, "plans", "nothing")
    assert done.exit_code == 1
    assert done.stderr.startswith("liangma: ")


def test_an_unknown_kind_of_file_is_refused_with_those_there_are(tmp_path: Path) -> None:
    done = liangma("import", "horses", tmp_path / "horses.csv")
    assert done.exit_code == 1
    assert "objects, inspectors, authorities, matters" in done.stderr


def test_a_made_up_city_is_four_files(tmp_path: Path) -> None:
    done = liangma("sample-data", tmp_path, "--objects", 50)
    named = [line.partition(": ") for line in done.output.splitlines()]
    assert [kind for kind, _, _ in named] == ["authorities", "matters", "inspectors", "objects"]
    assert all(Path(path).is_file() for _, _, path in named)
