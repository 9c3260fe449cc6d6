"""``evidence/drills/CELL-MOMENT.json``: what a recovery drill measured. The newest one that passed stands in the arithmetic of region loss."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from odoo_estate.errors import Problem
from odoo_estate.spec.fields import Id, Region, Spec, Text
from odoo_estate.spec.quoting import printable
from odoo_estate.spec.recovery import Moment
from odoo_estate.spec.wording import problems_of

Minutes = Annotated[float, Field(ge=0, strict=False)]


class DrillStep(Spec):
    """One step with the time that it took."""

    step: Text
    seconds: Annotated[float, Field(ge=0, strict=False)]
    found: str = ""


class Drill(Spec):
    """The document. ``restore_minutes``: until the copy's databases were there; ``promote_minutes``: until a replica had become an instance, None
    where the DR class has none. ``database_gib``: data of the largest instance that was copied, which later drills and plans scale by.
    ``sha256`` is over the canonical JSON (sorted keys, no spaces) without that field."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    cell: Id
    region: Region
    dr_class: Text
    started_at: Moment
    finished_at: Moment
    result: Literal["passed", "failed"]
    database_gib: Annotated[int, Field(ge=0)]
    restore_minutes: Minutes
    promote_minutes: Minutes | None
    lag_seconds: Minutes | None
    """How far the other region was behind when the drill began; None where it could not be measured."""
    steps: tuple[DrillStep, ...]
    sha256: Text


def checksum(document: Mapping[str, Any]) -> str:
    """The document's ``sha256``: over its canonical JSON without that field."""
    bare = {key: value for key, value in document.items() if key != "sha256"}
    return sha256(json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def newest_drills(directory: Path, problems: list[Problem]) -> dict[str, Drill]:
    """Cell to its newest drill that passed; adds a problem for every file that is not what a drill wrote."""
    found: dict[str, Drill] = {}
    for file in sorted(directory.glob("*.json")) if directory.is_dir() else ():
        name, document = printable(str(file), 200), f"drill:{file.stem}"
        remedy = "evidence is never edited: remove the file, or run the drill again"
        try:
            value = json.loads(file.read_text(encoding="utf-8"))
            drill = Drill.model_validate_json(json.dumps(value))
        except ValidationError as error:
            found_here = problems_of(error, Drill, document)
            problems.extend(
                Problem(one.message, document, one.path, one.value, one.allowed, remedy, name, 1) for one in found_here
            )
            continue
        except (OSError, ValueError) as error:
            problems.append(Problem(f"cannot be read: {error}", document, remedy=remedy, file=name, line=1))
            continue
        if checksum(value) != drill.sha256:
            problems.append(
                Problem(
                    "was changed after the drill wrote it (checksum)",
                    document,
                    ("sha256",),
                    remedy=remedy,
                    file=name,
                    line=1,
                )
            )
        elif drill.result == "passed" and (
            drill.cell not in found or found[drill.cell].finished_at < drill.finished_at
        ):
            found[drill.cell] = drill
    return found
