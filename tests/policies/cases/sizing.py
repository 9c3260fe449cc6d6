"""Sizing bands."""

from typing import Any

from tests.policies.stage import TAGS, Cases, case, resource, unknown

from odoo_estate_policies.resource import Resource

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
MEMBER = "aws:rds/clusterInstance:ClusterInstance"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
NODES = "aws:eks/nodeGroup:NodeGroup"
SCALING = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def database(**more: Any) -> Resource:
    """A database that every rule accepts, but for ``more``; None takes an input away."""
    inputs = {
        "identifier": "northwind-eu-1",
        "instanceClass": "db.m7g.large",
        "allocatedStorage": 100,
        "maxAllocatedStorage": 500,
        "storageType": "gp3",
        "backupRetentionPeriod": 14,
        "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": "northwind-eu-1-final",
        "tags": TAGS,
    }
    return resource(INSTANCE, "main", {key: value for key, value in {**inputs, **more}.items() if value is not None})


def cache(**more: Any) -> Resource:
    inputs = {
        "nodeType": "cache.m7g.large",
        "numCacheClusters": 2,
        "engine": "valkey",
        "snapshotRetentionLimit": 7,
        "tags": TAGS,
    }
    return resource(GROUP, "cache", {key: value for key, value in {**inputs, **more}.items() if value is not None})


def _nodes(maximum: Any = 6, **more: Any) -> Resource:
    scaling = {"minSize": 1, "desiredSize": 2, "maxSize": maximum}
    inputs = {
        "scalingConfig": scaling,
        "instanceTypes": ["m7g.large", "m7g.xlarge"],
        "launchTemplate": {"version": "1"},
    }
    return resource(
        NODES, "pool", {key: value for key, value in {**inputs, **more, "tags": TAGS}.items() if value is not None}
    )


def _fleet(*types: str, maximum: int = 2) -> Resource:
    overrides = [{"instanceType": one} for one in types]
    policy = {"launchTemplate": {"launchTemplateSpecification": {"version": "1"}, "overrides": overrides}}
    return resource(SCALING, "fleet", {"minSize": 0, "maxSize": maximum, "mixedInstancesPolicy": policy})


def container(cpu: Any = "500m", memory: Any = "1Gi", **more: Any) -> dict[str, Any]:
    sized = {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}
    return {"name": "odoo", "image": "odoo@sha256:0", "resources": sized, **more}


def workload(kind: str, *containers: dict[str, Any], init: tuple[dict[str, Any], ...] = (), **counts: Any) -> Resource:
    pod = {"containers": list(containers), **({"initContainers": list(init)} if init else {})}
    template: dict[str, Any] = {"template": {"spec": pod}, **counts}
    spec = (
        {"jobTemplate": {"spec": template}} if kind.endswith(":CronJob") else pod if kind.endswith(":Pod") else template
    )
    return resource(f"kubernetes:{kind}", "web", {"spec": spec}, region="")


def _scaler(token: str, **spec: Any) -> Resource:
    return resource(f"kubernetes:{token}", "scaler", {"spec": spec}, region="")


DEPLOYMENT, HPA, SCALED = (
    "apps/v1:Deployment",
    "autoscaling/v2:HorizontalPodAutoscaler",
    "keda.sh/v1alpha1:ScaledObject",
)
EVERY_KIND = (DEPLOYMENT, "apps/v1:StatefulSet", "apps/v1:DaemonSet", "batch/v1:Job", "batch/v1:CronJob", "core/v1:Pod")

CASES = {
    "SIZE-01": Cases(
        holds=(
            case(database()),
            case(resource(CLUSTER, "aurora", {"engine": "aurora-postgresql", "tags": TAGS})),
            case(resource(MEMBER, "member", {"instanceClass": "db.m7g.xlarge", "tags": TAGS})),
            case(database(identifier=unknown())),  # its name decides nothing about its size
        ),
        breaks=(
            case(database(instanceClass="db.m7g.16xlarge"), expected="main"),
            case(database(instanceClass="db.m7g.16xlarge", replicateSourceDb="northwind-eu-1"), expected="main"),
            case(resource(MEMBER, "member", {"instanceClass": "db.r7g.large"}), expected="member"),
            case(resource(CLUSTER, "multi-az", {"dbClusterInstanceClass": "db.r6gd.xlarge"}), expected="multi-az"),
            case(database(), expected="main", database_classes=()),
        ),
        unknown=(
            case(database(instanceClass=unknown()), undecided="main"),
            case(database(instanceClass=None), undecided="main"),
        ),
    ),
    "SIZE-02": Cases(
        holds=(
            case(database()),
            case(database(allocatedStorage="500", maxAllocatedStorage=1000, iops=12000)),
            case(database(storageType=None, allocatedStorage=None, replicateSourceDb="northwind-eu-1")),
        ),
        breaks=(
            case(database(allocatedStorage=501), expected="main"),
            case(database(maxAllocatedStorage=1001), expected="main"),
            case(database(iops=12001), expected="main"),
            case(database(storageType="io2"), expected="main"),
            case(database(storageType=None), expected="main"),  # RDS would take gp2
        ),
        unknown=(case(database(maxAllocatedStorage=unknown()), undecided="main"),),
    ),
    "SIZE-03": Cases(
        holds=(
            case(cache()),
            case(cache(numCacheClusters=None, numNodeGroups=1, replicasPerNodeGroup=2)),
            case(resource("aws:elasticache/cluster:Cluster", "member", {"replicationGroupId": "cache", "tags": TAGS})),
        ),
        breaks=(
            case(cache(nodeType="cache.r7g.4xlarge"), expected="cache"),
            case(cache(numCacheClusters=4), expected="cache"),
            case(cache(numCacheClusters=None, numNodeGroups=2, replicasPerNodeGroup=1), expected="cache"),
            case(cache(numCacheClusters=None, numNodeGroups=4), expected="cache"),
            case(cache(numCacheClusters=None, replicasPerNodeGroup=3), expected="cache"),
            case(
                resource(
                    "aws:elasticache/cluster:Cluster", "solo", {"nodeType": "cache.r7g.large", "engine": "memcached"}
                ),
                expected="solo",
            ),
        ),
        unknown=(
            case(cache(nodeType=unknown()), undecided="cache"),
            case(cache(nodeType=None, globalReplicationGroupId="g"), undecided="cache"),
            case(
                resource("aws:elasticache/cluster:Cluster", "solo", {"engine": "redis", "tags": TAGS}), undecided="solo"
            ),
        ),
    ),
    "SIZE-04": Cases(
        holds=(
            case(_nodes()),
            case(_nodes(instanceTypes=None)),  # the launch template says it
            case(_fleet("m7g.large")),
            case(resource(TEMPLATE, "template", {"instanceType": "m7g.large", "tags": TAGS})),
        ),
        breaks=(
            case(_nodes(7), expected="pool"),
            case(_nodes(instanceTypes=["m7g.large", "p5.48xlarge"]), expected="pool"),
            case(_nodes(instanceTypes=None, launchTemplate=None), expected="pool"),  # EKS would take t3.medium
            case(_fleet("m7g.large", "x2gd.metal"), expected="fleet"),
            case(_fleet("m7g.large", maximum=7), expected="fleet"),
            case(resource(TEMPLATE, "template", {"instanceType": "u-6tb1.metal"}), expected="template"),
            case(
                resource(TEMPLATE, "template", {"instanceRequirements": {"vcpuCount": {"min": 1}}}), expected="template"
            ),
        ),
        unknown=(case(_nodes(unknown()), undecided="pool"),),
    ),
    "SIZE-05": Cases(
        holds=(
            *(case(workload(kind, container())) for kind in EVERY_KIND),
            case(workload(DEPLOYMENT, container(), replicas=4)),
            case(workload(DEPLOYMENT, container("2", "4Gi"))),
            case(workload(DEPLOYMENT, {"name": "limits-only", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}})),
            case(workload(DEPLOYMENT, container("1"), container("1"), init=(container("2"),))),
            case(_scaler(HPA, minReplicas=1, maxReplicas=4)),
            case(_scaler(SCALED, minReplicaCount=0, maxReplicaCount=4)),
            case(workload(DEPLOYMENT, container(image=unknown(), env=[{"name": "A", "value": unknown()}]))),
        ),
        breaks=(
            *(case(workload(kind, container("2001m")), expected="web") for kind in EVERY_KIND),
            *(case(workload(kind, {"name": "bare"}), expected="web") for kind in EVERY_KIND),
            case(workload(DEPLOYMENT, container(memory="4097Mi")), expected="web"),
            case(workload(DEPLOYMENT, container("1"), container("1.5")), expected="web"),
            case(workload(DEPLOYMENT, container(), init=(container("3"),)), expected="web"),
            case(
                workload(DEPLOYMENT, container("1.5"), init=(container("1", restartPolicy="Always"),)), expected="web"
            ),
            case(workload(DEPLOYMENT, container(), replicas=5), expected="web"),
            case(workload("batch/v1:Job", container(), parallelism=5), expected="web"),
            case(workload("batch/v1:CronJob", container(), parallelism=5), expected="web"),
            case(_scaler(HPA, minReplicas=1, maxReplicas=5), expected="scaler"),
            case(_scaler(SCALED, minReplicaCount=0), expected="scaler"),
            case(_scaler(SCALED, maxReplicaCount=50), expected="scaler"),
        ),
        unknown=(
            case(workload(DEPLOYMENT, container(), replicas=unknown()), undecided="web"),
            case(workload(DEPLOYMENT, container(cpu="a lot")), undecided="web"),
        ),
    ),
}
