"""The root estate's stacks fit together: what one relies on by name, another makes."""

from datetime import date
from functools import cache
from pathlib import Path

from tests.compose.graphs import recorded

from odoo_estate.decide import compile_estate
from odoo_estate.plan import CellPlan, DrPlan, EstatePlan, TenantPlan
from odoo_estate.preview.checked import checked
from odoo_estate.preview.graph import Graph
from odoo_estate.spec.loader import load

STACKS = Path(__file__).parents[2] / "stacks"
KINDS = ("landing-zone", "cell", "dr")


@cache
def _estate() -> EstatePlan:
    return compile_estate(load(STACKS), today=date(2026, 11, 22))


@cache
def _graphs() -> dict[str, Graph]:
    """In the providers' view, so that every node has its region."""
    return {name: checked(recorded(plan)) for name, plan in _estate().stacks.items() if plan.kind in KINDS}


def _cells() -> list[CellPlan]:
    return [plan for plan in _estate().stacks.values() if isinstance(plan, CellPlan)]


def _recovery_regions() -> list[DrPlan]:
    return [plan for plan in _estate().stacks.values() if isinstance(plan, DrPlan)]


def _made(type_token: str, key: str) -> set[str]:
    """Physical names of everything of a type in all stacks."""
    return {
        node.inputs[key] for graph in _graphs().values() for node in graph.of_type(type_token) if key in node.inputs
    }


def test_the_root_estate_has_cells_and_recovery_regions() -> None:
    assert _cells() and _recovery_regions()


def test_every_vault_that_backups_are_copied_into_is_made_where_they_are_sent() -> None:
    made = set()
    for graph in _graphs().values():
        for node in graph.of_type("aws:backup/vault:Vault"):
            account = _account(graph, node.provider or "")
            made.add(f"arn:aws:backup:{node.region}:{account}:backup-vault:{node.inputs['name']}")
    wanted = {
        copy.vault_arn for cell in _cells() for rule in cell.backup.rules.values() for copy in rule.copies.values()
    }
    assert wanted
    assert wanted <= made


def test_every_replicated_database_and_bucket_is_one_of_the_cells() -> None:
    identifiers = _made("aws:rds/instance:Instance", "identifier")
    tenants = [plan for plan in _estate().stacks.values() if isinstance(plan, TenantPlan)]
    own = {plan.own_database.identifier for plan in tenants if plan.own_database}
    theirs = {bucket.name for plan in tenants for bucket in plan.buckets.values() if bucket.versioning}
    versioned = {
        graph[node.dependencies[0]].inputs["bucket"]
        for graph in _graphs().values()
        for node in graph.of_type("aws:s3/bucketVersioning:BucketVersioning")
    }
    for plan in _recovery_regions():
        for database in plan.databases.values():
            assert database.source_arn.rpartition(":")[2] in identifiers | own
        assert set(plan.source_buckets) <= set(plan.buckets)
        assert set(plan.source_buckets.values()) <= versioned | theirs


def test_no_automated_backup_is_replicated_within_its_own_region() -> None:
    for plan in _recovery_regions():
        assert plan.target.region != plan.primary_region
        assert all(f":rds:{plan.primary_region}:" in one.source_arn for one in plan.databases.values())


def test_every_physical_name_is_taken_once() -> None:
    for type_token, key in (
        ("aws:s3/bucket:Bucket", "bucket"),
        ("aws:kms/alias:Alias", "name"),
        ("aws:rds/instance:Instance", "identifier"),
        ("aws:elasticache/replicationGroup:ReplicationGroup", "replicationGroupId"),
        ("aws:iam/role:Role", "name"),
        ("aws:cloudwatch/logGroup:LogGroup", "name"),
    ):
        seen: set[tuple[str, str, str]] = set()
        for graph in _graphs().values():
            for node in graph.of_type(type_token):
                place = (_account(graph, node.provider or ""), node.region or "", node.inputs.get(key, node.urn))
                assert place not in seen, place
                seen.add(place)


def test_everybody_who_reaches_a_cluster_has_a_role_that_is_there_before_it() -> None:
    # EKS refuses an access entry for a role that does not exist; the automation's own role is the estate's precondition.
    graph = _graphs()["landing-zone"]
    roles = {
        f"arn:aws:iam::{_account(graph, node.provider or '')}:role/{node.inputs['name']}"
        for node in graph.of_type("aws:iam/role:Role")
        if "name" in node.inputs
    }
    for plan in (*_cells(), *_recovery_regions()):
        if plan.cluster:
            own = plan.target.arn("iam", f"role/{plan.target.role}", regional=False)
            assert {one.role_arn for one in plan.cluster.access.values()} - {own} <= roles
            assert "landing-zone" in plan.depends_on or f"cell.{plan.cell}" in plan.depends_on


def test_alarms_and_budgets_reach_their_topics_through_keys_that_admit_them() -> None:
    for stack, graph in _graphs().items():
        publishers = [
            name
            for name, type_token in (
                ("cloudwatch", "aws:cloudwatch/metricAlarm:MetricAlarm"),
                ("budgets", "aws:budgets/budget:Budget"),
            )
            if graph.of_type(type_token)
        ]
        for topic in graph.of_type("aws:sns/topic:Topic"):
            (key,) = topic.property_dependencies["kmsMasterKeyId"]
            for publisher in publishers:
                assert f"{publisher}.amazonaws.com" in graph[key].inputs["policy"], (stack, publisher)


def test_every_log_group_is_encrypted_with_a_key_that_admits_the_log_service() -> None:
    for graph in _graphs().values():
        for group in graph.of_type("aws:cloudwatch/logGroup:LogGroup"):
            (key,) = group.property_dependencies["kmsKeyId"]
            assert f"logs.{group.region}.amazonaws.com" in graph[key].inputs["policy"], group.name


def _account(graph: Graph, provider: str) -> str:
    accounts: str = graph[provider].inputs["allowedAccountIds"]
    return accounts.strip('[]"')
