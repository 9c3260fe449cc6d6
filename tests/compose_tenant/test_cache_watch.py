"""The job that measures the shared cache, and what is told of it, in the root estate."""

from tests.compose.graphs import needs
from tests.compose_tenant import graphs
from tests.compose_tenant.test_root_estate import estate, graph, platforms, tenants

from odoo_estate.plan import CellPlan
from odoo_estate.preview.graph import Node

PLATFORM = "platform.eu-1"


def aws(stack: str, type_token: str, name: str) -> Node:
    (found,) = [node for node in graph(stack).of_type(f"aws:{type_token}") if node.name == name]
    return found


def test_runs_never_overlap_and_end_before_the_next() -> None:
    spec = graphs.of_kind(graph(PLATFORM), "CronJob")["cache-watch"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid" and spec["timeZone"] == "Etc/UTC"
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] < 15 * 60


def test_the_job_holds_no_secret_and_starts_once_its_user_is_there() -> None:
    (node,) = [one for one in graphs.objects(graph(PLATFORM)) if one.inputs.get("kind") == "CronJob"]
    pod = node.inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert not pod["volumes"] and not pod["automountServiceAccountToken"]
    assert not [one for one in container["env"] if "valueFrom" in one] and "envFrom" not in container
    given = {one["name"]: one["value"] for one in container["env"]}
    user = aws(PLATFORM, "elasticache/user:User", "cache-watch")
    assert given["CACHE_USER"] == user.inputs["userId"]
    assert needs(
        graph(PLATFORM), node, aws(PLATFORM, "elasticache/userGroupAssociation:UserGroupAssociation", user.name)
    )


def test_the_service_account_is_the_one_that_has_the_role() -> None:
    for platform in platforms():
        if platform.away:  # one that waits has no cache to measure
            continue
        cell = estate().stacks[f"cell.{platform.cell}"]
        assert isinstance(cell, CellPlan) and platform.cache_watch is not None
        association = aws(cell.stack, "eks/podIdentityAssociation:PodIdentityAssociation", "identity-cache-watch")
        account = graphs.of_kind(graph(platform.stack), "ServiceAccount")["cache-watch"]
        assert association.inputs["serviceAccount"] == account["metadata"]["name"]
        assert association.inputs["namespace"] == account["metadata"]["namespace"]


def test_alarms_reach_the_cells_topic() -> None:
    for what in ("share", "unmeasured"):
        alarm = aws(PLATFORM, "cloudwatch/metricAlarm:MetricAlarm", f"alarm-cache-main-{what}").inputs
        assert alarm["alarmActions"] == alarm["okActions"] and len(alarm["alarmActions"]) == 1


def test_every_tenants_user_says_whose_keys_are_whose_and_what_was_granted() -> None:
    # Pooled tenants share the user of their class, which was granted nothing of its own.
    for tenant in (one for one in tenants() if one.tenancy != "pooled"):
        tags = aws(tenant.stack, "elasticache/user:User", "cache-user").inputs["tags"]
        assert tags["cache-prefix"] == tenant.cache.prefix == f"{tenant.customer}.{tenant.environment}:"
        assert int(tags["cache-mib"]) == tenant.cache.memory_mib > 0
        if tenant.own_cache is None:
            watch = next(one.cache_watch for one in platforms() if one.cell == tenant.cell)
            group = aws(f"cell.{tenant.cell}", "elasticache/userGroup:UserGroup", "cache-main").inputs["userGroupId"]
            assert watch is not None and watch.variables["CACHE_ID"] == group
            assert f"cell.{tenant.cell}.outputs.caches.main.userGroupId" in tags["cache"]


def test_a_pooled_class_has_a_share_that_is_measured_and_held_against_nothing() -> None:
    users = [
        node
        for platform in platforms()
        for node in graph(platform.stack).of_type("aws:elasticache/user:User")
        if node.name != "cache-watch"
    ]
    assert users and {node.inputs["tags"]["cache-mib"] for node in users} == {"0"}
    assert all(node.inputs["tags"]["cache-prefix"].startswith("pooled-") for node in users)
