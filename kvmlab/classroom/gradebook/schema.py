"""The tables, as migrations: the n-th makes version n (SQLite's user_version) of n - 1. None is ever edited."""

from __future__ import annotations

MIGRATIONS = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE student (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, grp TEXT NOT NULL, host TEXT NOT NULL, email TEXT NOT NULL,
        position INTEGER NOT NULL, left_at TEXT
    ) STRICT;
    CREATE TABLE evidence (digest TEXT PRIMARY KEY, document BLOB NOT NULL) STRICT;
    CREATE TABLE attempt (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        student TEXT NOT NULL REFERENCES student, course TEXT NOT NULL, lab TEXT NOT NULL, lab_version TEXT NOT NULL,
        seed TEXT, parameters TEXT NOT NULL, lab_host TEXT NOT NULL, begun TEXT NOT NULL, taken TEXT NOT NULL,
        hints TEXT NOT NULL, assisted INTEGER NOT NULL, evidence TEXT NOT NULL REFERENCES evidence
    ) STRICT;
    CREATE INDEX attempt_of ON attempt (lab, student);
    CREATE TABLE run (
        number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('check', 'regrade')),
        lab TEXT NOT NULL, lab_version TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL
    ) STRICT;
    CREATE TABLE grading (
        attempt INTEGER NOT NULL REFERENCES attempt, run INTEGER NOT NULL REFERENCES run,
        verdict TEXT NOT NULL, points INTEGER NOT NULL, max_points INTEGER NOT NULL, unseen INTEGER NOT NULL,
        report BLOB NOT NULL, PRIMARY KEY (attempt, run)
    ) STRICT;
    CREATE TABLE action (
        number INTEGER PRIMARY KEY AUTOINCREMENT, verb TEXT NOT NULL, lab TEXT NOT NULL, who TEXT NOT NULL,
        began TEXT NOT NULL, ended TEXT
    ) STRICT;
    CREATE TABLE outcome (
        action INTEGER NOT NULL REFERENCES action, student TEXT NOT NULL REFERENCES student,
        at TEXT NOT NULL, outcome TEXT NOT NULL, said TEXT NOT NULL, PRIMARY KEY (action, student)
    ) STRICT;
    CREATE TABLE forgetting (student TEXT PRIMARY KEY) STRICT;

    CREATE TRIGGER attempt_stays BEFORE UPDATE ON attempt BEGIN SELECT RAISE(ABORT, 'attempts are never changed'); END;
    CREATE TRIGGER attempt_kept BEFORE DELETE ON attempt WHEN OLD.student NOT IN (SELECT student FROM forgetting)
        BEGIN SELECT RAISE(ABORT, 'attempts are never removed'); END;
    CREATE TRIGGER evidence_stays BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is never changed'); END;
    CREATE TRIGGER evidence_kept BEFORE DELETE ON evidence WHEN OLD.digest IN (SELECT evidence FROM attempt)
        BEGIN SELECT RAISE(ABORT, 'evidence is never removed'); END;
    CREATE TRIGGER grading_stays BEFORE UPDATE ON grading BEGIN SELECT RAISE(ABORT, 'gradings are never changed'); END;
    CREATE TRIGGER grading_kept BEFORE DELETE ON grading WHEN (SELECT student FROM attempt WHERE number = OLD.attempt)
        NOT IN (SELECT student FROM forgetting) BEGIN SELECT RAISE(ABORT, 'gradings are never removed'); END;
    CREATE TRIGGER run_stays BEFORE UPDATE ON run BEGIN SELECT RAISE(ABORT, 'runs are never changed'); END;
    """,
    """
    CREATE TABLE code (
        student TEXT NOT NULL REFERENCES student, hash TEXT NOT NULL, made TEXT NOT NULL, used TEXT,
        PRIMARY KEY (student, hash)
    ) STRICT;
    CREATE TABLE login_key (
        student TEXT NOT NULL REFERENCES student, key TEXT NOT NULL, added TEXT NOT NULL, PRIMARY KEY (student, key)
    ) STRICT;
    """,
    """
    CREATE TABLE place (
        student TEXT PRIMARY KEY REFERENCES student, server TEXT NOT NULL, processors INTEGER NOT NULL, at TEXT NOT NULL
    ) STRICT;
    """,
)
