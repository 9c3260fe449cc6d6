"""ValidatingAdmissionPolicies: what RBAC cannot say, because it depends on what an object holds.

They bind everybody, the automation too: a mistake of ours in one tenant must not reach another. Only the first, which keeps the boundaries
themselves, tells the platform from others. All fail closed. Lists of containers are judged one by one (adding lists makes the type checker warn);
a namespace without annotations may claim nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes import boundary
from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.plan import AUTOMATION_GROUP

PARTNER_ROLE = "estate-partner"
"""The cluster role that partners' administrators hold in their tenants' namespaces."""
MAX_PRIORITY = 1000
"""Traefik's own routes start far above; within a host, the routes of a tenant need no more."""
HOST = r"Host\\(`[a-z0-9.-]+`\\)"
PATH = r"!?(Path|PathPrefix|PathRegexp|Method)\\(`[^`]*`\\)"
MATCH = rf"^\\(?{HOST}( \\|\\| {HOST})*\\)?( && \\(?{PATH}( \\|\\| {PATH})*\\)?)*$"
"""A rule that names its hosts literally, and narrows them by paths and methods only: nothing that could answer for another's host."""

OURS = f"request.userInfo.groups.exists(g, g in ['{AUTOMATION_GROUP}', 'system:masters'])"
CONTROLLER = "request.userInfo.username.startsWith('system:serviceaccount:kube-system:')"


@dataclass(frozen=True, kw_only=True)
class Validation:
    """``expression`` (CEL) holds for what is let through; ``message`` says what is wrong and what to do."""

    expression: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Admission:
    """One policy; ``resources`` by API group, ``boundaries`` the values of the namespace's boundary label that it governs."""

    resources: Mapping[str, Sequence[str]]
    validations: Sequence[Validation]
    variables: Mapping[str, str] = field(default_factory=dict)
    operations: Sequence[str] = ("CREATE", "UPDATE")
    boundaries: Sequence[str] = ("tenant",)


def annotation(key: str) -> str:
    """CEL: the comma-separated values of a namespace's annotation; empty where it has none."""
    there = f"has(namespaceObject.metadata.annotations) && '{key}' in namespaceObject.metadata.annotations"
    return f"{there} ? namespaceObject.metadata.annotations['{key}'].split(',') : []"


def admissions(registries: Sequence[str]) -> dict[str, Admission]:
    """All policies by name; ``registries`` are the approved repositories, or prefixes of them up to a slash."""
    return {
        "estate-images": images(registries),
        "estate-nodes": nodes(),
        "estate-routes": routes(),
        "estate-certificates": certificates(),
        "estate-services": services(),
        "estate-secret-stores": secret_stores(),
        "estate-bindings": bindings(),
        "estate-ingress-kinds": forbidden_kinds(),
        "estate-middlewares": middlewares(),
        "estate-endpoints": endpoints(),
        "estate-external-secrets": external_secrets(),
    }


def images(registries: Sequence[str]) -> Admission:
    """By digest and from approved repositories, in init and debugging containers too."""
    names = "|".join(re.escape(one).replace("\\", "\\\\") for one in sorted(registries))
    pattern = rf"^({names})(/[a-z0-9._/-]+)?(:[A-Za-z0-9_.-]+)?@sha256:[a-f0-9]{{64}}$"
    message = "images come by digest from an approved registry: name it as REGISTRY/REPOSITORY@sha256:…"
    return Admission(
        resources={"": ("pods", "pods/ephemeralcontainers")},
        boundaries=("tenant", "platform"),
        validations=[
            Validation(
                expression=f"!has(object.spec.{kind}) || object.spec.{kind}.all(c, c.image.matches('{pattern}'))",
                message=message,
            )
            for kind in ("containers", "initContainers", "ephemeralContainers")
        ],
    )


def nodes() -> Admission:
    """Only the namespace's own pools, chosen by label and tolerated by value; never a node by name, which would skip the scheduler.

    A pod that chooses none finds room where nothing has to be tolerated: on the cell's general nodes.
    """
    pool = "odoo-estate/pool"
    chosen = f"has(object.spec.nodeSelector) && '{pool}' in object.spec.nodeSelector"
    return Admission(
        resources={"": ("pods",)},
        operations=("CREATE",),
        variables={"pools": annotation(boundary.POOLS)},
        validations=[
            Validation(
                expression=f"!({chosen}) || object.spec.nodeSelector['{pool}'] in variables.pools",
                message="pods choose their namespace's own node pools only",
            ),
            Validation(
                expression="!has(object.spec.tolerations) || object.spec.tolerations.all(t, has(t.key) && "
                "(t.key.startsWith('node.kubernetes.io/') || "
                f"(t.key == '{pool}' && has(t.value) && t.value in variables.pools)))",
                message="pods tolerate the taints of their namespace's own node pools only",
            ),
            Validation(
                expression="!has(object.spec.nodeName) || object.spec.nodeName == ''",
                message="the scheduler chooses the node",
            ),
            Validation(
                expression="!has(object.spec.priorityClassName) || !object.spec.priorityClassName.startsWith('system-')",
                message="system priorities are the cluster's own",
            ),
        ],
    )


def routes() -> Admission:
    """Hosts of the namespace only, to services of the namespace only.

    ``namespace`` is a word of CEL's own. Its escaped form, ``__namespace__``, is right for types that the type checker knows, but custom
    resources are judged as plain maps, in which it never occurs: ``has(s.__namespace__)`` would let everything through (tried on 1.36).
    """
    of_route = "object.spec.routes"
    names = f"r.match.findAll('{HOST}').all(h, h.substring(6, size(h) - 2) in variables.hosts)"
    return Admission(
        resources={"traefik.io": ("ingressroutes",)},
        variables={"hosts": annotation(boundary.HOSTS)},
        validations=[
            Validation(
                expression=f"{of_route}.all(r, r.match.matches('{MATCH}'))",
                message="a route names its hosts literally, Host(`name`), and narrows them by path and method only",
            ),
            Validation(
                expression=f"{of_route}.all(r, {names})",
                message="a route names hosts of its namespace only (annotation odoo-estate/hosts)",
            ),
            Validation(
                expression=f"{of_route}.all(r, has(r.priority) && r.priority > 0 && r.priority <= {MAX_PRIORITY})",
                message=f"a route says its priority, 1 to {MAX_PRIORITY}: a long rule would otherwise win",
            ),
            Validation(
                expression=f"{of_route}.all(r, !has(r.services) || r.services.all(s, !('namespace' in s) && "
                "!s.name.contains('@') && (!has(s.kind) || s.kind == 'Service')))",
                message="a route leads to services of its own namespace",
            ),
            Validation(
                expression=f"{of_route}.all(r, !has(r.middlewares) || r.middlewares.all(m, !('namespace' in m) && "
                "!m.name.contains('@')))",
                message="a route uses middlewares of its own namespace",
            ),
            Validation(
                expression="has(object.spec.tls) && !has(object.spec.tls.options) && !has(object.spec.tls.store) && "
                "!has(object.spec.tls.certResolver) && !has(object.spec.parentRefs)",
                message="a route is served over TLS with a certificate of its own namespace or of its class' load balancer",
            ),
        ],
    )


def certificates() -> Admission:
    """No certificate for another's host or service, and none that vouches for others: the cluster's own authority would sign it."""
    own = "'.' + namespaceObject.metadata.name + '.svc.cluster.local'"
    return Admission(
        resources={"cert-manager.io": ("certificates",)},
        variables={"hosts": annotation(boundary.HOSTS)},
        validations=[
            Validation(
                expression="has(object.spec.dnsNames) && "
                f"object.spec.dnsNames.all(n, n in variables.hosts || n.endsWith({own})) && "
                "(!has(object.spec.commonName) || object.spec.commonName in variables.hosts) && "
                "!has(object.spec.ipAddresses) && !has(object.spec.uris) && !has(object.spec.emailAddresses) && "
                "!has(object.spec.otherNames) && !has(object.spec.literalSubject)",
                message="a certificate names hosts of its namespace only (annotation odoo-estate/hosts, or its services)",
            ),
            Validation(
                expression="!has(object.spec.isCA) || !object.spec.isCA",
                message="a certificate in a tenant's namespace vouches for nobody else",
            ),
        ],
    )


def services() -> Admission:
    """A service leads to pods of its namespace: no load balancer, no foreign address, no alias of another name."""
    return Admission(
        resources={"": ("services",)},
        validations=[
            Validation(
                expression="(!has(object.spec.type) || object.spec.type == 'ClusterIP') && "
                "!has(object.spec.externalIPs) && !has(object.spec.externalName)",
                message="services are of type ClusterIP, without external addresses or names",
            ),
        ],
    )


def secret_stores() -> Admission:
    """A store without a role acts as the controller, which may read everybody's secrets."""
    aws = "object.spec.provider.aws"
    return Admission(
        resources={"external-secrets.io": ("secretstores",)},
        variables={"role": annotation(boundary.SECRETS_ROLE)},
        validations=[
            Validation(
                expression=f"has({aws}) && has({aws}.role) && {aws}.role in variables.role && !has({aws}.auth) && "
                f"!has({aws}.additionalRoles)",
                message="a secret store goes through the role of its namespace (annotation odoo-estate/secrets-role)",
            ),
        ],
    )


def bindings() -> Admission:
    """Nobody hands out more than the partner's role, nor to anybody but the namespace's partner."""
    partner = (
        f"has(namespaceObject.metadata.labels) && '{boundary.PARTNER}' in namespaceObject.metadata.labels ? "
        f"'{boundary.partner_group('')}' + namespaceObject.metadata.labels['{boundary.PARTNER}'] : ''"
    )
    return Admission(
        resources={"rbac.authorization.k8s.io": ("rolebindings", "roles")},
        variables={"partner": partner},
        validations=[
            Validation(
                expression="request.kind.kind == 'RoleBinding' && object.roleRef.kind == 'ClusterRole' && "
                f"object.roleRef.name == '{PARTNER_ROLE}' && has(object.subjects) && "
                "object.subjects.all(s, s.kind == 'Group' && s.name == variables.partner)",
                message=f"in a tenant's namespace only its partner gets a role, and that is {PARTNER_ROLE}",
            ),
        ],
    )


def forbidden_kinds() -> Admission:
    """Other ways to publish a host or to change how all hosts are served: a tenant has no use for them."""
    return Admission(
        resources={
            "networking.k8s.io": ("ingresses",),
            "traefik.io": (
                "ingressroutetcps",
                "ingressrouteudps",
                "tlsoptions",
                "tlsstores",
                "traefikservices",
                "serverstransports",
                "serverstransporttcps",
                "middlewaretcps",
            ),
        },
        validations=[Validation(expression="false", message="this kind is the platform's; use an IngressRoute")],
    )


def middlewares() -> Admission:
    """Only such as judge a request or its headers. Whoever could have the ingress call an address (``forwardAuth``, ``errors``, a Redis) would call
    with its place in the network, from which every tenant's workers answer."""
    kinds = ["buffering", "headers", "inFlightReq", "ipAllowList", "rateLimit"]
    return Admission(
        resources={"traefik.io": ("middlewares",)},
        validations=[
            Validation(
                expression=f"object.spec.all(kind, kind in {kinds}) && "
                "(!has(object.spec.rateLimit) || !has(object.spec.rateLimit.redis))",
                message=f"a tenant's middleware is one of {', '.join(kinds)}, without a server of its own",
            ),
        ],
    )


def endpoints() -> Admission:
    """Where a service leads is found by its selector: an address written by hand could be a neighbour's, which the ingress may reach."""
    return Admission(
        resources={"": ("endpoints",), "discovery.k8s.io": ("endpointslices",)},
        boundaries=("tenant", "platform"),
        validations=[
            Validation(
                expression=f"{OURS} || {CONTROLLER}", message="endpoints are written by the cluster's controllers"
            )
        ],
    )


def external_secrets() -> Admission:
    """Through a store of the namespace, whose role is checked; a cluster-wide store would be everybody's."""
    own = "(!has({0}.kind) || {0}.kind == 'SecretStore')"
    source = f"!has(d.sourceRef) || !has(d.sourceRef.storeRef) || {own.format('d.sourceRef.storeRef')}"
    return Admission(
        resources={"external-secrets.io": ("externalsecrets", "pushsecrets")},
        validations=[
            Validation(
                expression="request.kind.kind == 'ExternalSecret' && "
                f"(!has(object.spec.secretStoreRef) || {own.format('object.spec.secretStoreRef')}) && "
                f"(!has(object.spec.data) || object.spec.data.all(d, {source})) && "
                f"(!has(object.spec.dataFrom) || object.spec.dataFrom.all(d, {source}))",
                message="an external secret reads through a secret store of its namespace",
            ),
        ],
    )


def namespaces() -> Admission:
    """Boundaries are set by the platform, and by nobody else; the namespace controller ends what is being deleted."""
    return Admission(
        resources={"": ("namespaces",)},
        operations=("CREATE", "UPDATE", "DELETE"),
        boundaries=(),
        validations=[
            Validation(
                expression=f"{OURS} || {CONTROLLER}",
                message="namespaces are made, changed and deleted by the platform's automation",
            )
        ],
    )


def admission_policies(
    registries: Sequence[str], labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Every policy with its binding; what comes after them is judged by them."""
    made: list[pulumi.Resource] = []
    for name, spec in {"estate-namespaces": namespaces(), **admissions(registries)}.items():
        policy = k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
            f"admission-{name}", metadata=object_metadata(name, "", labels), spec=policy_spec(spec), opts=opts
        )
        made += [
            policy,
            k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
                f"admission-{name}",
                metadata=object_metadata(name, "", labels),
                spec=binding_spec(name, spec),
                opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[policy])),
            ),
        ]
    return made


def policy_spec(spec: Admission) -> k8s.admissionregistration.v1.ValidatingAdmissionPolicySpecArgsDict:
    return {
        "failure_policy": "Fail",
        "match_constraints": {
            "resource_rules": [
                {
                    "api_groups": [group],
                    "api_versions": ["*"],
                    "resources": list(resources),
                    "operations": list(spec.operations),
                }
                for group, resources in spec.resources.items()
            ]
        },
        "variables": [{"name": name, "expression": expression} for name, expression in spec.variables.items()],
        "validations": [
            {"expression": one.expression, "message": one.message, "reason": "Forbidden"} for one in spec.validations
        ],
    }


def binding_spec(
    name: str, spec: Admission
) -> k8s.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpecArgsDict:
    bound: k8s.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpecArgsDict = {
        "policy_name": name,
        "validation_actions": ["Deny"],
    }
    if spec.boundaries:
        bound["match_resources"] = {
            "namespace_selector": {
                "match_expressions": [{"key": boundary.LABEL, "operator": "In", "values": list(spec.boundaries)}]
            }
        }
    return bound


def partner_role(labels: Mapping[str, str], opts: pulumi.ResourceOptions) -> k8s.rbac.v1.ClusterRole:
    """What a partner's administrators may do in the namespaces of its tenants: look, read logs, restart a pod.

    No secrets and nothing that could show one (exec, attach, port-forward, debugging containers), no quotas, network policies, stores, routes.
    """
    look = ["get", "list", "watch"]
    rules: list[k8s.rbac.v1.PolicyRuleArgsDict] = [
        {
            "api_groups": [""],
            "resources": ["pods", "services", "events", "resourcequotas", "limitranges"],
            "verbs": look,
        },
        {"api_groups": [""], "resources": ["pods/log"], "verbs": ["get", "list"]},
        {"api_groups": [""], "resources": ["pods"], "verbs": ["delete"]},
        {"api_groups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": look},
        {"api_groups": ["batch"], "resources": ["jobs", "cronjobs"], "verbs": look},
        {"api_groups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": look},
        {"api_groups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": look},
        {"api_groups": ["traefik.io"], "resources": ["ingressroutes"], "verbs": look},
        {"api_groups": ["cert-manager.io"], "resources": ["certificates"], "verbs": look},
    ]
    return k8s.rbac.v1.ClusterRole(
        "partner-role", metadata=object_metadata(PARTNER_ROLE, "", labels), rules=rules, opts=opts
    )


def partner_binding(
    name: str, namespace: str, partner: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> k8s.rbac.v1.RoleBinding:
    """Gives a partner's administrators that role in one namespace."""
    return k8s.rbac.v1.RoleBinding(
        name,
        metadata=object_metadata("partner", namespace, labels),
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": PARTNER_ROLE},
        subjects=[{"api_group": "rbac.authorization.k8s.io", "kind": "Group", "name": boundary.partner_group(partner)}],
        opts=opts,
    )
