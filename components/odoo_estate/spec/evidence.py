"""``evidence/CUSTOMER.ENVIRONMENT.json``: the newest verification of each tenant's dumps, unchanged as the recovery job wrote it.

A file that was edited, cut off or belongs to another tenant is refused: evidence that may have been touched is none. Evidence of a tenant that the
estate does not have (any more) is kept as a record and counts for nothing.
"""

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from odoo_estate.errors import Problem
from odoo_estate.spec.fields import Spec
from odoo_estate.spec.quoting import printable, shown
from odoo_estate.spec.wording import problems_of

FOLDER = "evidence"
MAX_BYTES = 1024 * 1024
"""A document of a few dozen checks has some kilobytes."""
MAX_FILES = 60_000
"""Three environments for each of as many contracts as an estate may have."""
REMEDY = "collect it anew with `estate evidence --collect`, or remove the file"
_NAME = re.compile(r"[a-z][a-z0-9-]{1,31}\.(production|staging|sandbox|development)\.json")
_Count = Annotated[int, Field(ge=0, le=2**60)]
_Seconds = Annotated[float, Field(ge=0, le=10**9, strict=False)]
_Word = Annotated[str, Field(max_length=200)]


class Check(Spec):
    """One thing that was compared after the restore."""

    name: _Word
    passed: bool
    expected: Any
    found: Any


class _Document(Spec):
    """Schema 1 of the recovery program. Empty texts and zeros stand for what a failed verification did not come to."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    tenant: _Word
    dump: _Word
    dump_taken_at: _Word
    verified_at: _Word
    result: Literal["passed", "failed"]
    checks: tuple[Check, ...]
    database_bytes: _Count
    dump_bytes: _Count
    restore_seconds: _Seconds
    verify_seconds: _Seconds
    server_version: int
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One verification of a tenant's newest dump; times are UTC."""

    tenant: str
    dump: str
    dump_taken_at: datetime | None
    """None: the verification found no dump."""
    verified_at: datetime
    passed: bool
    failed_checks: tuple[str, ...]
    database_bytes: int
    dump_bytes: int
    restore_seconds: float
    verify_seconds: float


class Unusable(ValueError):
    """Why a document is no evidence."""


def read_evidence(content: bytes) -> Evidence:
    """The evidence in a document.

    Raises:
        Unusable: it is too large, no such document, or was changed after it was written.
    """
    if len(content) > MAX_BYTES:
        raise Unusable(f"has more than {MAX_BYTES} bytes")
    try:
        raw = json.loads(content, object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"is no JSON document: {printable(str(error), 120)}") from None
    if not isinstance(raw, dict):
        raise Unusable("holds no JSON object")
    if raw.get("sha256") != digest(raw):
        raise Unusable("its checksum does not fit its content: it was changed, or cut off, after it was written")
    try:
        document = _Document.model_validate(_tuples(raw))
    except ValidationError as error:
        first = problems_of(error, _Document, FOLDER)[0]
        raise Unusable(f"{first.field}: {first.message}") from None
    return Evidence(
        tenant=document.tenant,
        dump=document.dump,
        dump_taken_at=_moment("dump_taken_at", document.dump_taken_at) if document.dump_taken_at else None,
        verified_at=_moment("verified_at", document.verified_at),
        passed=document.result == "passed",
        failed_checks=tuple(check.name for check in document.checks if not check.passed),
        database_bytes=document.database_bytes,
        dump_bytes=document.dump_bytes,
        restore_seconds=document.restore_seconds,
        verify_seconds=document.verify_seconds,
    )


def digest(document: dict[str, Any]) -> str:
    """SHA-256 over the canonical JSON without the field ``sha256``: sorted keys, no blanks, UTF-8."""
    rest = {key: value for key, value in document.items() if key != "sha256"}
    try:
        text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # lone surrogates have no UTF-8
        raise Unusable("holds text that is no UTF-8") from None
    return hashlib.sha256(text).hexdigest()


def read_folder(estate: Path, problems: list[Problem]) -> dict[str, Evidence]:
    """Evidence by tenant; what cannot be used is added to ``problems``."""
    folder, found = estate / FOLDER, {}
    for file in _files(folder, problems):
        try:
            evidence = read_evidence(_content(file))
            if f"{evidence.tenant}.json" != file.name:
                raise Unusable(f"is evidence about {shown(evidence.tenant)}, not what its name says")
        except Unusable as unusable:
            problems.append(_problem(file, str(unusable)))
        else:
            found[evidence.tenant] = evidence
    return found


def _files(folder: Path, problems: list[Problem]) -> Iterator[Path]:
    if not folder.is_dir():
        return
    files = sorted(file for file in folder.iterdir() if file.suffix == ".json")
    if len(files) > MAX_FILES:
        problems.append(Problem(f"the directory holds {len(files)} files", FOLDER, file=str(folder), line=1))
        return
    for file in files:
        if _NAME.fullmatch(file.name):
            yield file
        else:
            problems.append(_problem(file, "is not named CUSTOMER.ENVIRONMENT.json"))


def _content(file: Path) -> bytes:
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # opening a pipe would wait for its writer
            raise Unusable("is not a file")
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unusable(f"cannot be read: {error.strerror or error}") from None


def _problem(file: Path, message: str) -> Problem:
    return Problem(message, FOLDER, file=printable(str(file), 200), line=1, remedy=REMEDY)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _tuples(value: Any) -> Any:
    """Lists as the tuples that the strict models want."""
    if isinstance(value, dict):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _moment(field: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(f"{field}: {shown(text)} is no moment") from None
    if found.tzinfo is None:
        raise Unusable(f"{field}: {shown(text)} has no time zone")
    return found.astimezone(UTC)
