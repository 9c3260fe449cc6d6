"""The ordered steps of failover, fail-back and drill: what each checks, does, takes and how it is undone.

Pure: the same documents give the same steps, before the procedure as in the middle of it, because a run that was cut off goes on by their keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from odoo_estate.decide import away, backup, dr, shared
from odoo_estate.decide.cell import cell_plan
from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import (
    DR,
    away_stack,
    cell_stack,
    dr_stack,
    drill_stack,
    name,
    platform_stack,
    tenant_stack,
)
from odoo_estate.decide.objectives import drill_of, instance_gib
from odoo_estate.errors import Refused
from odoo_estate.plan import HEALTH_PATH, AwsTarget
from odoo_estate.spec.recovery import RecoveryState

Verb = Literal["failover", "failback", "drill"]
Question = Literal[
    "primary-gone",
    "is-standby",
    "is-primary",
    "lag",
    "backups-age",
    "recovery-point-age",
    "objects-pending",
    "nodes-ready",
    "serving",
    "free-storage",
]
IDLE_LAG_SECONDS = 300
"""A PostgreSQL replica whose source writes nothing is reported up to five minutes behind (RDS user guide): no less can be waited for."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A question to AWS with the answer that is wanted. ``subject`` names an instance, buckets (``source>copy``), a cluster, a vault and instance
    (``vault/identifier``), or an address to open; ``limit`` is the most that is accepted, in ``unit``."""

    question: Question
    target: AwsTarget
    subject: str
    limit: float = 0
    unit: str = ""
    says: str = ""
    """What it means when the answer is another one, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Write:
    """Writes the cell's recovery file."""

    state: RecoveryState
    generation: int
    active_region: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """One operation of the engine on stacks, in their order. ``drill`` None: no drill's stack."""

    verb: Literal["up", "destroy"]
    stacks: tuple[str, ...]
    promoted: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """People do it, and say so: ``--confirm WORD``."""

    word: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Writes what was measured."""


Act = Write | Run | Confirm | Evidence | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """``before`` must hold for the step to begin, ``done`` for it to be over (asked again until it does, at most twice the ``minutes``)."""

    key: str
    title: str
    minutes: int
    basis: str
    act: Act = None
    before: tuple[Check, ...] = ()
    done: tuple[Check, ...] = ()
    undo: str = "nothing to undo"
    final: bool = False
    """It cannot be undone."""


@dataclass(frozen=True, kw_only=True)
class Procedure:
    """One procedure for one cell. ``loses`` says what is lost, by arithmetic."""

    verb: Verb
    cell: str
    generation: int
    steps: tuple[Step, ...]
    loses: tuple[str, ...]
    needs_approval: bool
    states: tuple[tuple[RecoveryState, int], ...] = ()
    """The recovery states that it passes, with their generation, for the preview."""
    measured: Mapping[str, int] = field(default_factory=dict)
    """Drill: database key to the GiB that its instance holds by the contracts."""

    @property
    def minutes(self) -> int:
        return sum(step.minutes for step in self.steps)

    @property
    def final(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.final)


def procedure(context: Context, verb: Verb, cell: str, generation: int) -> Procedure:
    """The steps; ``generation`` is that of the cell when the procedure began.

    Raises:
        Refused: the cell has no recovery region.
    """
    one = context.estate.cells[cell]
    if one.recovery is None or context.catalog.dr_classes[one.recovery.dr_class].drill_days is None:
        raise Refused(
            f"cell {cell} has nothing in another region to recover from",
            document="estate",
            field=("cells", cell, "recovery"),
            value=one.recovery.dr_class if one.recovery else None,
            allowed=[key for key, kind in context.catalog.dr_classes.items() if kind.drill_days is not None],
            remedy="give the cell a recovery region and a DR class; nothing can be recovered from what was never copied",
        )
    make = {"failover": _failover, "failback": _failback, "drill": _drill}[verb]
    return make(context, cell, generation)


def check_start(context: Context, verb: Verb, cell: str) -> None:
    """Whether the procedure may begin in the state that the cell is in.

    Raises:
        Refused: it may not.
    """
    state = dr.state_of(context, cell)
    wanted: dict[Verb, tuple[str, ...]] = {"failover": ("standby",), "failback": ("promoted",), "drill": ("standby",)}
    if state.name not in wanted[verb]:
        raise Refused(
            f"cell {cell} is {state.name}: {verb} begins at {' or '.join(wanted[verb])}",
            document=f"recovery:{cell}",
            field=("state",),
            value=state.name,
            allowed=wanted[verb],
            remedy="finish what was begun first (`estate failback` brings a promoted cell home)",
        )
    if verb == "failback" and (stranded := [key for key, own in dr.own_data(context, cell).items() if own.database]):
        raise Refused(
            f"{', '.join(stranded)} wrote into instances of their own in the recovery region: only the cell's come home by replication",
            document="estate",
            field=("cells", cell),
            value=cell,
            remedy="move each of them to an instance of the cell by dump and restore first, then fail back",
        )


# --- what the steps are made of ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Ground:
    """Where the two regions' things are and what they are called."""

    context: Context
    cell: str
    generation: int

    @property
    def home(self) -> AwsTarget:
        return shared.target(self.context, self.cell)

    @property
    def away(self) -> AwsTarget:
        recovery = self.context.estate.cells[self.cell].recovery
        assert recovery is not None
        return AwsTarget(account=self.home.account, region=recovery.region, role=self.home.role)

    @property
    def kind(self) -> str:
        recovery = self.context.estate.cells[self.cell].recovery
        assert recovery is not None
        return self.context.catalog.dr_classes[recovery.dr_class].database

    @property
    def databases(self) -> tuple[str, ...]:
        return ("main", *sorted(self.context.estate.cells[self.cell].databases))

    @property
    def own(self) -> Mapping[str, dr.OwnData]:
        return dr.own_data(self.context, self.cell)

    @property
    def tenants(self) -> tuple[str, ...]:
        """The stacks of those that go along to the recovery region."""
        return tuple(away_stack(tenant_stack(*one)) for one in away.tenants_away(self.context, self.cell))

    @property
    def everybody(self) -> tuple[str, ...]:
        """Keys of all instances that are followed, tenants' own too."""
        return (*self.databases, *(key for key, one in self.own.items() if one.database))

    def at_home(self, key: str, generation: int) -> str:
        own = self.own.get(key)
        if own and own.database:
            return own.database.identifier
        return shared.database_identifier(self.context, self.cell, key, generation)

    def away_from_home(self, key: str, generation: int) -> str:
        from odoo_estate.decide.cell import recovery_identifier

        return recovery_identifier(self.context, self.cell, key, generation if key in self.databases else 1)


def _limit(ground: _Ground) -> int:
    """The most minutes that the DR class allows to be lost."""
    recovery = ground.context.estate.cells[ground.cell].recovery
    assert recovery is not None
    return ground.context.catalog.dr_classes[recovery.dr_class].rpo_minutes or 0


def _freshness(ground: _Ground) -> tuple[Check, ...]:
    """How far behind the other region is, against what the class promises."""
    limit, found = _limit(ground), []
    says = "more would be lost than promised: look for what still can be saved, or go on with --override measure"
    for key in ground.everybody:
        if ground.kind == "replica":
            standby = ground.away_from_home(key, ground.generation)
            found += [
                Check(
                    question="is-standby",
                    target=ground.away,
                    subject=standby,
                    says="it follows nothing: it may have been promoted by hand",
                ),
                Check(question="lag", target=ground.away, subject=standby, limit=limit * 60, unit="seconds", says=says),
            ]
        elif ground.kind == "automated-backups":
            source = ground.at_home(key, ground.generation)
            found.append(
                Check(
                    question="backups-age", target=ground.away, subject=source, limit=limit, unit="minutes", says=says
                )
            )
        else:
            source = ground.at_home(key, ground.generation)
            vault = backup.copy_vault(ground.context.estate, ground.cell)
            found.append(
                Check(
                    question="recovery-point-age",
                    target=ground.away,
                    subject=f"{vault}/{source}",
                    limit=limit,
                    unit="minutes",
                    says=says,
                )
            )
    return tuple(found)


def _pending(ground: _Ground, *, homewards: bool) -> tuple[Check, ...]:
    plan = dr.dr_plan(ground.context, ground.cell) if dr.wanted(ground.context, ground.cell) else None
    found = []
    for key, source in sorted(plan.source_buckets.items()) if plan else ():
        copy = plan.buckets[key].name if plan else ""
        ends, target = ((copy, source), ground.away) if homewards else ((source, copy), ground.home)
        found.append(
            Check(
                question="objects-pending",
                target=target,
                subject=">".join(ends),
                unit="objects",
                says="wait until they have arrived",
            )
        )
    return tuple(found)


def _serving(ground: _Ground) -> tuple[Check, ...]:
    """Whether production answers, asked as customers ask: by its name in the cell's zone, over the internet."""
    return tuple(
        Check(
            question="serving",
            target=ground.away,
            subject=f"https://{one.customer}.{shared.zone_domain(ground.context, ground.cell)}{HEALTH_PATH}",
            says="it does not answer yet: names, certificates and workloads take a few minutes",
        )
        for one in away.tenants_away(ground.context, ground.cell)
        if ground.context.customers[one.customer].suspended is None
    )


def _restore_minutes(ground: _Ground) -> tuple[int, str]:
    """Until the databases are there, by the newest drill or the catalog's assumptions."""
    known, drill = ground.context.catalog.assumptions, drill_of(ground.context, ground.cell)
    gib = max(instance_gib(ground.context, ground.cell, key) for key in ground.databases)
    gib = max([gib, *(one.database.storage_gib for one in ground.own.values() if one.database)])
    if ground.kind == "replica":
        if drill and drill.promote_minutes is not None:
            return ceil(drill.promote_minutes), f"promotion measured by the drill of {drill.finished_at[:10]}"
        return known.promotion_minutes, "promotion, assumed: no drill has measured it"
    if drill:
        more = ceil(max(0, gib - drill.database_gib) / known.restore_gib_per_minute)
        return ceil(
            drill.restore_minutes
        ) + more, f"restore measured by the drill of {drill.finished_at[:10]} with {drill.database_gib} GiB, {gib} now"
    read = ceil(gib / known.restore_gib_per_minute)
    return (
        known.restore_fixed_minutes + read,
        f"{known.restore_fixed_minutes} for a new instance + {gib} GiB / {known.restore_gib_per_minute:g} = {read}, assumed: no drill yet",
    )


def _failover(context: Context, cell: str, generation: int) -> Procedure:
    ground = _Ground(context, cell, generation)
    known, kind = context.catalog.assumptions, ground.kind
    minutes, basis = _restore_minutes(ground)
    build = known.rebuild_minutes - known.platform_minutes if kind == "none" else 0
    cluster = name("eks", context.estate.estate, cell, DR)
    limit = _limit(ground)
    steps = [
        Step(
            key="fence",
            title=f"Make sure that nobody writes in {ground.home.region} any more",
            minutes=1,
            basis="one question an instance",
            before=tuple(
                Check(
                    question="primary-gone",
                    target=ground.home,
                    subject=ground.at_home(key, generation),
                    says="two primaries would both be written to, and nobody can merge them: scale the workloads there to zero (an instance with "
                    "a replica cannot be stopped), then answer for it",
                )
                for key in ground.everybody
            ),
        ),
        Step(
            key="measure",
            title=f"Measure what {ground.away.region} lacks",
            minutes=2,
            basis="metrics of the last minutes",
            before=_freshness(ground),
        ),
        Step(
            key="record",
            title=f"Write recovery/{cell}.yaml: {ground.away.region} is active",
            minutes=1,
            basis="a file",
            act=Write(state="promoted", generation=generation, active_region=ground.away.region),
            undo=f"remove recovery/{cell}.yaml, as long as the next step has not begun",
        ),
        Step(
            key="promote",
            title="Promote the standbys" if kind == "replica" else "Make instances of what was backed up",
            minutes=minutes + build,
            basis=basis
            + (f"; network and cluster anew {build} of rebuild_minutes {known.rebuild_minutes}" if build else ""),
            act=Run(verb="up", stacks=(dr_stack(cell),)),
            done=tuple(
                Check(
                    question="is-primary",
                    target=ground.away,
                    subject=ground.away_from_home(key, generation),
                    says="it is not there yet",
                )
                for key in ground.everybody
            ),
            undo="nothing: a promoted instance never follows again; `estate failback` brings new ones home",
            final=True,
        ),
        Step(
            key="nodes",
            title="Wait for the nodes at their working size",
            minutes=known.scale_up_minutes // 2,
            basis=f"half of scale_up_minutes {known.scale_up_minutes}",
            done=(Check(question="nodes-ready", target=ground.away, subject=cluster, says="nodes are still coming"),),
        ),
    ]
    if kind == "none":
        steps.append(
            Step(
                key="objects",
                title="Restore the buckets",
                minutes=known.restore_fixed_minutes,
                basis=f"restore_fixed_minutes {known.restore_fixed_minutes}; grows with the objects",
                act=Confirm(
                    word="objects",
                    what=f"restore the newest S3 recovery points of vault {backup.copy_vault(context.estate, cell)} into "
                    "the buckets of the recovery stack (AWS Backup, restore to an existing bucket)",
                ),
            )
        )
    steps += [
        Step(
            key="platform",
            title="Bring the platform up there, and the names to it",
            minutes=known.platform_minutes,
            basis=f"platform_minutes {known.platform_minutes}",
            act=Run(verb="up", stacks=(away_stack(platform_stack(cell)),)),
            undo=f"destroy {away_stack(platform_stack(cell))}: the names lead home again",
        ),
        Step(
            key="workloads",
            title=f"Bring {len(ground.tenants)} tenants up there",
            minutes=known.scale_up_minutes - known.scale_up_minutes // 2,
            basis="the other half",
            act=Run(verb="up", stacks=ground.tenants),
            undo="destroy their stacks there: nothing that they keep is in them",
        ),
        Step(
            key="traffic",
            title="See the customers arrive",
            minutes=ceil(known.traffic_ttl_seconds / 60),
            basis=f"traffic_ttl_seconds {known.traffic_ttl_seconds}, from the platform on",
            done=_serving(ground),
        ),
    ]
    return Procedure(
        verb="failover",
        cell=cell,
        generation=generation,
        steps=tuple(steps),
        loses=(
            f"at most {limit} minutes by the promise of {_dr_class(context, cell)}; what the measure step finds is what is lost",
            "sessions: everybody logs in again",
            "exports: they can be made again; staging and trials wait for the region",
        ),
        needs_approval=True,
        states=(("promoted", generation),),
    )


def _failback(context: Context, cell: str, generation: int) -> Procedure:
    ground = _Ground(context, cell, generation)
    known, coming = context.catalog.assumptions, generation + 1
    gib = max(instance_gib(context, cell, key) for key in ground.databases)
    copy = ceil(gib / known.restore_gib_per_minute)
    tenants = tuple(tenant_stack(*one) for one in context.tenants_by_cell[cell])
    lag = tuple(
        Check(
            question="lag",
            target=ground.home,
            subject=ground.at_home(key, coming),
            limit=IDLE_LAG_SECONDS,
            unit="seconds",
            says="it has not caught up: wait",
        )
        for key in ground.databases
    )
    primaries_away = tuple(
        Check(
            question="is-primary",
            target=ground.away,
            subject=ground.away_from_home(key, generation),
            says="the recovery region holds no primary to come home from",
        )
        for key in ground.databases
    )
    primaries_home = tuple(
        Check(
            question="is-primary",
            target=ground.home,
            subject=ground.at_home(key, coming),
            says="it is not promoted yet",
        )
        for key in ground.databases
    )
    steps = (
        Step(
            key="ready", title="Both regions answer", minutes=1, basis="one question an instance", before=primaries_away
        ),
        Step(
            key="record-following",
            title=f"Write recovery/{cell}.yaml: failing back",
            minutes=1,
            basis="a file",
            act=Write(state="failing-back", generation=generation, active_region=ground.away.region),
            undo="write state: promoted again",
        ),
        Step(
            key="follow",
            title=f"Make instances of generation {coming} in {ground.home.region} that follow {ground.away.region}",
            minutes=known.restore_fixed_minutes + copy,
            basis=f"{known.restore_fixed_minutes} for a new instance + {gib} GiB / {known.restore_gib_per_minute:g} = {copy}",
            act=Run(verb="up", stacks=(cell_stack(cell),)),
            done=tuple(
                Check(
                    question="is-standby",
                    target=ground.home,
                    subject=ground.at_home(key, coming),
                    says="it is not following yet",
                )
                for key in ground.databases
            ),
            undo="write state: promoted again, lift the new instances' protection and bring the cell up",
        ),
        Step(
            key="objects",
            title="Wait for the objects on their way home",
            minutes=known.object_replication_minutes,
            basis=f"object_replication_minutes {known.object_replication_minutes}",
            done=_pending(ground, homewards=True),
        ),
        *(
            (
                Step(
                    key="objects-before",
                    title="Send the objects home that were written before the region could take them",
                    minutes=known.restore_fixed_minutes,
                    basis=f"restore_fixed_minutes {known.restore_fixed_minutes}; grows with the objects",
                    act=Confirm(word="objects", what="run S3 Batch Replication for the buckets of the recovery stack"),
                ),
            )
            if ground.kind == "none"
            else ()
        ),
        Step(
            key="record-draining",
            title=f"Write recovery/{cell}.yaml: nobody writes any more",
            minutes=1,
            basis="a file",
            act=Write(state="draining", generation=generation, active_region=ground.away.region),
            undo="write state: failing-back again",
        ),
        Step(
            key="stop-writing",
            title=f"Stop the workloads in {ground.away.region}",
            minutes=10,
            basis="announced maintenance: customers are away from here until the traffic step",
            act=Run(verb="up", stacks=(away_stack(platform_stack(cell)), *ground.tenants)),
            undo="write state: failing-back again, and bring them up",
        ),
        Step(
            key="drained",
            title="Everything written has arrived",
            minutes=5,
            basis="an idle PostgreSQL replica reports up to five minutes",
            before=lag,
            done=_pending(ground, homewards=True),
        ),
        Step(
            key="record-returned",
            title=f"Write recovery/{cell}.yaml: {ground.home.region} is active again",
            minutes=1,
            basis="a file",
            act=Write(state="returned", generation=coming, active_region=ground.home.region),
            undo="write state: draining and the former generation, as long as the next step has not begun",
        ),
        Step(
            key="swap",
            title=f"Promote generation {coming}",
            minutes=known.promotion_minutes,
            basis="promotion, as in the failover",
            act=Run(verb="up", stacks=(cell_stack(cell),)),
            done=primaries_home,
            undo="nothing: a promoted instance never follows again; a failover of the new generation would",
            final=True,
        ),
        Step(
            key="workloads",
            title="Bring platform and tenants to the new instances",
            minutes=known.scale_up_minutes,
            basis=f"scale_up_minutes {known.scale_up_minutes}",
            act=Run(verb="up", stacks=(platform_stack(cell), *tenants)),
            undo="bring them up again after the cell has changed",
        ),
        Step(
            key="traffic",
            title=f"Send the customers home: take down what served them in {ground.away.region}",
            minutes=15 + ceil(known.traffic_ttl_seconds / 60),
            basis=f"tenants, then the platform with the names, and traffic_ttl_seconds {known.traffic_ttl_seconds}",
            act=Run(verb="destroy", stacks=(*ground.tenants, away_stack(platform_stack(cell)))),
            done=_serving(ground),
            undo="a new failover",
        ),
        Step(
            key="follow-again",
            title=f"Let {ground.away.region} follow generation {coming}",
            minutes=known.restore_fixed_minutes + (copy if ground.kind == "replica" else 0),
            basis="a new standby" if ground.kind == "replica" else "a new replication of backups",
            act=Run(verb="up", stacks=(dr_stack(cell),) if ground.kind != "none" else ()),
            done=tuple(
                Check(
                    question="is-standby",
                    target=ground.away,
                    subject=ground.away_from_home(key, coming),
                    says="it is not following yet",
                )
                for key in ground.databases
                if ground.kind == "replica"
            ),
        ),
        Step(
            key="keep-or-drop",
            title="Decide that what was left behind may go",
            minutes=0,
            basis="people decide; nothing waits for it",
            act=Confirm(
                word="drop",
                what=f"the lost primaries in {ground.home.region} may hold the last minutes before the failover: take out what is missed, then "
                "confirm; each leaves a final snapshot",
            ),
        ),
        *(
            (
                Step(
                    key="remove-region",
                    title="Take the recovery region down: the class keeps nothing there",
                    minutes=30,
                    basis="cluster, instances, network",
                    act=Run(verb="destroy", stacks=(dr_stack(cell),)),
                    undo="restore the final snapshots",
                    final=True,
                ),
            )
            if ground.kind == "none"
            else ()
        ),
        Step(
            key="record-standby",
            title=f"Write recovery/{cell}.yaml: standby",
            minutes=1,
            basis="a file",
            act=Write(state="standby", generation=coming, active_region=ground.home.region),
            undo="write state: returned again, as long as the next step has not begun",
        ),
        Step(
            key="drop",
            title="Remove what was left behind in both regions",
            minutes=15,
            basis="final snapshots and deletion",
            act=Run(
                verb="up",
                stacks=(
                    *((dr_stack(cell),) if ground.kind != "none" else ()),
                    *((away_stack(platform_stack(cell)),) if away.keeps_nodes(context, cell) else ()),
                    cell_stack(cell),
                ),
            ),
            undo="restore the final snapshots",
            final=True,
        ),
    )
    return Procedure(
        verb="failback",
        cell=cell,
        generation=generation,
        steps=steps,
        loses=(
            "nothing that was written before stop-writing: the drained step waits for it",
            "sessions: everybody logs in again",
            f"which dump is the newest: what {ground.home.region} dumped of its old data lies among them; restore by id until it has dumped anew",
        ),
        needs_approval=True,
        states=(("failing-back", generation), ("draining", generation), ("returned", coming), ("standby", coming)),
    )


def _drill(context: Context, cell: str, generation: int) -> Procedure:
    ground = _Ground(context, cell, generation)
    known, stack = context.catalog.assumptions, drill_stack(cell)
    gib = {key: instance_gib(context, cell, key) for key in ground.databases}
    read = ceil(max(gib.values()) / known.restore_gib_per_minute)
    copies = tuple(cell_plan(context, cell).databases)
    names = {key: name("rds", context.estate.estate, cell, key, dr.DRILL) for key in copies}
    replica = ground.kind == "replica"

    def all_are(question: Question) -> tuple[Check, ...]:
        return tuple(
            Check(question=question, target=ground.away, subject=one, says="the copy is not there yet")
            for one in names.values()
        )

    steps = [
        Step(
            key="measure",
            title=f"Measure what {ground.away.region} lacks",
            minutes=2,
            basis="metrics",
            before=_freshness(ground),
        ),
        Step(
            key="copy",
            title="Copy each database beside what waits",
            minutes=known.restore_fixed_minutes + read,
            basis=f"{known.restore_fixed_minutes} for a new instance + {max(gib.values())} GiB / {known.restore_gib_per_minute:g} = {read}",
            act=Run(verb="up", stacks=(stack,), promoted=False),
            done=all_are("is-standby" if replica else "is-primary"),
            undo=f"estate drill {cell} --abandon",
        ),
    ]
    if replica:
        steps.append(
            Step(
                key="promote",
                title="Promote the copies",
                minutes=known.promotion_minutes,
                basis="promotion, assumed until this measures it",
                act=Run(verb="up", stacks=(stack,), promoted=True),
                done=all_are("is-primary"),
                undo=f"estate drill {cell} --abandon",
            )
        )
    steps += [
        Step(key="evidence", title="Write evidence/drills/", minutes=1, basis="a file", act=Evidence()),
        Step(
            key="remove",
            title="Remove the copies",
            minutes=15,
            basis="deletion without snapshots",
            act=Run(verb="destroy", stacks=(stack,)),
        ),
    ]
    return Procedure(
        verb="drill",
        cell=cell,
        generation=generation,
        steps=tuple(steps),
        loses=("nothing: production and what waits for it are read, never changed",),
        needs_approval=False,
        measured=gib,
    )


def _dr_class(context: Context, cell: str) -> str:
    recovery = context.estate.cells[cell].recovery
    return recovery.dr_class if recovery else "none"
