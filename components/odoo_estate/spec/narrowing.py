"""A partner that runs an estate of its own works within the operator's catalog: it may narrow it, never widen it.

The measure: whatever the narrowed catalog lets a contract have, the operator's lets it have too, and nothing is protected, watched or
answered less than the operator promises. What is not in the table below cannot be ordered that way and stays as the operator has it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from odoo_estate.errors import Path, Problem
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.fields import TenancyName
from odoo_estate.spec.quoting import printable, shown

Direction = Literal["lower", "higher", "no-earlier", "no-later", "fewer", "more", "granted", "demanded", "free"]

CLASS = "service_classes.*"
DIRECTIONS: Mapping[str, Direction] = {
    f"{CLASS}.description": "free",
    f"{CLASS}.tenancies": "fewer",
    f"{CLASS}.environments": "fewer",
    f"{CLASS}.copies_to": "fewer",
    f"{CLASS}.odoo_bands": "fewer",
    f"{CLASS}.postgres_bands": "fewer",
    f"{CLASS}.cache_bands": "fewer",
    f"{CLASS}.node_bands": "fewer",
    f"{CLASS}.max_nodes": "lower",
    f"{CLASS}.rpo_minutes": "lower",
    f"{CLASS}.rto_minutes": "lower",
    f"{CLASS}.backup.every_minutes": "lower",
    f"{CLASS}.backup.point_in_time_days": "higher",
    f"{CLASS}.backup.retention": "fewer",
    f"{CLASS}.backup.cross_region": "demanded",
    f"{CLASS}.backup.cross_account": "demanded",
    f"{CLASS}.backup.restore_test": "demanded",
    f"{CLASS}.backup.cache_snapshot_days": "higher",
    f"{CLASS}.backup.bucket_versions_days": "higher",
    f"{CLASS}.backup.bucket_lock": "demanded",
    f"{CLASS}.backup.dumps.every_minutes": "lower",
    f"{CLASS}.backup.dumps.keep_days": "higher",
    f"{CLASS}.backup.dumps.verify_every_minutes": "lower",
    f"{CLASS}.backup.dumps.evidence_days": "lower",
    f"{CLASS}.dr_classes": "fewer",
    f"{CLASS}.availability.zones": "higher",
    f"{CLASS}.availability.min_web_replicas": "higher",
    f"{CLASS}.availability.database_multi_az": "demanded",
    f"{CLASS}.availability.cache_nodes": "higher",
    f"{CLASS}.availability.served_percent": "higher",
    f"{CLASS}.rate_limit": "no-later",
    f"{CLASS}.firewall": "demanded",
    f"{CLASS}.monitoring": "no-earlier",
    f"{CLASS}.performance_insights_days": "higher",
    f"{CLASS}.log_retention_days": "higher",
    f"{CLASS}.release.ring": "no-earlier",
    f"{CLASS}.release.window_hours": "lower",
    f"{CLASS}.release.notice_days": "higher",
    f"{CLASS}.support.response_minutes": "lower",
    f"{CLASS}.support.hours": "no-earlier",
    f"{CLASS}.reporting": "granted",
    f"{CLASS}.own_keys": "demanded",
    f"{CLASS}.own_buckets": "demanded",
    f"{CLASS}.egress": "no-earlier",
    f"{CLASS}.private_access": "fewer",
    f"{CLASS}.unapproved_modules": "granted",
    f"{CLASS}.monthly_budget_usd": "lower",
    f"{CLASS}.storage_gib": "lower",
    f"{CLASS}.integrations": "lower",
    f"{CLASS}.data_class": "no-earlier",
    f"{CLASS}.statement_timeout_seconds": "lower",
    f"{CLASS}.office_hours_non_production": "demanded",
    "cell_bands.*.max_tenants": "lower",
    "cell_bands.*.node_pools.*.max_nodes": "lower",
    "cell_bands.*.serves": "fewer",
    "retention_classes.*.description": "free",
    "retention_classes.*.daily_days": "higher",
    "retention_classes.*.monthly_days": "higher",
    "dr_classes.*.description": "free",
    "dr_classes.*.drill_days": "lower",
    "rate_limits.*.*": "lower",
    "placement.*.regulated": "demanded",
    "placement.*.own_account": "demanded",
    "placement.*.unapproved_modules": "demanded",
    "placement.*.*": "lower",
    "required_tags": "more",
}
"""In which direction a value is narrower, by field; ``*`` stands for a name, the first pattern that fits counts. Bands, versions,
prices and the figures of arithmetic were tested together, so they are not here: they stay."""

_ORDERS: Mapping[str, tuple[str, ...]] = {
    "monitoring": ("basic", "standard", "full"),
    "ring": ("early", "main", "late", "by-approval"),
    "hours": ("office", "extended", "24x7"),
    "data_class": ("internal", "confidential", "restricted"),
    "egress": ("open", "named"),
}
"""Words by field name, the weakest first."""

REMEDY = "stay within the operator's catalog, or have the operator change it"


def widened(catalog: Catalog, shipped: Catalog) -> Iterator[Problem]:
    """Everything in which ``catalog``, which overrides ``shipped``, is wider than it."""
    yield from _group((), catalog.model_dump(), shipped.model_dump(), shipped)


def _group(path: Path, found: Mapping[str, Any], operators: Mapping[str, Any], shipped: Catalog) -> Iterator[Problem]:
    for key, value in found.items():
        here = (*path, key)
        if key not in operators:
            yield from _added(here, operators)
        elif isinstance(value, Mapping):
            yield from _group(here, value, operators[key], shipped)
        elif value != operators[key]:
            yield from _value(here, value, operators[key], shipped)


def _added(path: Path, operators: Mapping[str, Any]) -> Iterator[Problem]:
    if path[0] != "tag_patterns":  # a pattern for a tag that had none refuses more, never less
        message = f"{shown(path[-1])} is not in the operator's catalog"
        yield Problem(message, "catalog", path, None, tuple(map(printable, operators)), REMEDY)


def _value(path: Path, value: Any, limit: Any, shipped: Catalog) -> Iterator[Problem]:
    match _direction(path):
        case "free":
            return
        case "fewer":
            yield from _fewer(path, value, limit, shipped)
        case "more":
            missing = [one for one in limit if one not in value]
            if missing:
                yield _problem(path, value, f"{', '.join(missing)} is left out", f"all of {', '.join(limit)}, and more")
        case "lower" if limit is not None and (value is None or value > limit):
            yield _problem(path, value, _beside(value, limit), f"{limit} or less")
        case "higher" if value < limit:
            yield _problem(path, value, _beside(value, limit), f"{limit} or more")
        case "demanded" if limit and not value:
            yield _problem(path, value, _beside(value, limit), "true")
        case "granted" if value and not limit:
            yield _problem(path, value, _beside(value, limit), "false")
        case ("no-earlier" | "no-later") as direction:
            order = _ORDERS.get(str(path[-1])) or tuple(shipped.rate_limits)
            at = order.index(limit)
            allowed = order[at:] if direction == "no-earlier" else order[: at + 1]
            if value not in allowed:
                yield _problem(path, value, _beside(value, limit), *allowed)
        case None:
            yield _problem(path, value, _beside(value, limit), _text(limit))


def _direction(path: Path) -> Direction | None:
    """None: the field stays as the operator has it. Step by step, because names may hold dots (Odoo 18.0)."""
    for pattern, direction in DIRECTIONS.items():
        steps = pattern.split(".")
        if len(steps) == len(path) and all(fnmatchcase(str(key), step) for key, step in zip(path, steps, strict=True)):
            return direction
    return None


def _fewer(path: Path, value: Sequence[str], limit: Sequence[str], shipped: Catalog) -> Iterator[Problem]:
    for position, one in enumerate(value):
        if one not in limit:
            yield _problem((*path, position), one, f"{shown(one)} is not in its list", *limit)
            return
    strength = _STRENGTHS.get(str(path[-1]))
    if strength is not None and strength(value[0], shipped) < strength(limit[0], shipped):
        message = f"{shown(value[0])} comes first, so it is what a contract gets that asks for nothing: weaker than {shown(limit[0])}"
        best = [one for one in limit if strength(one, shipped) >= strength(limit[0], shipped)]
        yield _problem((*path, 0), value[0], message, *(f"{one} first" for one in best))


def _tenancy(name: str, _: Catalog) -> tuple[float, ...]:
    return (get_args(TenancyName).index(name),)


def _retention(name: str, shipped: Catalog) -> tuple[float, ...]:
    kept = shipped.retention_classes[name]
    return (max(kept.daily_days, kept.monthly_days), kept.daily_days)


def _recovery(name: str, shipped: Catalog) -> tuple[float, ...]:
    lost = shipped.dr_classes[name].rpo_minutes
    return (float("-inf") if lost is None else -lost,)


_STRENGTHS: Mapping[str, Callable[[str, Catalog], tuple[float, ...]]] = {
    "tenancies": _tenancy,
    "retention": _retention,
    "dr_classes": _recovery,
}
"""Lists whose first entry is a default; it may give way to a stronger one only."""


def _beside(value: Any, limit: Any) -> str:
    return f"{_text(value)} where it has {_text(limit)}"


def _text(value: Any) -> str:
    return f"[{', '.join(map(printable, value))}]" if isinstance(value, tuple) else shown(value)


def _problem(path: Path, value: Any, message: str, *allowed: str) -> Problem:
    kept = value if isinstance(value, bool | int | float) else printable(value) if isinstance(value, str) else None
    return Problem(f"widens the operator's catalog: {message}", "catalog", path, kept, tuple(allowed), REMEDY)
