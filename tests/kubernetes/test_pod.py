"""Pod templates and namespaces by themselves."""

from tests.compose_tenant import plans

from odoo_estate.kubernetes.checksum import checksum
from odoo_estate.kubernetes.namespace import limit_spec, quota_spec
from odoo_estate.kubernetes.pod import pod_template, resources, spread
from odoo_estate.plan import ContainerSize


def test_memory_is_guaranteed_and_cpu_may_burst() -> None:
    assert resources(ContainerSize(cpu_millicores=500, memory_mib=1024)) == {
        "requests": {"cpu": "500m", "memory": "1024Mi"},
        "limits": {"memory": "1024Mi"},
    }


def test_replicas_spread_over_zones_only_where_that_is_paid_for() -> None:
    assert [one["topology_key"] for one in spread({"a": "b"}, zones=False)] == ["kubernetes.io/hostname"]
    assert len(spread({"a": "b"}, zones=True)) == 2
    assert {one["when_unsatisfiable"] for one in spread({"a": "b"}, zones=True)} == {"ScheduleAnyway"}


def test_a_taint_is_tolerated_by_its_value() -> None:
    template = pod_template(
        labels={},
        containers=[],
        volumes=[],
        uid=100,
        gid=101,
        service_account="odoo",
        grace_seconds=30,
        tolerations={"pool": "bulk"},
    )
    assert template["spec"]["tolerations"] == [  # type: ignore[index]
        {"key": "pool", "operator": "Equal", "value": "bulk", "effect": "NoSchedule"}
    ]


def test_a_quota_forbids_what_costs_money_outside_the_namespace() -> None:
    hard = quota_spec(plans.quota())["hard"]
    assert {key: hard[key] for key in ("services.loadbalancers", "services.nodeports", "persistentvolumeclaims")} == {  # type: ignore[index]
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "persistentvolumeclaims": "0",
    }


def test_a_container_without_a_size_gets_the_namespaces_default() -> None:
    limits = limit_spec(plans.quota())["limits"][0]  # type: ignore[index]
    assert limits["default_request"] == {"cpu": "100m", "memory": "128Mi"}
    assert "cpu" not in limits["default"]


def test_checksums_tell_texts_apart_however_they_are_cut() -> None:
    assert checksum("ab", "c") != checksum("a", "bc")
    assert len(checksum("")) == 12
