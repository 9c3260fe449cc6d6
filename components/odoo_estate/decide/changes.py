"""What may not happen to what stands without somebody's approval: a contract may shrink, its data must not get lost."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from odoo_estate.decide.naming import home_stack
from odoo_estate.errors import Path, Refused
from odoo_estate.held import Held, held
from odoo_estate.plan import AnyPlan, CellPlan, DatabasePlan, TenantPlan, UpgradePlan
from odoo_estate.spec.catalog import minor
from odoo_estate.spec.estate_references import OLDEST_NODES

APPROVAL = "CHG-01"
"""Rule id of the exception that approves a change of this kind; like any other it has a reason, an approver and an end."""


def refused_changes(
    before: Mapping[str, Held], after: Mapping[str, AnyPlan], classes: Sequence[str], today: date | None = None
) -> tuple[Refused, ...]:
    """Every refusal between what stands and the plans of an estate, both by stack name; see `unapproved` and `renamed`."""
    found = [
        one for name, plan in after.items() if name in before for one in unapproved(before[name], plan, classes, today)
    ]
    return (*found, *renamed(before, after))


def unapproved(before: Held, after: AnyPlan, classes: Sequence[str], today: date | None = None) -> tuple[Refused, ...]:
    """Refusals of every change that takes away safety or cannot be undone, unless ``after`` carries the exception ``CHG-01``.

    Some are refused with it as well, because the service cannot do them: storage does not shrink, PostgreSQL and Odoo do not go back.

    Args:
        classes: the catalog's service classes, least first.
        today: the day of the update, by which an approved upgrade happens in its own window; None in a review, where it only has to be approved.
    """
    match after:
        case TenantPlan():
            found = list(_impossible(before, after, today))
            if not _approved(after):
                found += _weaker(before, after, classes)
            return tuple(found)
        case CellPlan():
            return (*_elsewhere(before, after), *_shared_instances(before, after, today), *_kubernetes(before, after))
    return ()


def renamed(before: Mapping[str, Held], after: Mapping[str, AnyPlan]) -> tuple[Refused, ...]:
    """Refusals of tenants that go on under another id: ids are part of every name, so the new one would begin without data.

    A tenant counts as renamed when a new one takes over a host name of one that is gone, or is the same environment of a customer of the
    same legal name.
    """
    left = {name: old for name, old in before.items() if name not in after and home_stack(name) not in after}
    gone = {host: name for name, old in left.items() for host in old.hosts}
    namesakes = {(old.legal_name, _environment(name)): name for name, old in left.items() if old.legal_name}
    refused = []
    for name, plan in after.items():
        if name in before or not isinstance(plan, TenantPlan) or plan.away or _approved(plan):
            continue
        former = next((gone[host] for host in plan.route.hosts if host in gone), None)
        if former:
            taken = ", ".join(host for host in plan.route.hosts if gone.get(host) == former)
        else:
            former, taken = namesakes.get((plan.legal_name, plan.environment)), f"the contract of {plan.legal_name}"
        if former:
            refused.append(
                _refused(
                    plan,
                    f"{name} would take over {taken} from {former} and begin empty: the data stays behind under the former id",
                    ("customer",),
                    plan.customer,
                    f"keep the former id (the name may change), or move the data and record an exception {APPROVAL} with approver and expiry",
                )
            )
    return tuple(refused)


def _environment(stack: str) -> str:
    return stack.rpartition(".")[2]


def _approved(plan: TenantPlan) -> bool:
    return any(one.rule == APPROVAL for one in plan.exemptions)


def _impossible(before: Held, after: TenantPlan, today: date | None) -> Iterator[Refused]:
    if before.odoo and after.odoo:
        step = _major(after.odoo.version) - _major(before.odoo)
        if step < 0 or step > 1:
            yield _refused(
                after,
                f"Odoo would go from {before.odoo} to {after.odoo.version}: data is upgraded one series at a time, and never back",
                ("odoo",),
                after.odoo.version,
                f"go to {_major(before.odoo) + 1}.0 first"
                if step > 1
                else "restore a recovery point from before the upgrade",
            )
    if after.own_database:
        for field, message, value, remedy in _instance(before, "own", after.own_database, today):
            yield _refused(after, message, field or ("environments", after.environment), value, remedy)


def _elsewhere(before: Held, after: CellPlan) -> Iterator[Refused]:
    """Nothing in a cell moves: in another region or other addresses its network, cluster and databases would be new ones, and empty."""
    for field, old, new in (
        ("region", before.region, after.target.region),
        ("network" if after.network.adopted else "slot", before.network, after.network.cidr),
    ):
        if old and old != new:
            yield Refused(
                f"the cell stands in {old} and would be built anew in {new}, without its data",
                document="estate",
                field=("cells", after.cell, field),
                value=new,
                remedy="take the change back; for another place, add a cell there and move the tenants",
            )


def _shared_instances(before: Held, after: CellPlan, today: date | None) -> Iterator[Refused]:
    """A cell's own contract is the estate's file; there is no exception from what the service cannot do."""
    for key, database in after.databases.items():
        for _, message, value, remedy in _instance(before, key, database, today):
            yield Refused(
                f"{database.identifier}: {message}",
                document="estate",
                field=("cells", after.cell),
                value=value,
                remedy=remedy,
            )
    for key in sorted(before.databases.keys() - after.databases.keys()):
        yield Refused(
            f"the instance {key} would be given up with every database in it",
            document="estate",
            field=("cells", after.cell),
            value=key,
            remedy="move its tenants away first",
        )


def _kubernetes(before: Held, after: CellPlan) -> Iterator[Refused]:
    """EKS takes a control plane one minor version further and never back, and nodes no further than the control plane that stands."""
    nodes = max((pool.version for pool in after.node_pools.values()), default="")
    for what, field, old, new, most in (
        ("the control plane", "control_plane", before.kubernetes, after.cluster.version, 1),
        ("nodes", "nodes", before.nodes, nodes, OLDEST_NODES),
    ):
        if not old or not new:
            continue
        step = minor(new) - minor(old)
        if not 0 <= step <= most:
            further = old if step < 0 else f"1.{minor(old) + most}"
            why = (
                "never back"
                if step < 0
                else f"at most {most} minor version{'s' * (most > 1)} at once, so that it is noticed what no longer works"
            )
            yield Refused(
                f"{what} would go from Kubernetes {old} to {new}: {why}",
                document="estate",
                field=("cells", after.cell, "kubernetes", field),
                value=new,
                allowed=tuple(dict.fromkeys((old, further))),
                remedy=f'write `{field}: "{further}"` in the `kubernetes` entry of this cell',
            )


def _instance(
    before: Held, key: str, after: DatabasePlan, today: date | None
) -> Iterator[tuple[Path, str, object, str]]:
    """Field of a tenant's contract (empty: its environment), message, value and remedy of everything that may not happen to this instance."""
    new = _major(after.engine_version)
    if after.family != f"postgres{new}":
        message = f"the parameter family {after.family} does not fit PostgreSQL {after.engine_version}"
        yield ("service_class",), message, after.family, f"use postgres{new}"
    standing = before.databases.get(key)
    if standing is None:
        return
    old = _major(standing.engine_version)
    step = f"PostgreSQL would go from {standing.engine_version} to {after.engine_version}"
    if standing.upgrading_to and new == _major(standing.upgrading_to):
        old = new  # taken when its window came, or still waiting
    if new < old or new > old + 1:
        yield (
            (),
            f"{step}: one major version at a time, and never back",
            after.engine_version,
            f"ask for a version of PostgreSQL {old} or {old + 1} in the instance's `postgres` entry",
        )
    elif new > old:
        late = _out_of_window(after.upgrade, today)
        if late:
            yield (
                (),
                f"{step}: {late}",
                after.engine_version,
                f'write `postgres: {{version: "{after.engine_version}", approver: …, window: …}}` for a day ahead, or its version to stay',
            )
    if after.storage_gib < standing.storage_gib:
        yield (
            ("service_class",),
            f"the instance's storage would shrink from {standing.storage_gib} to {after.storage_gib} GiB, which RDS cannot do",
            after.storage_gib,
            "keep the band, or move the database to a new instance by dump and restore",
        )


def _out_of_window(upgrade: UpgradePlan | None, today: date | None) -> str:
    """Why the step may not be taken; empty: it may. RDS takes a step in place in the next window that comes, the engine takes one on a copy
    during the update."""
    if upgrade is None:
        return "nobody approved it for a window that is still to come"
    if today is None:
        return ""
    day = date.fromisoformat(upgrade.window)
    # On the day itself the window may be over already, and RDS would take the next.
    first, last = (day, day) if upgrade.method == "blue-green" else (day - timedelta(days=6), day - timedelta(days=1))
    if first <= today <= last:
        return ""
    when = f"on {day}" if first == last else f"from {first} to {last}"
    return (
        f"{upgrade.approver} approved it for {upgrade.window}, and an update on {today} would miss that; run it {when}"
    )


def _weaker(before: Held, after: TenantPlan, classes: Sequence[str]) -> Iterator[Refused]:
    old, new = before.service_class, after.service_class
    if old in classes and new in classes and classes.index(new) < classes.index(old):
        yield _needs_approval(after, f"the service class would be lowered from {old} to {new}", ("service_class",), new)
    if before.tenancy != after.tenancy:
        yield _needs_approval(
            after,
            f"the tenancy would change from {before.tenancy} to {after.tenancy}, which moves the data",
            ("service_class",),
            after.tenancy,
        )
    if before.cell != after.cell:
        yield _needs_approval(
            after, f"the data would move from cell {before.cell} to {after.cell}", ("cell",), after.cell
        )
    standing = before.databases.get("own")
    if standing and after.own_database:
        if standing.multi_az and not after.own_database.multi_az:
            yield _needs_approval(after, "the instance would lose its second zone", ("service_class",), False)
        if after.own_database.backup_retention_days < standing.backup_retention_days:
            yield _needs_approval(
                after,
                f"point-in-time recovery would reach back {after.own_database.backup_retention_days} days "
                f"instead of {standing.backup_retention_days}",
                ("service_class",),
                after.own_database.backup_retention_days,
            )
    for purpose in sorted(before.buckets.keys() - {str(one) for one in after.buckets}):
        yield _needs_approval(
            after, f"the bucket {before.buckets[purpose]} would be given up", ("service_class",), purpose
        )


def _needs_approval(plan: TenantPlan, message: str, field: Path, value: object) -> Refused:
    return _refused(
        plan, message, field, value, f"take it back, or record an exception {APPROVAL} with approver and expiry"
    )


def _refused(plan: TenantPlan, message: str, field: Path, value: object, /, remedy: str) -> Refused:
    return Refused(
        f"{plan.environment}: {message}", document=f"customer:{plan.customer}", field=field, value=value, remedy=remedy
    )


def _major(version: str) -> int:
    return int(version.split(".", maxsplit=1)[0])


def standing(plans: Mapping[str, AnyPlan]) -> dict[str, Held]:
    """What the stacks of former plans hold, by stack name."""
    return {name: kept for name, plan in plans.items() if (kept := held(plan)) is not None}
