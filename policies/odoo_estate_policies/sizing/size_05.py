"""SIZE-05: pods state what they need, within the band, and autoscalers end somewhere."""

from fractions import Fraction

from odoo_estate.plan import Guardrails
from odoo_estate_policies.pod_template import POD_OWNERS, containers, pod_spec, pod_total
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule

HPAS = tuple(f"kubernetes:autoscaling/{version}:HorizontalPodAutoscaler" for version in ("v1", "v2"))
SCALED_OBJECT = "kubernetes:keda.sh/v1alpha1:ScaledObject"


@resource_rule(
    id="SIZE-05",
    title="Pods and autoscalers are in the band",
    severity="medium",
    types=(*POD_OWNERS, *HPAS, SCALED_OBJECT),
    remedy="state requests and a memory limit within the band, and a maximum of replicas",
    source="own; EKS best practices, resource quotas",
)
def size_05(resource: Resource, rails: Guardrails) -> Verdicts:
    """What states no request is scheduled on trust and evicts its neighbours. CPU has no limit on purpose: throttling hurts latency."""
    spec = resource.section("spec")
    job = spec.section("jobTemplate").section("spec")
    for holder, key in (
        (spec, "replicas"),
        (spec, "maxReplicas"),
        (spec, "maxReplicaCount"),
        (spec, "parallelism"),
        (job, "parallelism"),
    ):
        found = holder.number(key)
        if found is not None and found > rails.pod_replicas:
            yield Violation(f"{key} is {found}; allowed: at most {rails.pod_replicas}")
    if resource.type == SCALED_OBJECT and "maxReplicaCount" not in spec:
        yield Violation(
            f"has no maxReplicaCount, so KEDA's default of 100 holds; allowed: at most {rails.pod_replicas}"
        )
    if resource.type not in POD_OWNERS:
        return
    pod = pod_spec(resource)
    for container in containers(pod):
        asked = container.section("resources")
        missing = [
            f"requests.{key}"
            for key in ("cpu", "memory")
            if key not in asked.section("requests") and key not in asked.section("limits")
        ]
        missing += [] if "memory" in asked.section("limits") else ["limits.memory"]
        if missing:
            yield Violation(f"container {container.text('name')} states no {', '.join(missing)}")
    cpu = pod_total(pod, "requests", "cpu") * 1000
    if cpu > rails.pod_cpu_millicores:
        yield Violation(f"its pods request {int(cpu)}m CPU; allowed: at most {rails.pod_cpu_millicores}m")
    memory = pod_total(pod, "limits", "memory") / Fraction(1024**2)
    if memory > rails.pod_memory_mib:
        yield Violation(f"its pods may use {int(memory)}Mi memory; allowed: at most {rails.pod_memory_mib}Mi")
