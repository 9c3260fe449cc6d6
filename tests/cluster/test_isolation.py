"""A second tenant tries to get at the first: each attempt is made on a real API server, with its real admission and quotas, and refused."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from sandbox.cluster.control_plane import ControlPlane, Refused
from tests.cluster.cell import Cell, manifests

from odoo_estate.kubernetes.boundary import HOSTS
from odoo_estate.plan import TenantPlan

DIGEST = "@sha256:" + "0" * 64
ODOO = f"docker.io/library/odoo{DIGEST}"
PARTNER = ("partner:northwind",)


def of(cell: Cell, tenancy: str, number: int = 0) -> TenantPlan:
    """A tenant of the cell with a namespace of its own."""
    found = [one for one in cell.tenants if one.tenancy == tenancy and one.environment == "production"]
    return found[number]


@pytest.fixture(scope="module")
def first(shared_cell: Cell) -> TenantPlan:
    return of(shared_cell, "semi-dedicated")


@pytest.fixture(scope="module")
def second(shared_cell: Cell) -> TenantPlan:
    return of(shared_cell, "namespaced")


def pod(tenant: TenantPlan, **spec: Any) -> dict[str, Any]:
    """A pod that a tenant may run, with changes."""
    pools = [one.node_selector["odoo-estate/pool"] for one in tenant.odoo.workloads.values()] if tenant.odoo else []
    container = {
        "name": "odoo",
        "image": ODOO,
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "16Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "attempt", "namespace": tenant.namespace},
        "spec": {
            "nodeSelector": {"odoo-estate/pool": pools[0]},
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 101,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            **spec,
        },
    }


def attempt(plane: ControlPlane, manifest: dict[str, Any], **who: Any) -> None:
    """Tries it without leaving anything behind."""
    path = plane.path(manifest)
    plane.call("POST", f"{path}?dryRun=All", manifest, **who)


def test_the_policies_mean_what_they_say(plane: ControlPlane, shared_cell: Cell) -> None:
    listed = plane.call("GET", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies")["items"]
    assert {one["metadata"]["name"] for one in listed} >= {"estate-images", "estate-routes", "estate-namespaces"}
    for one in listed:
        assert one.get("status", {}).get("typeChecking", {}).get("expressionWarnings", []) == [], one["metadata"][
            "name"
        ]


def test_an_ordinary_pod_is_let_in(plane: ControlPlane, second: TenantPlan) -> None:
    attempt(plane, pod(second))


def test_a_partners_administrator_looks_after_its_own_namespace_only(
    plane: ControlPlane, first: TenantPlan, second: TenantPlan
) -> None:
    assert second.partner and second.partner != first.partner
    who = {"as_user": "anna", "groups": (f"partner:{second.partner}",)}
    assert plane.call("GET", f"/api/v1/namespaces/{second.namespace}/pods", **who)["items"]
    for namespace in (first.namespace, "pooler", "provisioning"):
        with pytest.raises(Refused) as refused:
            plane.call("GET", f"/api/v1/namespaces/{namespace}/pods", **who)
        assert refused.value.status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nodes",
        "/api/v1/namespaces/{ns}/pods",
        "/api/v1/namespaces/{ns}/resourcequotas",
        "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
        "/apis/external-secrets.io/v1/namespaces/{ns}/secretstores",
        "/apis/traefik.io/v1alpha1/namespaces/{ns}/ingressroutes",
    ],
)
def test_whoever_looks_at_the_cluster_sees_how_it_is_set_up(plane: ControlPlane, second: TenantPlan, path: str) -> None:
    assert plane.call("GET", path.format(ns=second.namespace), as_user="olga", groups=("estate:viewers",))["items"]


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/api/v1/namespaces/{ns}/secrets"),
        ("GET", "/api/v1/namespaces/{ns}/configmaps"),
        ("GET", "/api/v1/namespaces/{ns}/events"),
        ("GET", "/api/v1/namespaces/{ns}/pods/some/log"),
        ("POST", "/api/v1/namespaces/{ns}/pods/some/exec"),
        ("DELETE", "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies/default-deny"),
        ("DELETE", "/api/v1/nodes/some"),
    ],
)
def test_and_nobodys_data_and_changes_nothing(plane: ControlPlane, second: TenantPlan, verb: str, path: str) -> None:
    with pytest.raises(Refused) as refused:
        plane.call(verb, path.format(ns=second.namespace), as_user="olga", groups=("estate:viewers",))
    assert refused.value.status == 403


def test_cluster_administrators_make_namespaces_only_as_the_automations_group(plane: ControlPlane) -> None:
    # An access entry with AWS' cluster-admin policy and no group: RBAC says yes, admission says no.
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "attempt"}}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "access-entries"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "deploy"}],
    }
    plane.apply(binding)
    with pytest.raises(Refused, match="made, changed and deleted by the platform's automation"):
        attempt(plane, manifest, as_user="deploy")
    attempt(plane, manifest, as_user="deploy", groups=("estate:automation",))


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/api/v1/namespaces/{ns}/secrets"),
        ("POST", "/api/v1/namespaces/{ns}/pods/some/exec"),
        ("POST", "/api/v1/namespaces/{ns}/pods/some/portforward"),
        ("DELETE", "/api/v1/namespaces/{ns}/resourcequotas/quota"),
        ("DELETE", "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies/default-deny"),
        ("GET", "/apis/external-secrets.io/v1/namespaces/{ns}/secretstores"),
        ("DELETE", "/api/v1/namespaces/{ns}"),
    ],
)
def test_not_even_in_its_own_namespace_may_it_weaken_or_see_secrets(
    plane: ControlPlane, second: TenantPlan, verb: str, path: str
) -> None:
    with pytest.raises(Refused) as refused:
        plane.call(verb, path.format(ns=second.namespace), as_user="anna", groups=(f"partner:{second.partner}",))
    assert refused.value.status == 403


def test_a_workloads_own_account_may_do_nothing(plane: ControlPlane, first: TenantPlan, second: TenantPlan) -> None:
    who = {"as_user": f"system:serviceaccount:{second.namespace}:{second.service_account}"}
    for path in (f"/api/v1/namespaces/{second.namespace}/pods", f"/api/v1/namespaces/{first.namespace}/secrets"):
        with pytest.raises(Refused) as refused:
            plane.call("GET", path, **who)
        assert refused.value.status == 403


@pytest.mark.parametrize(
    "image",
    [
        "docker.io/library/odoo:18.0",
        "odoo" + DIGEST,
        "docker.io/library/odoo-evil" + DIGEST,
        "evil.example/docker.io/library/odoo" + DIGEST,
        "docker.io/library/odoo@sha256:0000",
    ],
)
@pytest.mark.parametrize("kind", ["containers", "initContainers"])
def test_images_come_by_digest_from_approved_registries(
    plane: ControlPlane, second: TenantPlan, image: str, kind: str
) -> None:
    manifest = pod(second)
    other = {**copy.deepcopy(manifest["spec"]["containers"][0]), "name": "other", "image": image}
    manifest["spec"].setdefault(kind, []).append(other)
    with pytest.raises(Refused, match="by digest from an approved registry"):
        attempt(plane, manifest)


def test_a_debugging_container_is_judged_like_any_other(
    plane: ControlPlane, shared_cell: Cell, second: TenantPlan
) -> None:
    shared_cell.settle()
    name = next(one["metadata"]["name"] for one in shared_cell.pods(second.namespace))
    debug = copy.deepcopy(pod(second)["spec"]["containers"][0])
    del debug["resources"]
    body = {"spec": {"ephemeralContainers": [{**debug, "name": "debug", "image": "docker.io/library/busybox:latest"}]}}
    with pytest.raises(Refused, match="by digest from an approved registry"):
        plane.call(
            "PATCH",
            f"/api/v1/namespaces/{second.namespace}/pods/{name}/ephemeralcontainers?dryRun=All",
            body,
            kind="application/strategic-merge-patch+json",
        )


def test_it_cannot_run_on_the_firsts_nodes(plane: ControlPlane, first: TenantPlan, second: TenantPlan) -> None:
    assert first.node_pool
    (foreign,) = (
        {one.node_selector["odoo-estate/pool"] for one in first.odoo.workloads.values()} if first.odoo else {""}
    )
    for change in (
        {"nodeSelector": {"odoo-estate/pool": foreign}},
        {"tolerations": [{"key": "odoo-estate/pool", "operator": "Equal", "value": foreign, "effect": "NoSchedule"}]},
        {"tolerations": [{"operator": "Exists"}]},
        {"tolerations": [{"key": "odoo-estate/pool", "operator": "Exists", "effect": "NoSchedule"}]},
        {"nodeName": "any"},
        {"priorityClassName": "system-node-critical"},
    ):
        with pytest.raises(Refused) as refused:
            attempt(plane, pod(second, **change))
        assert refused.value.status == 403, change
    attempt(plane, pod(first))


def route(tenant: TenantPlan) -> dict[str, Any]:
    """The tenant's own route, under another name."""
    found = next(one for one in manifests(tenant.stack) if one["kind"] == "IngressRoute")
    return {**found, "metadata": {**found["metadata"], "name": "attempt"}}


def rewritten(manifest: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    change(changed["spec"])
    return changed


def test_it_cannot_claim_the_firsts_host(plane: ControlPlane, first: TenantPlan, second: TenantPlan) -> None:
    own, foreign = second.route.hosts[0], first.route.hosts[0]
    attempt(plane, route(second))
    rules = (
        f"Host(`{foreign}`)",
        f"Host(`{own}`) || Host(`{foreign}`)",
        "HostRegexp(`.*`)",
        "PathPrefix(`/`)",
        f"Host(`{own}`) || PathPrefix(`/`)",
        f"!Host(`{own}`)",
        f"Host(`{own}`) && !Host(`{own}`) || Host(`{foreign}`)",
        f"Host(`{own}`, `{foreign}`)",
        f"HostSNI(`{foreign}`)",
        f"Host(`{own}`) && Header(`X`, `y`)",
    )
    for rule in rules:
        with pytest.raises(Refused, match="a route names"):
            attempt(plane, rewritten(route(second), lambda spec, rule=rule: spec["routes"][0].update(match=rule)))


def test_its_routes_stay_in_their_lane(plane: ControlPlane, first: TenantPlan, second: TenantPlan) -> None:
    changes: list[Callable[[dict[str, Any]], None]] = [
        lambda spec: spec["routes"][0].pop("priority"),
        lambda spec: spec["routes"][0].update(priority=1_000_000),
        lambda spec: spec["routes"][0]["services"][0].update(namespace=first.namespace),
        lambda spec: spec["routes"][0]["services"][0].update(name="api@internal", kind="TraefikService"),
        lambda spec: spec["routes"][0].update(middlewares=[{"name": "x", "namespace": first.namespace}]),
        lambda spec: spec.pop("tls"),
        lambda spec: spec["tls"].update(options={"name": "default", "namespace": first.namespace}),
        lambda spec: spec["tls"].update(store={"name": "default", "namespace": first.namespace}),
    ]
    for number, change in enumerate(changes):
        with pytest.raises(Refused) as refused:
            attempt(plane, rewritten(route(second), change))
        assert refused.value.status in (403, 422), number


def test_it_gets_no_certificate_for_the_firsts_host(plane: ControlPlane, first: TenantPlan, second: TenantPlan) -> None:
    own = next(one for one in manifests(second.stack) if one["kind"] == "Certificate")
    made = {**own, "metadata": {**own["metadata"], "name": "attempt"}}
    attempt(plane, made)
    for change in (
        {"dnsNames": [first.route.hosts[0]]},
        {"commonName": first.route.hosts[0]},
        {"dnsNames": [f"*.{second.route.hosts[0]}"]},
        {"dnsNames": ["pooler-main.pooler.svc.cluster.local"]},
        {"dnsNames": [f"odoo-web.{first.namespace}.svc.cluster.local"]},
        {"dnsNames": [f"x{second.namespace}.svc.cluster.local"]},
    ):
        with pytest.raises(Refused, match="a certificate names hosts of its namespace only"):
            attempt(plane, {**made, "spec": {**made["spec"], **change}})


def test_it_gets_no_authority_that_vouches_for_its_neighbours_services(plane: ControlPlane, second: TenantPlan) -> None:
    own = [one for one in manifests(second.stack) if one["kind"] == "Certificate"]
    assert {one["spec"]["issuerRef"]["name"] for one in own} >= {"internal"}
    for one in own:
        made = {**one, "metadata": {**one["metadata"], "name": "attempt"}}
        attempt(plane, made)
        with pytest.raises(Refused, match="vouches for nobody else"):
            attempt(plane, {**made, "spec": {**made["spec"], "isCA": True}})


def test_its_secret_store_goes_through_its_own_role_only(
    plane: ControlPlane, first: TenantPlan, second: TenantPlan
) -> None:
    own = next(
        one
        for one in manifests(second.stack)
        if one["kind"] == "SecretStore" and one["metadata"]["namespace"] == second.namespace
    )
    assert first.secrets_role and second.secrets_role
    foreign = first.target.arn("iam", f"role/{first.secrets_role.name}", regional=False)
    for aws in ({"role": foreign}, {"role": None}):
        made = copy.deepcopy(own)
        made["metadata"]["name"] = "attempt"
        made["spec"]["provider"]["aws"].update(aws)
        if aws["role"] is None:
            del made["spec"]["provider"]["aws"]["role"]
        with pytest.raises(Refused, match="goes through the role of its namespace"):
            attempt(plane, made)


def test_nobody_hands_out_more_than_the_partners_role(plane: ControlPlane, second: TenantPlan) -> None:
    def binding(role: str, subject: dict[str, str]) -> dict[str, Any]:
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "attempt", "namespace": second.namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", **subject}],
        }

    attempt(plane, binding("estate-partner", {"name": f"partner:{second.partner}"}))
    for made in (
        binding("cluster-admin", {"name": f"partner:{second.partner}"}),
        binding("estate-partner", {"name": "partner:another"}),
        binding("estate-partner", {"name": "system:authenticated"}),
    ):
        with pytest.raises(Refused, match="only its partner gets a role"):
            attempt(plane, made)


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "LoadBalancer"},
        {"type": "NodePort"},
        {"externalIPs": ["192.0.2.1"]},
        {"type": "ExternalName", "externalName": "x.example"},
    ],
)
def test_no_service_leaves_the_cluster(plane: ControlPlane, second: TenantPlan, spec: dict[str, Any]) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "attempt", "namespace": second.namespace},
        "spec": {"ports": [{"port": 80}], "selector": {"a": "b"}, **spec},
    }
    with pytest.raises(Refused):
        attempt(plane, service)


def test_other_ways_to_publish_a_host_are_closed(plane: ControlPlane, second: TenantPlan) -> None:
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "attempt", "namespace": second.namespace},
        "spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}},
    }
    options = {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "TLSOption",
        "metadata": {"name": "default", "namespace": second.namespace},
        "spec": {"minVersion": "VersionTLS10"},
    }
    for made in (ingress, options):
        with pytest.raises(Refused, match="this kind is the platform's"):
            attempt(plane, made)


def test_a_tenant_that_uses_up_its_quota_leaves_the_others_theirs(
    plane: ControlPlane, first: TenantPlan, second: TenantPlan
) -> None:
    huge = pod(second)
    assert second.quota
    for number in range(second.quota.pods + 1):
        manifest = {**huge, "metadata": {**huge["metadata"], "name": f"filler-{number}"}}
        try:
            plane.call("POST", plane.path(manifest), manifest)
        except Refused as refused:
            assert refused.status == 403 and "exceeded quota" in refused.message
            break
    else:
        raise AssertionError("the quota did not bite")
    attempt(plane, pod(first))
    for one in range(number):
        plane.call("DELETE", f"/api/v1/namespaces/{second.namespace}/pods/filler-{one}?gracePeriodSeconds=0")


def test_only_the_platform_changes_a_boundary(plane: ControlPlane, second: TenantPlan) -> None:
    path = f"/api/v1/namespaces/{second.namespace}?dryRun=All"
    claim = {"metadata": {"annotations": {HOSTS: "other.example"}}}
    powerful = {"as_user": "bert", "groups": ("operators",)}
    plane.apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "test-everything"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name}
                for name in ("operators", "estate:automation")
            ],
        }
    )
    kind = "application/merge-patch+json"
    with pytest.raises(Refused, match="by the platform's automation"):
        plane.call("PATCH", path, claim, kind=kind, **powerful)
    with pytest.raises(Refused, match="by the platform's automation"):
        plane.call("DELETE", path, **powerful)
    plane.call("PATCH", path, claim, kind=kind, as_user="deploy", groups=("estate:automation",))


WEAKENINGS: dict[str, Callable[[dict[str, Any]], None]] = {
    "privileged": lambda s: s["containers"][0]["securityContext"].update(
        privileged=True, allowPrivilegeEscalation=True
    ),
    "escalation": lambda s: s["containers"][0]["securityContext"].pop("allowPrivilegeEscalation"),
    "capabilities kept": lambda s: s["containers"][0]["securityContext"].pop("capabilities"),
    "capability added": lambda s: s["containers"][0]["securityContext"]["capabilities"].update(add=["NET_ADMIN"]),
    "root": lambda s: s["securityContext"].update(runAsUser=0),
    "maybe root": lambda s: s["securityContext"].pop("runAsNonRoot"),
    "no seccomp": lambda s: s["securityContext"].pop("seccompProfile"),
    "unconfined": lambda s: s["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "host network": lambda s: s.update(hostNetwork=True),
    "host pid": lambda s: s.update(hostPID=True),
    "host ipc": lambda s: s.update(hostIPC=True),
    "host path": lambda s: s.update(volumes=[{"name": "h", "hostPath": {"path": "/"}}]),
    "host port": lambda s: s["containers"][0].update(ports=[{"containerPort": 80, "hostPort": 80}]),
    "proc mount": lambda s: (
        s.update(hostUsers=False) or s["containers"][0]["securityContext"].update(procMount="Unmasked")
    ),
    "sysctl": lambda s: s["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
    "selinux": lambda s: s["securityContext"].update(seLinuxOptions={"user": "system_u"}),
    "apparmor": lambda s: s["securityContext"].update(appArmorProfile={"type": "Unconfined"}),
    "probe host": lambda s: s["containers"][0].update(livenessProbe={"httpGet": {"port": 1, "host": "10.0.0.1"}}),
}


@pytest.mark.parametrize("weakening", WEAKENINGS)
def test_every_weakening_that_pod_security_knows_is_refused(
    plane: ControlPlane, second: TenantPlan, weakening: str
) -> None:
    manifest = pod(second)
    WEAKENINGS[weakening](manifest["spec"])
    with pytest.raises(Refused, match="violates PodSecurity"):
        attempt(plane, manifest)


def may(plane: ControlPlane, who: dict[str, Any], **asked: str) -> bool:
    """What the cluster's authoriser answers."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": who["as_user"], "groups": list(who.get("groups", ())), "resourceAttributes": asked},
    }
    return bool(plane.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"])


def test_neither_a_partner_nor_a_workload_reaches_into_the_firsts_namespace_in_any_way(
    plane: ControlPlane, first: TenantPlan, second: TenantPlan
) -> None:
    partner = {"as_user": "anna", "groups": (f"partner:{second.partner}", "system:authenticated")}
    account = f"system:serviceaccount:{second.namespace}:{second.service_account}"
    workload = {"as_user": account, "groups": ("system:serviceaccounts", "system:authenticated")}
    assert may(plane, partner, verb="list", resource="pods", namespace=second.namespace), "or the others prove nothing"
    resources = (
        "secrets",
        "configmaps",
        "pods",
        "pods/log",
        "pods/exec",
        "services",
        "serviceaccounts/token",
        "events",
    )
    for who in (partner, workload):
        for resource in resources:
            name, _, sub = resource.partition("/")
            for verb in ("get", "list", "watch", "create", "delete", "patch"):
                asked = {"verb": verb, "resource": name, "subresource": sub}
                assert not may(plane, who, namespace=first.namespace, **asked), (who["as_user"], verb, resource)
                assert not may(plane, who, **asked), (who["as_user"], verb, resource, "everywhere")


@pytest.mark.parametrize(
    "asked",
    [
        {"verb": "impersonate", "resource": "users"},
        {"verb": "impersonate", "resource": "groups", "name": "estate:automation"},
        {"verb": "impersonate", "resource": "serviceaccounts"},
        {"verb": "escalate", "resource": "roles", "group": "rbac.authorization.k8s.io"},
        {"verb": "bind", "resource": "clusterroles", "group": "rbac.authorization.k8s.io"},
        {"verb": "create", "resource": "serviceaccounts", "subresource": "token"},
        {"verb": "patch", "resource": "pods", "subresource": "ephemeralcontainers"},
        {"verb": "get", "resource": "nodes", "subresource": "proxy"},
        {"verb": "create", "resource": "certificatesigningrequests", "group": "certificates.k8s.io"},
        {"verb": "delete", "resource": "networkpolicies", "group": "networking.k8s.io"},
        {"verb": "patch", "resource": "resourcequotas"},
        {"verb": "patch", "resource": "limitranges"},
        {"verb": "create", "resource": "externalsecrets", "group": "external-secrets.io"},
        {"verb": "create", "resource": "ingressroutes", "group": "traefik.io"},
        {"verb": "create", "resource": "targetgroupbindings", "group": "elbv2.k8s.aws"},
        {
            "verb": "delete",
            "resource": "validatingadmissionpolicybindings",
            "group": "admissionregistration.k8s.io",
        },
    ],
)
def test_a_partner_cannot_become_somebody_else_or_lift_a_bound(
    plane: ControlPlane, second: TenantPlan, asked: dict[str, str]
) -> None:
    who = {"as_user": "anna", "groups": (f"partner:{second.partner}", "system:authenticated")}
    assert not may(plane, who, namespace=second.namespace, **asked)


def custom(tenant: TenantPlan, api: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    head = {"name": "attempt", "namespace": tenant.namespace}
    return {"apiVersion": api, "kind": kind, "metadata": head, "spec": spec}


def test_its_middlewares_send_the_ingress_nowhere(plane: ControlPlane, first: TenantPlan, second: TenantPlan) -> None:
    def middleware(**spec: Any) -> dict[str, Any]:
        return custom(second, "traefik.io/v1alpha1", "Middleware", spec)

    neighbour = f"http://odoo-web.{first.namespace}.svc:8069"
    attempt(plane, middleware(headers={"customRequestHeaders": {"X-A": "b"}}))
    for made in (
        middleware(forwardAuth={"address": neighbour}),
        middleware(
            errors={"status": ["500"], "service": {"name": "odoo-web", "namespace": first.namespace, "port": 1}}
        ),
        middleware(chain={"middlewares": [{"name": "x", "namespace": first.namespace}]}),
        middleware(plugin={"any": {"a": "b"}}),
        middleware(basicAuth={"secret": "x"}),
        middleware(rateLimit={"average": 1, "redis": {"endpoints": ["10.0.0.1:6379"]}}),
    ):
        with pytest.raises(Refused, match="a tenant's middleware is one of"):
            attempt(plane, made)


def test_no_address_is_written_where_the_ingress_would_follow_it(plane: ControlPlane, second: TenantPlan) -> None:
    """Even who may do everything in the namespace leaves that to the controllers."""
    powerful = {"as_user": "bert", "groups": ("operators",)}
    plane.apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "test-operators"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "operators"}],
        }
    )
    head = {"name": "attempt", "namespace": second.namespace}
    addresses = {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.9"]}], "ports": [{"port": 8069}]}
    slices = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": head, **addresses}
    older = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": head,
        "subsets": [{"addresses": [{"ip": "10.0.0.9"}], "ports": [{"port": 8069}]}],
    }
    for made in (slices, older):
        with pytest.raises(Refused, match="written by the cluster's controllers"):
            attempt(plane, made, **powerful)
    there = plane.call("GET", f"/apis/discovery.k8s.io/v1/namespaces/{second.namespace}/endpointslices")["items"]
    assert there, "the controllers do write them"


def test_its_external_secrets_go_through_its_own_store(
    plane: ControlPlane, first: TenantPlan, second: TenantPlan
) -> None:
    own = next(
        one
        for one in manifests(second.stack)
        if one["kind"] == "ExternalSecret" and one["metadata"]["namespace"] == second.namespace
    )
    made = {**own, "metadata": {**own["metadata"], "name": "attempt"}}
    attempt(plane, made)
    everybodys = {"kind": "ClusterSecretStore", "name": "any"}
    for change in (
        {"secretStoreRef": everybodys},
        {"data": [{**own["spec"]["data"][0], "sourceRef": {"storeRef": everybodys}}]},
        {"dataFrom": [{"extract": {"key": "x"}, "sourceRef": {"storeRef": everybodys}}]},
    ):
        with pytest.raises(Refused, match="through a secret store of its namespace"):
            attempt(plane, {**made, "spec": {**made["spec"], **change}})
    with pytest.raises(Refused):
        attempt(plane, custom(second, "external-secrets.io/v1", "SecretStore", {"provider": {"fake": {"data": []}}}))


def test_another_way_to_claim_a_host_is_not_even_there(plane: ControlPlane, second: TenantPlan) -> None:
    for kind in ("gateways", "httproutes", "tlsroutes"):
        with pytest.raises(Refused) as refused:
            plane.call("GET", f"/apis/gateway.networking.k8s.io/v1/namespaces/{second.namespace}/{kind}")
        assert refused.value.status == 404
