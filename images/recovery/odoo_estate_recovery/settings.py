"""What a recovery job is told by its environment. Nothing here is secret: credentials come from ``PGSERVICEFILE`` and Pod Identity."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from odoo_estate_recovery.errors import BadInput

NAME_BYTES = 63
"""Longest name of a database or role (NAMEDATALEN - 1); PostgreSQL cuts off the rest, so that two names become one."""


@dataclass(frozen=True)
class Settings:
    """One tenant's database, and where its dumps and its filestore lie. Field names are the variables' in lower case."""

    tenant: str
    database: str
    owner: str
    login: str
    """Role that works in the database; empty where there is none."""
    extensions: tuple[str, ...]
    """Must exist after a restore."""
    backup_bucket: str
    backup_prefix: str
    kms_key_arn: str
    retain_days: int
    """Object lock of each dump; 0: none."""
    filestore_bucket: str
    filestore_prefix: str
    scratch_dir: Path
    parallel: int
    max_age_minutes: int
    metric_namespace: str
    """CloudWatch; empty: no metric."""
    aws_region: str


@dataclass(frozen=True)
class CopySettings:
    """Where a copy of the tenant's database goes: another environment of the same customer."""

    tenant: str
    database: str
    login: str
    """The role that owns what is in that environment's database."""
    beside: str
    """What the copy is called until it has passed its checks."""
    bucket: str
    prefix: str
    """The environment's own filestore."""
    url: str


def read_copy_settings(environment: Mapping[str, str], source: Settings) -> CopySettings:
    """Raises `BadInput` like `read_settings`; production is never the target, and nobody copies a database over itself."""
    problems: list[str] = []

    def read(variable: str, allowed: str, fits: Callable[[str], object]) -> str:
        value = environment.get(variable, "")
        if not fits(value):
            problems.append(f'{variable} is "{value}"; allowed: {allowed}')
        return value

    name = f"a name of 1 to {NAME_BYTES} bytes"
    customer = source.tenant.partition(".")[0]
    found = CopySettings(
        tenant=read(
            "COPY_TENANT",
            f"another environment of {customer} than production",
            lambda text: re.fullmatch(rf"{re.escape(customer)}\.(?!production$)[a-z]+", text) and text != source.tenant,
        ),
        database=read(
            "COPY_DATABASE",
            f"{name}, other than {source.database}",
            lambda text: _is_name(text) and text != source.database,
        ),
        login=read("COPY_LOGIN", name, _is_name),
        beside=read("COPY_BESIDE", name, _is_name),
        bucket=read("COPY_BUCKET", "the name of a bucket", _is_bucket),
        prefix=read(
            "COPY_PREFIX", "nothing, or a prefix that ends with /", lambda text: not text or text.endswith("/")
        ),
        url=read("COPY_URL", "https:// and a host", re.compile(r"https://[a-z0-9.-]+").fullmatch),
    )
    if found.beside in (found.database, source.database):
        problems.append(f'COPY_BESIDE is "{found.beside}"; allowed: a name of its own')
    if (found.bucket, found.prefix) == (source.filestore_bucket, source.filestore_prefix):
        problems.append("COPY_BUCKET and COPY_PREFIX are the source's own filestore")
    if problems:
        raise BadInput("; ".join(problems))
    return found


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Raises `BadInput` with every variable that is missing or wrong, its value and what is allowed."""
    problems: list[str] = []

    def read(variable: str, default: str | None, allowed: str, fits: Callable[[str], object]) -> str:
        value = environment.get(variable, default)
        if value is None:
            problems.append(f"{variable} is not set; allowed: {allowed}")
            return ""
        if not fits(value):
            problems.append(f'{variable} is "{value}"; allowed: {allowed}')
        return value

    def number(variable: str, default: str | None, least: int, most: int) -> int:
        value = read(
            variable,
            default,
            f"a whole number from {least} to {most}",
            lambda text: text.isascii() and text.isdigit() and least <= int(text) <= most,
        )
        return int(value) if value.isascii() and value.isdigit() else least

    name = f"a name of 1 to {NAME_BYTES} bytes"
    extensions = read("EXTENSIONS", "", "extension names with commas between them", lambda text: "\0" not in text)
    settings = Settings(
        tenant=read("TENANT", None, "CUSTOMER.ENVIRONMENT", re.compile(r"[a-z0-9-]+\.[a-z0-9-]+").fullmatch),
        database=read("DATABASE", None, name, _is_name),
        owner=read("OWNER", None, name, _is_name),
        login=read("LOGIN", "", f"{name}, or nothing", lambda text: not text or _is_name(text)),
        extensions=tuple(part.strip() for part in extensions.split(",") if part.strip()),
        backup_bucket=read("BACKUP_BUCKET", None, "the name of a bucket", _is_bucket),
        backup_prefix=read("BACKUP_PREFIX", None, "a prefix that ends with /", re.compile(r"[^/].*/").fullmatch),
        kms_key_arn=read(
            "KMS_KEY_ARN",
            None,
            "the ARN of a key, not an alias",
            re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+").fullmatch,
        ),
        retain_days=number("RETAIN_DAYS", "0", 0, 36500),
        filestore_bucket=read("FILESTORE_BUCKET", None, "the name of a bucket", _is_bucket),
        filestore_prefix=read(
            "FILESTORE_PREFIX",
            "",
            "nothing, or a prefix that ends with /",
            lambda text: not text or text.endswith("/"),
        ),
        scratch_dir=Path(
            read(
                "SCRATCH_DIR", "/scratch", "an existing folder", lambda text: text == "/scratch" or Path(text).is_dir()
            )
        ),
        parallel=number("PARALLEL", "1", 1, 64),
        max_age_minutes=number("MAX_AGE_MINUTES", "1440", 1, 525_600),
        metric_namespace=read("METRIC_NAMESPACE", "", "a CloudWatch namespace, or nothing", _is_namespace),
        aws_region=read("AWS_REGION", None, "an AWS region", re.compile(r"[a-z]{2}(-[a-z]+)+-\d").fullmatch),
    )
    read("PGSERVICEFILE", None, "a readable file with the service admin", lambda text: Path(text).is_file())
    if problems:
        raise BadInput("; ".join(problems))
    return settings


def _is_name(text: str) -> bool:
    return 0 < len(text.encode()) <= NAME_BYTES and "\0" not in text


def _is_bucket(text: str) -> bool:
    return re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text) is not None


def _is_namespace(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9._/#: -]{0,255}", text) is not None and not text.startswith("AWS/")
