"""Tables of every component's inputs, read from the source of the components: nothing here repeats what a docstring says."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "components" / "odoo_estate"
FOLDERS = ("aws", "kubernetes", "odoo")
UNITS: Mapping[str, str] = {
    "arn": "ARN",
    "arns": "ARN",
    "cidr": "IPv4 range",
    "cidrs": "IPv4 range",
    "days": "days",
    "gib": "GiB",
    "hours": "hours",
    "mib": "MiB",
    "mibps": "MiB/s",
    "millicores": "1/1000 CPU",
    "minutes": "minutes",
    "percent": "%",
    "percentage": "%",
    "seconds": "seconds",
    "usd": "USD",
}
"""Units stand in the names: the last word to its unit."""
MEANINGS: Mapping[str, str] = {
    "account": "AWS account id",
    "accounts": "Their account ids",
    "actual_percent": "Alerts when spending has passed so much of the limit",
    "ami_type": "EKS' name of the machine image and its architecture",
    "approver": "Who answers for it",
    "archive_after_days": "Current objects move to archive storage after so long",
    "arguments": "What follows the program's name",
    "backup_retention_days": "How far back point-in-time recovery reaches",
    "backup_window": "When the automated backup is taken, in UTC",
    "band": "The catalog's name for this size",
    "body_mib": "The largest request body",
    "burst": "Requests on top of the rate before any is refused",
    "capacity_type": "Bought on demand, or spare capacity that AWS may take back within two minutes",
    "certificate_issuer": "Who signs the certificate",
    "cidr": "Addresses of the network",
    "clients": "Key to the security group that is let in",
    "cluster_name": "Name of the EKS cluster",
    "cold_after_days": "Recovery points move to cold storage after so long",
    "comment": "What it is for, for whoever finds it in the console",
    "comparison": "How the metric is held against the threshold",
    "completion_window_minutes": "A backup that takes longer is ended",
    "concurrent_requests": "Requests at the same time",
    "control_policies": "Service control policies by unit",
    "cpu_millicores": "What the scheduler sets aside",
    "credentials_version": "Version of that secret; pods and jobs follow it",
    "data_volume_mib": "Scratch space of each pod",
    "database_cidr": "Addresses of the database tier",
    "database_cidrs": "Where the database instances are",
    "database_user": "Login at the pooler",
    "deadline_seconds": "A run that takes longer is ended",
    "default_cpu_millicores": "Request of containers that say none",
    "default_memory_mib": "Request and limit of containers that say none",
    "delete_after_days": "Recovery points are deleted after so long",
    "deletion_protection": "AWS refuses to delete it as long as this holds",
    "deletion_window_days": "Between the wish to delete the key and its end",
    "description": "What it is for, for whoever finds it in the console",
    "desired_nodes": "Nodes at first; the autoscaler goes on from there",
    "dimensions": "Which thing's metric it is",
    "domain": "DNS name of the zone",
    "emails": "Who is told",
    "engine_version": "Version of the engine",
    "environment": "Environment variables",
    "evaluation_periods": "So many periods in a row",
    "expire_after_days": "Current objects are deleted after so long",
    "family": "Parameter group family, which has to be the engine's",
    "flow_log_group": "Log group of the flow logs",
    "flow_log_retention_days": "Flow logs are kept so long",
    "forecast_percent": "Alerts when the month is expected to end above so much of the limit",
    "gid": "Group that the image runs as",
    "grace_seconds": "How long a pod may take to finish before it is killed",
    "home": "Region where what is not regional is made, once",
    "host": "Host name of the instance",
    "hosts": "Host names, the first is the canonical one",
    "id": "Physical name",
    "identifier": "Physical name",
    "image": "Container image, by digest",
    "infrequent_after_days": "Current objects move to cheaper storage after so long",
    "ingress_class": "Whose way in it is",
    "instance_class": "RDS' name of the size",
    "instance_types": "EC2 types, the preferred one first",
    "interface_endpoints": "AWS services that are reached without the internet",
    "iops": "Provisioned operations a second; None where gp3 takes none",
    "key_arn": "The key that encrypts it",
    "labels": "Owner labels for every object",
    "log_group": "CloudWatch log group",
    "log_key_arn": "The key that encrypts its logs",
    "log_retention_days": "Logs are kept so long",
    "log_types": "Control-plane logs that are written",
    "login": "Name of the login",
    "maintenance_window": "When AWS may change and restart it, in UTC",
    "managed_policies": "ARNs of AWS' own policies",
    "managed_policy_arns": "AWS' own policies of its role",
    "master_username": "Login of the instance's owner",
    "max_client_connections": "Clients that may be connected to one process",
    "max_connections": "The most connections",
    "max_cpu_millicores": "The most that a container may ask for",
    "max_days": "The longest that a recovery point may be kept",
    "max_memory_mib": "The most that a container may ask for",
    "max_nodes": "The autoscaler goes no higher",
    "max_pods": "Pods that a node may hold",
    "max_session_seconds": "How long a session of the role lasts at most",
    "max_storage_gib": "Storage grows by itself up to this",
    "maxmemory_policy": "What a full cache throws away first",
    "memory_mib": "What is set aside, and no more",
    "method": "In place, or on a copy that takes over",
    "metric": "CloudWatch metric",
    "min_days": "The shortest that a recovery point may be kept",
    "min_nodes": "The autoscaler goes no lower",
    "minutes": "Promised time of replication",
    "missing_data": "What silence means",
    "mode": "Pooling mode",
    "monitoring_interval_seconds": "Between two values of Enhanced Monitoring",
    "multi_az": "A second zone takes over",
    "name": "Physical name",
    "name_servers": "The delegated zone's name servers",
    "namespace": "Kubernetes namespace, which has to exist",
    "node_role": "Name of the nodes' IAM role",
    "node_role_arn": "The IAM role of the nodes",
    "node_selector": "Labels of the nodes that it runs on",
    "node_type": "ElastiCache's name of the size",
    "noncurrent_days": "Overwritten and deleted objects are kept so long",
    "object_lock_mode": "Whether anybody may shorten the lock",
    "parent_zone_id": "The zone that delegates",
    "password_version": "A changed one makes a new password",
    "path": "What is asked for",
    "performance_insights_days": "Performance Insights are kept so long",
    "period_seconds": "Length of one period",
    "pods": "The most pods",
    "port": "Port of its service; None: it answers nobody",
    "priority_class": "Who makes room for whom",
    "private_cidr": "Addresses of nodes and pods",
    "protect": "The engine refuses to delete it as long as this holds",
    "public_cidr": "Addresses of load balancers and NAT gateways",
    "purpose": "What it holds",
    "query_wait_seconds": "How long a client waits for a connection of the server",
    "region": "AWS region",
    "regions": "It works in each of them",
    "replicas": "How many run",
    "release": "Helm release of the class' Traefik",
    "replicate_to_arn": "Bucket that receives copies; None: no replication",
    "requests_per_second": "The sustained rate",
    "retention_days": "Kept so long",
    "retries": "Failed runs are repeated so often",
    "role": "Name of its IAM role",
    "role_arn": "The IAM role",
    "schedule": "When it runs",
    "secret_name": "Physical name of the secret",
    "selection": "Tags that take a thing in, all of them",
    "service": "Name of the Kubernetes service",
    "service_account": "Kubernetes service account",
    "service_cidr": "Addresses of Kubernetes services",
    "settings": "Values of `odoo.conf`",
    "snapshot_days": "Daily snapshots are kept so long",
    "snapshot_window": "When the snapshot is taken, in UTC",
    "source_arn": "What is copied",
    "source_key_arn": "The key that encrypts the source",
    "spread_zones": "Replicas are spread over the zones",
    "start_window_minutes": "A backup that has not begun by then is given up",
    "statements": "Policy statements as plain data",
    "statistic": "How the values of a period become one",
    "storage_gib": "Storage at first",
    "storage_type": "EBS volume type",
    "subnet_ids": "The subnets",
    "tag": "Cost allocation tag and value that are counted; None: everything",
    "target_cpu_percent": "The autoscaler adds replicas above this",
    "threshold": "The line",
    "throughput_mibps": "Provisioned throughput; None where gp3 takes none",
    "tolerations": "Taints that it stands",
    "topic": "Physical name of the SNS topic",
    "topic_arn": "The topic that alerts go to",
    "trail": "Physical name",
    "ttl_seconds": "How long resolvers remember the answer",
    "uid": "User that the image runs as",
    "units": "The organisational units that it is attached to",
    "validation_hours": "The restored thing is kept so long",
    "vault_arn": "The vault",
    "vault_name": "The vault",
    "version": "Version of what runs",
    "versioning": "Overwritten and deleted objects are kept",
    "volume_gib": "Data volume of a node",
    "vpc_id": "The network",
    "web_service": "Name of the Kubernetes service of the web workers",
    "websocket_service": "Name of the Kubernetes service of the websocket workers",
    "whole_organisation": "Of all accounts; otherwise of this one",
    "window_days": "Recovery points not older than this are restored",
    "workload": "The workload class",
}
"""What inputs and fields mean that say nothing of themselves: the same wherever they appear."""


@dataclass(frozen=True)
class Input:
    """One input of a component, or one field of a plan."""

    name: str
    type: str
    unit: str
    default: str | None
    """None: it has to be given."""
    meaning: str


@dataclass(frozen=True)
class Component:
    """A component with the inputs of its arguments."""

    name: str
    module: str
    meaning: str
    inputs: tuple[Input, ...]


Classes = Mapping[str, ast.ClassDef]


def components() -> Iterator[Component]:
    """Every component that estates are made of, by folder and name."""
    plans = _classes(PACKAGE / "plan.py")
    given = _classes(PACKAGE / "aws" / "references.py")
    for folder in FOLDERS:
        found = []
        for file in sorted((PACKAGE / folder).glob("*.py")):
            classes = _classes(file)
            for name, one in classes.items():
                if any(ast.unparse(base) == "pulumi.ComponentResource" for base in one.bases):
                    known = {**plans, **given, **classes}
                    inputs = tuple(_inputs(classes[f"{name}Args"], known)) if f"{name}Args" in classes else ()
                    found.append(Component(name, f"odoo_estate.{folder}.{file.stem}", _said(one), inputs))
        yield from sorted(found, key=lambda component: component.name)


def plans_of(found: list[Component]) -> Iterator[tuple[str, str, tuple[Input, ...]]]:
    """Name, meaning and fields of every plan that inputs or other plans here are made of."""
    known = _classes(PACKAGE / "plan.py")
    waiting = [one.type for component in found for one in component.inputs]
    seen: set[str] = set()
    while waiting:
        for name in re.findall(r"\w+", waiting.pop()):
            if name in known and name not in seen:
                seen.add(name)
                waiting += [one.type for one in _inputs(known[name], known)]
    for name in sorted(seen):
        yield name, _said(known[name]), tuple(_inputs(known[name], known))


def tables() -> str:
    """The generated part of docs/components.md."""
    found = list(components())
    parts = []
    for folder in FOLDERS:
        parts.append(f"## {folder}")
        for one in found:
            if one.module.split(".")[1] == folder:
                parts.append(
                    f"### {one.name}\n\n`{one.module}.{one.name}`. {one.meaning}\n\n{_table(one.inputs, 'input')}"
                )
    parts.append(
        "## Plans\n\nWhat `odoo_estate.decide` decides, or whoever uses a component alone, as frozen values (`odoo_estate.plan`)."
    )
    parts += [f"### {name}\n\n{meaning}\n\n{_table(fields, 'field')}" for name, meaning, fields in plans_of(found)]
    return "\n" + "\n\n".join(parts) + "\n\n"


def _table(inputs: tuple[Input, ...], what: str) -> str:
    rows = [f"| {what} | type | unit | required | default | meaning |", "|---|---|---|---|---|---|"]
    for one in inputs:
        default = f"`{one.default}`" if one.default else ""
        required = "yes" if one.default is None else "no"
        rows.append(f"| `{one.name}` | {one.type} | {one.unit} | {required} | {default} | {one.meaning} |")
    return "\n".join(rows)


def _classes(file: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _inputs(of: ast.ClassDef, known: Classes) -> Iterator[Input]:
    for base in of.bases:
        if isinstance(base, ast.Name) and base.id in known:
            yield from _inputs(known[base.id], known)
    for position, node in enumerate(of.body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        name, text = node.target.id, ast.unparse(node.annotation).replace("'", "")
        optional = re.fullmatch(r"NotRequired\[(.*)\]", text)
        after = of.body[position + 1] if position + 1 < len(of.body) else None
        own = _text(after.value.value) if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        kind = _type(optional[1] if optional else text)
        yield Input(
            name=name,
            type=kind,
            unit=UNITS.get(name.rpartition("_")[2], ""),
            default="" if optional else _default(node.value),
            meaning=own or _mentioned(of, name) or _of_type(kind, known) or MEANINGS.get(name, ""),
        )


def _default(value: ast.expr | None) -> str | None:
    if value is None:
        return None
    made = re.fullmatch(r"field\(default_factory=(dict|tuple|list)\)", text := ast.unparse(value))
    return {"dict": "{}", "tuple": "()", "list": "[]"}[made[1]] if made else text


def _type(text: str) -> str:
    """An annotation in words."""
    text = text.strip()
    if text.endswith(" | None"):
        return f"{_type(text.removesuffix(' | None'))} or None"
    match = re.fullmatch(r"([\w.]+)\[(.*)\]", text)
    if not match:
        return text.rpartition(".")[2] or text
    kind, inner = match[1].rpartition(".")[2], match[2]
    if kind in ("Input", "Output"):
        return f"{_type(inner)}, may be an output"
    if kind in ("Mapping", "dict"):
        return f"map to {_type(inner.partition(',')[2])}"
    if kind == "Sequence" or (kind == "tuple" and inner.endswith(", ...")):
        return f"list of {_type(inner.removesuffix(', ...'))}"
    if kind == "Literal":
        return " or ".join(f"`{one.strip()}`" for one in inner.split(","))
    return text.replace("|", "or")


def _mentioned(of: ast.ClassDef, name: str) -> str:
    """What a class' docstring says of ``name``: its own clause where a sentence goes through several inputs, else the sentences."""
    said = re.sub(r"^Inputs of (an? )?`\w+`[.:;]?\s*", "", _text(ast.get_docstring(of) or ""))
    found = [one for one in re.split(r"(?<=[.;])\s+", said) if f"`{name}`" in one]
    own = (
        re.search(rf"`{name}`,? (?!and )(?P<clause>[^`]{{12,}}?)(?=, `|,? and `|[;.]$|$)", found[0])
        if len(found) == 1
        else None
    )
    return re.sub(r"^(is|are|says?) ", "", own["clause"].strip()) if own else " ".join(found).rstrip(";")


def _of_type(kind: str, known: Classes) -> str:
    """What a class means that the type names."""
    names = [name for name in re.findall(r"\w+", kind) if name in known]
    return _said(known[names[-1]]).split(". ")[0].rstrip(".") if names else ""


def _said(of: ast.ClassDef) -> str:
    return _text((ast.get_docstring(of) or "").split("\n\n")[0])


def _text(docstring: object) -> str:
    """One line of Markdown."""
    return re.sub(r"\s+", " ", str(docstring)).replace("``", "`").replace("|", "\\|").strip()
