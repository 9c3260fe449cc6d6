"""The catalog against itself: names of bands, classes and locks, and figures that AWS or arithmetic tie together."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from odoo_estate.errors import Path, Problem
from odoo_estate.spec.catalog import SPOT_POOLS, Backup, Catalog, CellBand, RetentionClass, ServiceClass, VaultLockSpec
from odoo_estate.spec.quoting import shown, unknown

COLD_DAYS = 90
"""AWS Backup keeps a recovery point in cold storage for at least so long (AWS Backup developer guide, lifecycle)."""

NEEDED_ADDONS = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns")
"""Without them nodes are not ready, or their pods cannot act in AWS or find each other."""
GRAVITON = re.compile(r"[a-z]+[0-9]+g[a-z]*\.")
OWN_REGISTRY = re.compile(r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/")
"""A registry of an AWS account: whether it is the estate's own is known where its accounts are."""


def catalog_problems(catalog: Catalog) -> Iterator[Problem]:
    """Every reference inside the catalog that leads nowhere, and every pair of figures that cannot both hold."""
    for name, service in catalog.service_classes.items():
        yield from _service_class(("service_classes", name), service, catalog)
    for name, band in catalog.cell_bands.items():
        yield from _cell_band(("cell_bands", name), band, catalog)
    for name, retention in catalog.retention_classes.items():
        yield from _retention(("retention_classes", name), retention)
    for name, lock in catalog.vault_locks.items():
        yield from _lock(("vault_locks", name), lock)
    yield from _versions(catalog)
    yield from _recovery_connections(catalog)


def _names(kind: str, used: Iterable[str], known: Mapping[str, object], path: Path) -> Iterator[Problem]:
    for position, name in enumerate(used):
        if name not in known:
            yield unknown(kind, name, known, "catalog", (*path, position))


def _name(kind: str, used: str | None, known: Mapping[str, object], path: Path) -> Iterator[Problem]:
    if used is not None and used not in known:
        yield unknown(kind, used, known, "catalog", path)


def _service_class(path: Path, service: ServiceClass, catalog: Catalog) -> Iterator[Problem]:
    yield from _names("an Odoo band", service.odoo_bands, catalog.odoo_bands, (*path, "odoo_bands"))
    yield from _names("a PostgreSQL band", service.postgres_bands, catalog.postgres_bands, (*path, "postgres_bands"))
    yield from _names("a cache band", service.cache_bands, catalog.cache_bands, (*path, "cache_bands"))
    yield from _names("a node band", service.node_bands, catalog.node_bands, (*path, "node_bands"))
    yield from _names("a DR class", service.dr_classes, catalog.dr_classes, (*path, "dr_classes"))
    yield from _name("a rate limit", service.rate_limit, catalog.rate_limits, (*path, "rate_limit"))
    yield from _name("a firewall", service.firewall, catalog.firewalls, (*path, "firewall"))
    backup: Path = (*path, "backup")
    yield from _names("a retention class", service.backup.retention, catalog.retention_classes, (*backup, "retention"))
    yield from _name("a vault lock", service.backup.lock, catalog.vault_locks, (*backup, "lock"))
    yield from _dumps(backup, service.backup, catalog)
    lock = catalog.vault_locks.get(service.backup.lock or "")
    for position, name in enumerate(service.backup.retention):
        retention = catalog.retention_classes.get(name)
        if lock is not None and retention is not None:
            yield from _within_lock((*backup, "retention", position), name, retention, service.backup.lock or "", lock)


def _dumps(path: Path, backup: Backup, catalog: Catalog) -> Iterator[Problem]:
    """Dumps are locked no longer than the bucket keeps things; verification and its evidence are promised together or not at all."""
    here: Path = (*path, "dumps")
    dumps = backup.dumps
    kept = [
        catalog.retention_classes[name].daily_days for name in backup.retention if name in catalog.retention_classes
    ]
    if kept and dumps.keep_days > min(kept):
        yield Problem(
            f"dumps are locked for {dumps.keep_days} days, the class allows a retention of {min(kept)} daily points",
            "catalog",
            (*here, "keep_days"),
            dumps.keep_days,
            (f"at most {min(kept)}",),
            "lock dumps no longer than the shortest retention keeps what lies beside them",
        )
    if (dumps.verify_every_minutes is None) != (dumps.evidence_days is None):
        yield Problem(
            "verification and the age of its evidence belong together",
            "catalog",
            (*here, "evidence_days"),
            dumps.evidence_days,
            (),
            "give both, or null for both where the class promises no verified restore",
        )
    if dumps.verify_every_minutes and dumps.verify_every_minutes < dumps.every_minutes:
        yield Problem(
            f"dumps come every {dumps.every_minutes} minutes, verifying every {dumps.verify_every_minutes} would check one twice",
            "catalog",
            (*here, "verify_every_minutes"),
            dumps.verify_every_minutes,
            (f"{dumps.every_minutes} or more",),
            "verify as often as there is a new dump, or less often",
        )


def _recovery_connections(catalog: Catalog) -> Iterator[Problem]:
    """All that dumps and verifications open at once, each with one more connection that watches, comes out of the reserve."""
    known = catalog.assumptions
    used = known.recovery_jobs_at_once * (known.recovery_parallel + 1)
    for field, limit in (
        ("recovery_connections", known.recovery_connections),
        ("connection_reserve", known.connection_reserve),
    ):
        if used > limit:
            yield Problem(
                f"{known.recovery_jobs_at_once} recovery jobs at once x ({known.recovery_parallel} that load + 1 that watches) take {used} "
                f"connections, {field} is {limit}",
                "catalog",
                ("assumptions", field),
                limit,
                (f"{used} or more",),
                "raise it, or run fewer jobs at once",
            )


def _within_lock(
    path: Path, name: str, retention: RetentionClass, lock_name: str, lock: VaultLockSpec
) -> Iterator[Problem]:
    for days in (retention.daily_days, retention.monthly_days):
        if days and not lock.min_days <= days <= lock.max_days:
            yield Problem(
                f"retention class {shown(name)} keeps recovery points for {days} days, outside the vault lock {shown(lock_name)}",
                "catalog",
                path,
                days,
                (f"{lock.min_days} to {lock.max_days} days",),
                "change the retention class or choose another lock; a locked vault refuses such a recovery point",
            )


def _cell_band(path: Path, band: CellBand, catalog: Catalog) -> Iterator[Problem]:
    for workload, pool in band.node_pools.items():
        yield from _name("a node band", pool.band, catalog.node_bands, (*path, "node_pools", workload, "band"))
        if pool.capacity == "spot" and workload not in SPOT_POOLS:
            yield Problem(
                f"the pool {shown(workload)} carries what production waits for: AWS takes spot nodes back within two minutes",
                "catalog",
                (*path, "node_pools", workload, "capacity"),
                pool.capacity,
                ("on-demand",),
                f"keep spot to the pools {' and '.join(SPOT_POOLS)}",
            )
        if not pool.min_nodes <= pool.desired_nodes <= pool.max_nodes:
            yield Problem(
                f"{pool.desired_nodes} desired nodes lie outside {pool.min_nodes} to {pool.max_nodes}",
                "catalog",
                (*path, "node_pools", workload, "desired_nodes"),
                pool.desired_nodes,
                (f"{pool.min_nodes} to {pool.max_nodes}",),
                "order them: min_nodes, desired_nodes, max_nodes",
            )
    yield from _name("a PostgreSQL band", band.postgres, catalog.postgres_bands, (*path, "postgres"))
    yield from _name("a cache band", band.cache, catalog.cache_bands, (*path, "cache"))
    yield from _names("a service class", band.serves, catalog.service_classes, (*path, "serves"))
    for service_class, odoo_band in band.pooled_class_bands.items():
        here: Path = (*path, "pooled_class_bands", service_class)
        yield from _name("a service class", service_class, catalog.service_classes, here)
        yield from _name("an Odoo band", odoo_band, catalog.odoo_bands, here)


def _retention(path: Path, retention: RetentionClass) -> Iterator[Problem]:
    """Both rhythms share the lifecycle; the one that moves to cold storage is the longer one."""
    cold, longest = retention.cold_after_days, max(retention.daily_days, retention.monthly_days)
    if cold is not None and longest < cold + COLD_DAYS:
        yield Problem(
            f"cold storage after {cold} days needs at least {cold + COLD_DAYS} days of retention, this class has {longest}",
            "catalog",
            (*path, "cold_after_days"),
            cold,
            (f"at most {longest - COLD_DAYS}",) if longest > COLD_DAYS else (),
            "keep recovery points longer, or remove cold_after_days",
        )


def _lock(path: Path, lock: VaultLockSpec) -> Iterator[Problem]:
    if lock.min_days > lock.max_days:
        yield Problem(
            f"min_days {lock.min_days} is above max_days {lock.max_days}",
            "catalog",
            (*path, "min_days"),
            lock.min_days,
            (f"at most {lock.max_days}",),
            "swap the two, or correct them",
        )


def _kubernetes(catalog: Catalog) -> Iterator[Problem]:
    """Each release is whole and fits together; nodes' machine image and types are of one architecture."""
    versions = catalog.versions
    here: Path = ("versions", "kubernetes_releases")
    yield from _name(
        "a release that the catalog knows",
        versions.kubernetes,
        versions.kubernetes_releases,
        ("versions", "kubernetes"),
    )
    pinned = versions.pod_security.removeprefix("v")
    yield from _name(
        "the standard of a release that the catalog knows",
        pinned,
        versions.kubernetes_releases,
        ("versions", "pod_security"),
    )
    for release, one in versions.kubernetes_releases.items():
        try:
            date.fromisoformat(one.support_ends)
        except ValueError:
            path: Path = (*here, release, "support_ends")
            yield Problem(
                f"{shown(one.support_ends)} is no day",
                "catalog",
                path,
                one.support_ends,
                (),
                "write the year, month and day",
            )
        for addon in NEEDED_ADDONS:
            if addon not in one.addons:
                yield Problem(
                    f"Kubernetes {shown(release)} has no {addon}: nodes would not become ready, or pods not find each other",
                    "catalog",
                    (*here, release, "addons"),
                    None,
                    NEEDED_ADDONS,
                    f"add {addon} with a version that `aws eks describe-addon-versions` names for {release}",
                )
        for field, version in (
            (("cluster_autoscaler",), one.cluster_autoscaler),
            (("addons", "kube-proxy"), one.addons.get("kube-proxy")),
        ):
            if version and not version.startswith(f"v{release}."):
                yield Problem(
                    f"{field[-1]} {shown(version)} is not of Kubernetes {release}",
                    "catalog",
                    (*here, release, *field),
                    version,
                    (f"v{release}.…",),
                    "its minor version has to be the cluster's",
                )
    arm = "ARM" in versions.ami_type
    for name, band in catalog.node_bands.items():
        for kind in band.instance_types:
            if bool(GRAVITON.match(kind)) != arm:
                yield Problem(
                    f"{shown(kind)} cannot start the machine image {versions.ami_type}",
                    "catalog",
                    ("node_bands", name, "instance_types"),
                    kind,
                    (),
                    "use types of the image's architecture (Graviton types have a g after the generation), or another versions.ami_type",
                )


def _versions(catalog: Catalog) -> Iterator[Problem]:
    yield from _kubernetes(catalog)
    major = catalog.versions.postgres.split(".")[0]
    for series, version in catalog.versions.odoo.items():
        if not major.isdecimal() or int(major) < version.postgres_min:
            yield Problem(
                f"Odoo {series} needs PostgreSQL {version.postgres_min} or later, the catalog pins {shown(catalog.versions.postgres)}",
                "catalog",
                ("versions", "odoo", series, "postgres_min"),
                version.postgres_min,
                (),
                "pin a later PostgreSQL under versions.postgres, or remove the series",
            )
    images: dict[Path, str] = {
        **{("odoo", series, "image"): version.image for series, version in catalog.versions.odoo.items()},
        **{("images", key): image for key, image in catalog.versions.images.items()},
    }
    approved = catalog.versions.approved_registries
    for path, image in images.items():
        repository = image.split("@", maxsplit=1)[0]
        known = any(repository == one or repository.startswith(f"{one}/") for one in approved)
        if not known and not OWN_REGISTRY.match(repository):
            yield Problem(
                f"{shown(repository)} is not an approved registry: clusters would refuse its pods",
                "catalog",
                ("versions", *path),
                image,
                approved,
                "use an image of one of these or of the estate's own registry, or approve it under versions.approved_registries",
            )
