"""The sandbox cloud: what exists, under which ids and names, and who refers to whom.

One SQLite file per sandbox directory, shared by every provider process of every stack that is being updated. It is
kept apart from Pulumi's own state on purpose: so a lost or interrupted update meets a cloud that remembers.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.provider.refusal import Refused
from sandbox.provider.wire import Properties, from_text, to_text

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,      -- account/region, account/global, or cluster
    token TEXT NOT NULL,      -- Pulumi type
    id TEXT NOT NULL,
    urn TEXT NOT NULL,
    seed TEXT NOT NULL,       -- what minted values are derived from
    inputs TEXT NOT NULL,
    outputs TEXT NOT NULL,
    session TEXT NOT NULL,    -- provider process that made it
    settled INTEGER NOT NULL, -- 1 once the engine is known to know it
    UNIQUE (scope, token, id)
);
CREATE INDEX IF NOT EXISTS record_urn ON record (urn);
CREATE TABLE IF NOT EXISTS identifier (value TEXT NOT NULL, scope TEXT NOT NULL, seq INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS identifier_value ON identifier (value);
CREATE INDEX IF NOT EXISTS identifier_seq ON identifier (seq);
CREATE TABLE IF NOT EXISTS reference (seq INTEGER NOT NULL, property TEXT NOT NULL, value TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS reference_value ON reference (value);
CREATE INDEX IF NOT EXISTS reference_seq ON reference (seq);
CREATE TABLE IF NOT EXISTS taken (key TEXT PRIMARY KEY, seq INTEGER, reason TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS taken_seq ON taken (seq);
CREATE TABLE IF NOT EXISTS counter (run TEXT PRIMARY KEY, operations INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS shape (key TEXT PRIMARY KEY, text TEXT NOT NULL);
"""


_COLUMNS = "seq, scope, token, id, urn, seed, inputs, outputs, settled, session"


@dataclass(frozen=True)
class Record:
    """One thing that exists."""

    seq: int
    scope: str
    token: str
    id: str
    urn: str
    seed: str
    inputs: Properties
    outputs: Properties
    settled: bool
    session: str


@dataclass(frozen=True)
class Draft:
    """One thing about to exist, or its changed form: what a provider decided before anything is written."""

    scope: str
    token: str
    id: str
    outputs: Properties
    identifiers: Sequence[str] = ()
    references: Sequence[tuple[str, str]] = ()  # property, identifier
    taken: Mapping[str, str] = field(default_factory=dict)  # unique name in its scope, error if somebody has it


def directory() -> Path:
    """The sandbox directory, from `ODOO_ESTATE_SANDBOX`."""
    given = os.environ.get("ODOO_ESTATE_SANDBOX")
    if not given:
        raise Refused('ODOO_ESTATE_SANDBOX is not set: start this shell with eval "$(sandbox/env)"')
    return Path(given)


class Cloud:
    """The shared memory of all provider processes."""

    def __init__(self, where: Path) -> None:
        where.mkdir(parents=True, exist_ok=True)
        self._path = where / "cloud.sqlite"
        self._existing = where / "existing"
        self._lock = threading.RLock()
        self.session = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        if not self._path.exists():
            self._path.touch(mode=0o600)  # it holds what was sent to the cloud, secrets too
        self._db = sqlite3.connect(self._path, timeout=60, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA synchronous = NORMAL")
        if self._db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self._db.execute("PRAGMA journal_mode = WAL")
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'shape'").fetchone():
            with self.change():
                for statement in _SCHEMA.split(";\n"):
                    if statement.strip():
                        self._db.execute(statement)

    @contextmanager
    def change(self) -> Iterator[None]:
        """All or nothing, and nobody else writes meanwhile."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _records(self, where: str, values: Iterable[object]) -> list[Record]:
        with self._lock:
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM record WHERE {where} ORDER BY seq",
                tuple(values),
            ).fetchall()
        return [
            Record(
                seq, scope, token, identity, urn, seed, from_text(inputs), from_text(outputs), bool(settled), session
            )
            for seq, scope, token, identity, urn, seed, inputs, outputs, settled, session in rows
        ]

    def is_mine(self, record: Record) -> bool:
        """Whether this provider process was the last to write it."""
        return record.session == self.session

    def find(self, scope: str, token: str, identity: str) -> Record | None:
        """What exists under this id."""
        return next(iter(self._records("scope = ? AND token = ? AND id = ?", (scope, token, identity))), None)

    def of_urn(self, urn: str, token: str) -> list[Record]:
        """All that was made for this URN, oldest first."""
        return self._records("urn = ? AND token = ?", (urn, token))

    def under(self, scope: str, tokens: str = "%") -> list[Record]:
        """All of a scope, of types like `tokens` (SQL LIKE)."""
        return self._records("scope = ? AND token LIKE ?", (scope, tokens))

    def named(self, identifier: str) -> Record | None:
        """What can be referred to by this identifier."""
        return next(iter(self._records("seq IN (SELECT seq FROM identifier WHERE value = ?)", (identifier,))), None)

    def exists(self, identifier: str, scope: str | None = None) -> bool:
        """Whether the identifier stands for something here, or in the operator's list `existing` of things outside."""
        clause, values = ("AND scope = ?", (identifier, scope)) if scope else ("", (identifier,))
        with self._lock:
            if self._db.execute(f"SELECT 1 FROM identifier WHERE value = ? {clause}", values).fetchone():
                return True
        return self._existing.exists() and identifier in self._existing.read_text(encoding="utf-8").split()

    def referring(self, record: Record) -> list[tuple[str, Record]]:
        """Who refers to this thing, with the property that does."""
        with self._lock:
            rows = self._db.execute(
                "SELECT DISTINCT r.property, r.seq FROM reference r JOIN identifier i ON i.value = r.value "
                "WHERE i.seq = ? AND r.seq != ?",
                (record.seq, record.seq),
            ).fetchall()
        found = {r.seq: r for r in self._records(f"seq IN ({','.join('?' * len(rows))})", [seq for _, seq in rows])}
        return [(name, found[seq]) for name, seq in rows if seq in found]

    def _link(self, seq: int, draft: Draft) -> None:
        self._db.executemany(
            "INSERT INTO identifier (value, scope, seq) VALUES (?, ?, ?)",
            [(value, draft.scope, seq) for value in dict.fromkeys((draft.id, *draft.identifiers))],
        )
        self._db.executemany(
            "INSERT INTO reference (seq, property, value) VALUES (?, ?, ?)",
            [(seq, name, value) for name, value in draft.references],
        )
        for key, reason in draft.taken.items():
            holder = self._db.execute("SELECT seq, reason FROM taken WHERE key = ?", (key,)).fetchone()
            if holder:
                raise Refused(reason if holder[0] is not None else holder[1])
            self._db.execute("INSERT INTO taken (key, seq, reason) VALUES (?, ?, ?)", (key, seq, reason))

    def _unlink(self, seq: int) -> None:
        for table in ("identifier", "reference", "taken"):
            self._db.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))

    def add(self, draft: Draft, urn: str, seed: str, inputs: Properties) -> None:
        """Make it exist. Call inside `change`."""
        if self.find(draft.scope, draft.token, draft.id):
            raise Refused(next(iter(draft.taken.values()), f"{draft.token} {draft.id} already exists"))
        cursor = self._db.execute(
            "INSERT INTO record (scope, token, id, urn, seed, inputs, outputs, session, settled) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (
                *(draft.scope, draft.token, draft.id, urn, seed),
                *(to_text(inputs), to_text(draft.outputs), self.session),
            ),
        )
        self._link(int(cursor.lastrowid or 0), draft)

    def replace(self, record: Record, draft: Draft, inputs: Properties) -> None:
        """Give an existing thing its changed form. Call inside `change`."""
        self._unlink(record.seq)
        self._db.execute(
            "UPDATE record SET id = ?, inputs = ?, outputs = ?, session = ? WHERE seq = ?",
            (draft.id, to_text(inputs), to_text(draft.outputs), self.session, record.seq),
        )
        self._link(record.seq, draft)

    def remove(self, record: Record, kept_names: Mapping[str, str] | None = None) -> None:
        """Make it cease to exist; `kept_names` stay taken, with the error for whoever asks. Call inside `change`."""
        self._unlink(record.seq)
        self._db.execute("DELETE FROM record WHERE seq = ?", (record.seq,))
        for key, reason in (kept_names or {}).items():
            self._db.execute("INSERT OR REPLACE INTO taken (key, seq, reason) VALUES (?, NULL, ?)", (key, reason))

    def is_taken(self, key: str) -> str | None:
        """The reason why this name cannot be had, if so."""
        with self._lock:
            row = self._db.execute("SELECT reason FROM taken WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def settle(self, seq: int | None = None) -> None:
        """The engine knows this thing, or all that this session made: never again taken for half-made."""
        with self.change():
            if seq is None:
                self._db.execute("UPDATE record SET settled = 1 WHERE session = ? AND settled = 0", (self.session,))
            else:
                self._db.execute("UPDATE record SET settled = 1 WHERE seq = ?", (seq,))

    def count_operation(self, run: str) -> int:
        """The number of this operation within one run of the engine, from 1. Call inside `change`."""
        self._db.execute(
            "INSERT INTO counter (run, operations) VALUES (?, 1) "
            "ON CONFLICT (run) DO UPDATE SET operations = operations + 1",
            (run,),
        )
        return int(self._db.execute("SELECT operations FROM counter WHERE run = ?", (run,)).fetchone()[0])

    def remembered(self, key: str) -> object | None:
        """A fact about the installed SDK, read before."""
        with self._lock:
            row = self._db.execute("SELECT text FROM shape WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def remember(self, key: str, fact: object) -> None:
        """Keep a fact about the installed SDK; one statement, so it may also be part of a change under way."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO shape (key, text) VALUES (?, ?)", (key, json.dumps(fact)))
