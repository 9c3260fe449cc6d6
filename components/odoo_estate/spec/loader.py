"""Reads an estate's directory: ``estate.yaml``, the catalog, and ``customers/*.yaml``.

Nothing is reported before everything has been read: one run names all that is wrong, in all files.
"""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar, cast

from pydantic import ValidationError

from odoo_estate.errors import BadInput, EstateError, Problem, Refused
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.drills import Drill, newest_drills
from odoo_estate.spec.estate import Estate
from odoo_estate.spec.evidence import Evidence, read_folder
from odoo_estate.spec.fields import Spec
from odoo_estate.spec.jobs import TenantJob
from odoo_estate.spec.jobs_references import jobs_problems
from odoo_estate.spec.modules import ApprovedModules, module_problems
from odoo_estate.spec.narrowing import widened
from odoo_estate.spec.quoting import printable, shown
from odoo_estate.spec.recovery import CellRecovery
from odoo_estate.spec.recovery_references import recovery_problems
from odoo_estate.spec.references import problems as reference_problems
from odoo_estate.spec.sources import Source, Sources
from odoo_estate.spec.wording import problems_of
from odoo_estate.spec.yaml_source import MAX_BYTES, Value, parse

MAX_CUSTOMERS = 20_000
"""One estate per directory; far above it, a slip (a directory of something else) is likelier than a contract each."""

DEFAULT_CATALOG = Path(__file__).parent.parent / "catalog" / "default.yaml"

Document = TypeVar("Document", bound=Spec)


@dataclass(frozen=True)
class Documents:
    """All input of one estate: valid, and every name that one document uses stands in another."""

    directory: Path
    estate: Estate
    catalog: Catalog
    customers: Mapping[str, Customer]
    """By id, sorted."""
    sources: Sources
    recoveries: Mapping[str, CellRecovery] = field(default_factory=dict)
    """Cell to where its data is written, for the cells that ever failed over."""
    drills: Mapping[str, Drill] = field(default_factory=dict)
    """Cell to its newest drill that passed."""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """Tenant (``CUSTOMER.ENVIRONMENT``) to the newest verification of its dumps."""
    federation: Mapping[str, str] = field(default_factory=dict)
    """Metadata of the identity providers: of ``people``, and of the one for emergencies."""
    jobs: Mapping[str, TenantJob] = field(default_factory=dict)
    """Tenant to its initialisation, upgrade or copy, where one is under way or left something to remember."""


def load(
    directory: Path, *, today: date | None = None, default_catalog: Path = DEFAULT_CATALOG, evidence: bool = True
) -> Documents:
    """Read and validate everything in ``directory``; with ``today``, sandboxes and exceptions that have expired are refused too.
    ``default_catalog`` is the shipped one that the estate's own overrides; another release's, to compare with it. Without ``evidence`` what lies
    in that folder is not looked at.

    Raises `BadInput` with every problem of every file, each with file, line, field, what is accepted and what to do.
    """
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    if not directory.is_dir():
        message = "there is no such directory"
        raise BadInput(
            [
                Problem(
                    message, "estate", file=printable(str(directory), 200), line=1, remedy="name it with --estate DIR"
                )
            ]
        )
    estate = _estate(directory, sources, problems)
    catalog = _catalog(directory, estate, sources, problems, default_catalog)
    customers = _customers(directory / "customers", sources, problems)
    recoveries = _by_file(CellRecovery, "cell", directory / "recovery", sources, problems)
    jobs = _by_file(TenantJob, "tenant", directory / "jobs", sources, problems)
    modules = _modules(directory / "modules.yaml", sources, problems)
    drills = newest_drills(directory / "evidence" / "drills", problems)
    found = read_folder(directory, problems) if evidence else {}
    federation = dict(_federation(directory, estate, problems))
    where = Sources(sources)
    if estate is not None and catalog is not None:
        contracts = {name.removeprefix("customer:") for name in sources if name.startswith("customer:")}
        problems.extend(reference_problems(estate, catalog, customers, contracts, today))
        if modules is not None:
            problems.extend(module_problems(customers, modules))
        problems.extend(recovery_problems(recoveries, estate, catalog))
        problems.extend(jobs_problems(jobs, customers))
    if problems or estate is None or catalog is None:
        raise BadInput(located(problems, where))
    return Documents(
        directory,
        estate,
        catalog,
        customers,
        where,
        recoveries,
        drills,
        evidence=found,
        federation=federation,
        jobs=jobs,
    )


def located(problems: list[Problem], sources: Sources) -> list[Problem]:
    """The problems with file and line, in the order in which a reader meets them."""
    found = [sources.locate(problem) for problem in problems]
    return sorted(
        dict.fromkeys(found), key=lambda problem: (problem.file, problem.line, problem.field, problem.message)
    )


def explained(error: EstateError, directory: Path) -> EstateError:
    """``error`` with file and line of every problem, as far as they stand in the estate's documents; decisions know fields only."""
    if isinstance(error, Refused):
        error = BadInput([error.problem])
    if not isinstance(error, BadInput) or all(problem.file for problem in error.problems):
        return error
    sources: dict[str, Source] = {}
    ignored: list[Problem] = []
    if directory.is_dir():
        _catalog(directory, _estate(directory, sources, ignored), sources, ignored)
        _customers(directory / "customers", sources, ignored)
        _by_file(CellRecovery, "cell", directory / "recovery", sources, ignored)
        _by_file(TenantJob, "tenant", directory / "jobs", sources, ignored)
    return BadInput(located(list(error.problems), Sources(sources)))


def _estate(directory: Path, sources: dict[str, Source], problems: list[Problem]) -> Estate | None:
    value = _read(directory / "estate.yaml", "estate", sources, problems)
    return None if value is None else _valid(Estate, value, "estate", problems)


def _federation(directory: Path, estate: Estate | None, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    people = estate.people if estate else None
    for key, entry in (("people", "metadata"), ("emergency", "emergency_metadata")):
        name = getattr(people, entry, None)
        if name is None:
            continue
        file = directory / name
        text = file.read_text(encoding="utf-8", errors="replace") if file.name == name and file.is_file() else ""
        if "EntityDescriptor" in text and 1000 <= len(text) <= 10_000_000:
            yield key, text
            continue
        message = f"{shown(name)} is not a SAML metadata file beside estate.yaml"
        remedy = "download the identity provider's metadata (XML, 1,000 characters or more) and give its bare name"
        problems.append(Problem(message, "estate", ("people", entry), name, (), remedy))


def _catalog(
    directory: Path,
    estate: Estate | None,
    sources: dict[str, Source],
    problems: list[Problem],
    default: Path = DEFAULT_CATALOG,
) -> Catalog | None:
    base = _read(default, "catalog", sources, problems)
    if estate is not None and estate.catalog is None and (directory / "catalog.yaml").exists():
        message, remedy = "catalog.yaml would not be read", "add `catalog: catalog.yaml`, or remove the file"
        problems.append(Problem(message, "estate", (), remedy=remedy))
    if base is None or estate is None or estate.catalog is None:
        return None if base is None else _valid(Catalog, base, "catalog", problems)
    if Path(estate.catalog).name != estate.catalog or not estate.catalog.endswith(".yaml"):
        message = f"{shown(estate.catalog)} is not a file beside estate.yaml"
        problems.append(Problem(message, "estate", ("catalog",), remedy="give a bare file name, e.g. catalog.yaml"))
        return None
    sources["catalog:default"] = sources.pop("catalog")
    override = _read(directory / estate.catalog, "catalog", sources, problems)
    if override is None:
        return None
    catalog = _valid(Catalog, _merged(base, override), "catalog", problems)
    if catalog is not None and estate.operated_by == "partner":
        problems.extend(widened(catalog, Catalog.model_validate(base)))
    return catalog


def _merged(base: Value, override: Value) -> Value:
    """``override`` over ``base``, key by key; everything that is not a group on both sides is replaced whole."""
    if not isinstance(base, dict) or not isinstance(override, dict):
        return override
    merged = dict(base)
    for key, value in override.items():
        merged[key] = _merged(base[key], value) if key in base else value
    return merged


def _customers(directory: Path, sources: dict[str, Source], problems: list[Problem]) -> dict[str, Customer]:
    customers: dict[str, Customer] = {}
    files = {file.stem: file for file in _files(directory, "contracts CUSTOMER.yaml", problems)}
    for file in files.values():
        document = f"customer:{file.stem}"
        value = _read(file, document, sources, problems)
        if value is None:
            continue
        customer = _valid(Customer, value, document, problems)
        named = customer.customer if customer is not None else _named(value)
        if named is not None and named != file.stem:
            problems.append(_misnamed(named, file, files.get(named), document))
        elif customer is not None:
            customers[customer.customer] = customer
    return customers


def _files(directory: Path, wanted: str, problems: list[Problem]) -> Iterator[Path]:
    """The documents of a directory, which has ``wanted`` and no others."""
    if not directory.is_dir():
        return
    files = sorted(directory.iterdir())
    if len(files) > MAX_CUSTOMERS:
        message = f"the directory holds {len(files)} files"
        problems.append(
            Problem(
                message,
                directory.name,
                (),
                len(files),
                (f"at most {MAX_CUSTOMERS}",),
                "split the estate",
                str(directory),
                1,
            )
        )
        return
    for file in files:
        if file.suffix == ".yaml":
            yield file
        elif file.suffix.lower() in {".yml", ".yaml", ".json"} or (file.is_dir() and any(file.glob("**/*.y*ml"))):
            name = printable(str(file), 200)
            message = f"{shown(file.name)} would not be read"
            remedy = f"name {wanted}, all in this directory"
            problems.append(Problem(message, directory.name, (), remedy=remedy, file=name, line=1))


def _by_file(
    model: type[Document], field: str, directory: Path, sources: dict[str, Source], problems: list[Problem]
) -> dict[str, Document]:
    """The documents of a directory, each by what it says in ``field``, after which its file is named."""
    found: dict[str, Document] = {}
    for file in _files(directory, f"documents {field.upper()}.yaml", problems):
        document = f"{directory.name}:{file.stem}"
        value = _read(file, document, sources, problems)
        one = None if value is None else _valid(model, value, document, problems)
        if one is None:
            continue
        name = getattr(one, field)
        if name == file.stem:
            found[name] = one
        else:
            message, allowed = f"{shown(name)} is not the name of its file", (printable(file.stem),)
            problems.append(Problem(message, document, (field,), name, allowed, f"rename the file or the {field}"))
    return found


def _modules(file: Path, sources: dict[str, Source], problems: list[Problem]) -> ApprovedModules | None:
    """The list of approved modules, where the estate keeps one."""
    value = _read(file, "modules", sources, problems) if file.exists() else None
    return None if value is None else _valid(ApprovedModules, value, "modules", problems)


def _named(value: Value) -> str | None:
    """The id that a contract gives itself, also where the rest of it is not valid."""
    name = value.get("customer") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _misnamed(named: str, file: Path, other: Path | None, document: str) -> Problem:
    path = ("customer",)
    if other is not None:
        message = f"{shown(named)} is already the customer of {printable(str(other), 200)}"
        remedy = f"give this contract the id {shown(file.stem)}, or remove one of the two files"
        return Problem(message, document, path, printable(named), (printable(file.stem),), remedy)
    message = f"{shown(named)} is not the name of its file"
    return Problem(
        message, document, path, printable(named), (printable(file.stem),), "rename the file or the customer"
    )


def _valid(model: type[Document], value: Value, document: str, problems: list[Problem]) -> Document | None:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems.extend(problems_of(error, model, document))
        return None


def _read(file: Path, document: str, sources: dict[str, Source], problems: list[Problem]) -> Value:
    """The file's value, or None with a problem noted. Form problems (a key twice, a tag) leave a value to go on with."""
    name = printable(str(file), 200)
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # opening a pipe would wait for its writer
            problems.append(
                Problem("is not a file", document, file=name, line=1, remedy="put the document itself there")
            )
            return None
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problems.append(
            Problem(f"cannot be read: {reason}", document, file=name, line=1, remedy="make it a readable file")
        )
        return None
    sources[document] = Source(str(file), content)
    parsed = parse(content, document)
    if parsed.problems:
        parsed = parse(content, document, lines=True)
        problems.extend(parsed.problems)
    if parsed.value is None and not parsed.problems:
        problems.append(
            Problem("the file holds nothing", document, line=1, remedy="write the document, or remove the file")
        )
    elif parsed.value is not None and not isinstance(parsed.value, dict):
        message = f"the file holds {shown(parsed.value)} where a group of fields is expected"
        problems.append(Problem(message, document, line=1, remedy="write `field: value` lines"))
        return cast(Value, None)
    return parsed.value
