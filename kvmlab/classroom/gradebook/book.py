"""The gradebook as the rest of the classroom uses it."""

from __future__ import annotations

import json
import os
import pwd
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kvmlab.classroom.gradebook.database import Database
from kvmlab.classroom.gradebook.records import (
    Attempt,
    Graded,
    Grading,
    GradingRun,
    ServerPlace,
    digest_of,
    packed,
    unpacked,
)
from kvmlab.classroom.roster.difference import RosterDifference
from kvmlab.classroom.roster.student import Student
from kvmlab.course.progress import now

_STUDENT = "id, name, grp, host, email"
_LATEST = """
    SELECT {columns}, g.run, g.verdict, g.points, g.max_points, g.unseen, {report} FROM attempt a
    JOIN grading g ON g.attempt = a.number
    WHERE g.run = (SELECT max(run) FROM grading WHERE attempt = a.number) AND a.course = ? {where}
    ORDER BY a.number
"""


class Gradebook:
    """Students, attempts and gradings of one class."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def meta(self, name: str) -> str:
        """A value that was given at the beginning, such as the class's secret."""
        return str(self.database.rows("SELECT value FROM meta WHERE name = ?", [name])[0]["value"])

    def note(self, name: str, value: str) -> None:
        """Put a value of the class's own beside those, in place of an earlier one."""
        with self.database.transaction() as change:
            change.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def noted(self, name: str) -> str | None:
        """A value that was noted, or None."""
        found = self.database.rows("SELECT value FROM meta WHERE name = ?", [name])
        return str(found[0]["value"]) if found else None

    def begin(self, meta: Mapping[str, str], students: Sequence[Student]) -> None:
        """The first thing that is written."""
        with self.database.transaction() as change:
            change.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            _put_students(change, students)

    def students(self, *, left: bool = False) -> list[Student]:
        """Who is in the class, in the roster's order; with `left` those who were."""
        whose = "NOT NULL" if left else "NULL"
        found = self.database.rows(f"SELECT {_STUDENT} FROM student WHERE left_at IS {whose} ORDER BY position, id")
        return [Student(*row) for row in found]

    def take_roster(self, students: Sequence[Student], changes: RosterDifference) -> None:
        """These are the students from now on; what those have who are gone is kept."""
        with self.database.transaction() as change:
            _put_students(change, students)
            gone = [(now(), one.id) for one in changes.gone]
            change.executemany("UPDATE student SET left_at = ? WHERE id = ?", gone)

    def leave(self, student: str) -> None:
        """They are in the class no more; what they have is kept."""
        with self.database.transaction() as change:
            change.execute("UPDATE student SET left_at = ? WHERE id = ? AND left_at IS NULL", (now(), student))

    def places(self) -> dict[str, ServerPlace]:
        """Who is placed on a class server, and on which."""
        found = self.database.rows("SELECT student, server, processors FROM place")
        return {row["student"]: ServerPlace(row["server"], row["processors"]) for row in found}

    def put_places(self, places: Mapping[str, ServerPlace | None]) -> None:
        """These are there from now on; None: on this computer. All of them or none."""
        with self.database.transaction() as change:
            for student, place in places.items():
                change.execute("DELETE FROM place WHERE student = ?", (student,))
                if place:
                    change.execute("INSERT INTO place VALUES (?, ?, ?, ?)", (student, *place, now()))

    def add_attempt(
        self, run: int, student: str, course: str, evidence: Mapping[str, Any], hints: Mapping[str, int], assisted: bool
    ) -> int:
        """A check's evidence, and the grading it came with; the attempt's number. All or nothing."""
        document = {name: value for name, value in evidence.items() if name != "report"}
        digest = digest_of(document)
        values = (
            student, course, evidence["lab"], evidence["lab_version"], evidence["variant"],
            json.dumps(evidence["parameters"]), evidence["lab_host"], evidence["begun"], evidence["taken"],
            json.dumps(dict(hints)), int(assisted), digest,
        )  # fmt: skip
        with self.database.transaction() as change:
            change.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?)", (digest, packed(document)))
            places = ", ".join("?" * len(values))
            made = change.execute(f"INSERT INTO attempt VALUES (NULL, {places})", values)
            assert made.lastrowid
            _put_grading(change, Grading.of(made.lastrowid, run, evidence["report"]))
            return made.lastrowid

    def begin_run(self, kind: str, lab: str, lab_version: str, why: str = "") -> int:
        """A run that will grade attempts; its number."""
        with self.database.transaction() as change:
            return _put_run(change, kind, lab, lab_version, why)

    def keep_regrade(self, lab: str, lab_version: str, why: str, gradings: Iterable[Grading]) -> int:
        """A run over stored evidence: with all its gradings, or not at all."""
        with self.database.transaction() as change:
            run = _put_run(change, "regrade", lab, lab_version, why)
            for one in gradings:
                _put_grading(change, one._replace(run=run))
            return run

    def graded(self, course: str, lab: str | None = None, student: str | None = None) -> list[Graded]:
        """Attempts, the first first, each with the grading that counts. Without `lab` of all; reports are in them."""
        where, values = "", [course]
        for column, value in (("lab", lab), ("student", student)):
            if value is not None:
                where += f" AND a.{column} = ?"
                values.append(value)
        query = _LATEST.format(columns=", ".join(f"a.{one}" for one in Attempt._fields), where=where, report="g.report")
        return [_graded(row) for row in self.database.rows(query, values)]

    def results(self, course: str) -> list[Graded]:
        """Likewise of all labs, without parameters and reports: quick, however many there are."""
        columns = ", ".join("'{}' AS parameters" if one == "parameters" else f"a.{one}" for one in Attempt._fields)
        query = _LATEST.format(columns=columns, where="", report="NULL")
        return [_graded(row) for row in self.database.rows(query, [course])]

    def report(self, attempt: int, run: int) -> Mapping[str, Any]:
        """The report of one grading."""
        query = "SELECT report FROM grading WHERE attempt = ? AND run = ?"
        found: Mapping[str, Any] = unpacked(self.database.rows(query, [attempt, run])[0]["report"])
        return found

    def evidence(self, digest: str) -> Mapping[str, Any]:
        """The evidence of that name. ValueError where it is not what was stored."""
        raw = self.database.rows("SELECT document FROM evidence WHERE digest = ?", [digest])[0]["document"]
        document: Mapping[str, Any] = unpacked(raw)
        if digest_of(document) != digest:
            raise ValueError("evidence")
        return document

    def runs(self, lab: str) -> list[GradingRun]:
        """All runs that graded a lab."""
        return [
            GradingRun(*row) for row in self.database.rows("SELECT * FROM run WHERE lab = ? ORDER BY number", [lab])
        ]

    def begin_action(self, verb: str, lab: str) -> int:
        """A verb over students begins; its number."""
        with self.database.transaction() as change:
            values = (verb, lab, who(), now())
            made = change.execute("INSERT INTO action (verb, lab, who, began) VALUES (?, ?, ?, ?)", values)
            assert made.lastrowid
            return made.lastrowid

    def note_outcome(self, action: int, student: str, outcome: str, said: str) -> None:
        """What came of it for one student."""
        with self.database.transaction() as change:
            values = (action, student, now(), outcome, said)
            change.execute("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?, ?)", values)

    def end_action(self, action: int) -> None:
        """It has come to its end; one that has not was interrupted."""
        with self.database.transaction() as change:
            change.execute("UPDATE action SET ended = ? WHERE number = ?", (now(), action))

    def interrupted(self, verb: str, lab: str) -> tuple[int, dict[str, str]] | None:
        """The last action, if it was this one and did not end: its number, and outcomes by student."""
        last = self.database.rows("SELECT * FROM action ORDER BY number DESC LIMIT 1")
        if not last or last[0]["ended"] or (last[0]["verb"], last[0]["lab"]) != (verb, lab):
            return None
        number = last[0]["number"]
        rows = self.database.rows("SELECT student, outcome FROM outcome WHERE action = ?", [number])
        return number, {row["student"]: row["outcome"] for row in rows}

    def close(self) -> None:
        """No more is asked of it."""
        self.database.close()


def who() -> str:
    """Who is at work: the account, as ls(1) shows it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _put_students(change: sqlite3.Connection, students: Sequence[Student]) -> None:
    change.executemany(
        f"INSERT INTO student ({_STUDENT}, position) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "name = excluded.name, grp = excluded.grp, host = excluded.host, email = excluded.email, "
        "position = excluded.position, left_at = NULL",
        [(*one, number) for number, one in enumerate(students)],
    )


def _put_run(change: sqlite3.Connection, kind: str, lab: str, lab_version: str, why: str) -> int:
    columns = "kind, lab, lab_version, at, who, why"
    values = (kind, lab, lab_version, now(), who(), why)
    made = change.execute(f"INSERT INTO run ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)
    assert made.lastrowid
    return made.lastrowid


def _put_grading(change: sqlite3.Connection, one: Grading) -> None:
    values = (*one._replace(report={})[:6], packed(one.report))
    change.execute("INSERT INTO grading VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def _graded(row: sqlite3.Row) -> Graded:
    """Of a row of `_LATEST`: ninety thousand of them are read at once, so by their places and not by their names."""
    number, student, course, lab, version, seed, parameters, host, begun, taken, hints, assisted, evidence = row[:13]
    run, verdict, points, max_points, unseen, report = row[13:]
    attempt = Attempt(number, student, course, lab, version, seed, _object(parameters), host, begun, taken,
                      _object(hints), bool(assisted), evidence)  # fmt: skip
    read = {} if report is None else unpacked(report)
    return Graded(attempt, Grading(number, run, verdict, points, max_points, unseen, read))


def _object(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {} if text == "{}" else json.loads(text)
    return found
