"""The real engine, running the same program against the sandbox's providers, makes of it what the preview shows.

The protocol comparison covers what the SDK sends; this covers what the engine adds: urns, inherited options,
transforms, and the provider's default tags.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumi_random as random
import pytest

from odoo_estate.preview.checked import checked
from odoo_estate.preview.graph import Graph, Node, is_secret, is_unresolved
from odoo_estate.preview.recorder import record
from sandbox import environment as sandbox_environment

ROOT = Path(__file__).resolve().parents[2]
MASKED = "[secret]"
INTERNAL = {"__internal", "version", "__defaults"}

Opts = pulumi.ResourceOptions


class Store(pulumi.ComponentResource):
    def __init__(self, name: str, opts: Opts | None = None) -> None:
        super().__init__("odoo-estate:aws:Store", name, None, opts)
        self.key = aws.kms.Key(f"{name}-key", enable_key_rotation=True, opts=Opts(parent=self))
        self.bucket = aws.s3.Bucket(f"{name}-files", tags={"data-class": "files"}, opts=Opts(parent=self))
        aws.kms.Alias(f"{name}-key", target_key_id=self.key.key_id, opts=Opts(parent=self.key))
        self.register_outputs({"bucket": self.bucket.bucket})


class Tenant(pulumi.ComponentResource):
    def __init__(self, name: str, opts: Opts | None = None) -> None:
        super().__init__("odoo-estate:odoo:Tenant", name, None, opts)
        self.store = Store(f"{name}-store", opts=Opts(parent=self, retain_on_delete=True, protect=True))
        password = random.RandomPassword(f"{name}-password", length=24, opts=Opts(parent=self))
        secret = aws.secretsmanager.Secret(f"{name}-password", opts=Opts(parent=self))
        aws.secretsmanager.SecretVersion(
            f"{name}-password",
            secret_id=secret.id,
            secret_string=pulumi.Output.json_dumps({"password": password.result}),
            opts=Opts(parent=self, deleted_with=secret),
        )
        namespace = k8s.core.v1.Namespace(name, metadata={"name": name}, opts=Opts(parent=self))
        k8s.core.v1.ConfigMap(
            f"{name}-conf",
            metadata={"namespace": namespace.metadata.name},
            data={"bucket": self.store.bucket.bucket},
            opts=Opts(parent=self, depends_on=[self.store]),
        )
        self.register_outputs({})


def retagged(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if args.type_ != "aws:s3/bucket:Bucket":
        return None
    props = {**args.props, "tags": {**args.props["tags"], "owner": args.name}}
    return pulumi.ResourceTransformResult(props, Opts.merge(args.opts, Opts(ignore_changes=["bucketPrefix"])))


KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "cell",
    "clusters": [{"name": "cell", "cluster": {"server": "https://cell.example"}}],
    "contexts": [{"name": "cell", "context": {"cluster": "cell", "user": "cell"}}],
    "users": [{"name": "cell", "user": {"token": "t0ken"}}],
}


def program() -> None:
    """Runs in the engine's own process as well."""
    providers = [
        aws.Provider("aws", region="eu-central-1", default_tags={"tags": {"managed-by": "odoo-estate"}}),
        k8s.Provider("cell", kubeconfig=pulumi.Output.secret(json.dumps(KUBECONFIG)), cluster_identifier="cell-1"),
        random.Provider("random"),
    ]
    Tenant("medsupply", opts=Opts(providers=providers, transforms=[retagged]))
    Store("shared", opts=Opts(provider=providers[0], aliases=[pulumi.Alias(name="common")]))


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What `pulumi preview` plans, by urn."""
    folder = tmp_path_factory.mktemp("estate")
    (folder / "Pulumi.yaml").write_text("name: estate\nruntime: python\n", encoding="utf-8")
    (folder / "__main__.py").write_text(
        "from tests.preview.test_engine_agrees import program\n\nprogram()\n", encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODOO_ESTATE_SANDBOX", str(folder / "sandbox"))
        variables = sandbox_environment.environment(folder)
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(ROOT), str(ROOT / "components")])

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=folder,
            env={**inherited, **variables, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("stack", "init", "dev")
    planned = json.loads(run("preview", "--json"))["steps"]
    return {step["urn"]: step["newState"] for step in planned}


@pytest.fixture(scope="module")
def graph() -> Graph:
    """The offline preview of the same program."""
    return checked(record(program, project="estate", stack="dev"))


@pytest.mark.engine
def test_the_engine_plans_the_previewed_resources(steps: dict[str, Any], graph: Graph) -> None:
    assert steps.keys() == graph.by_urn.keys()


@pytest.mark.engine
def test_the_engine_plans_each_resource_as_previewed(steps: dict[str, Any], graph: Graph) -> None:
    differences = [line for node in graph for line in _differences(node, steps[node.urn])]
    assert not differences, "\n".join(differences)


def _differences(node: Node, state: dict[str, Any]) -> list[str]:
    needed = {key: set(urns) for key, urns in state.get("propertyDependencies", {}).items() if urns}
    pairs = {
        "type": (node.type, state["type"]),
        "custom": (node.custom, state["custom"]),
        "parent": (node.parent, state.get("parent")),
        "provider": (node.provider, state.get("provider", "").rpartition("::")[0] or None),
        "protect": (node.protect, state.get("protect", False)),
        "retain": (bool(node.options.retain_on_delete), state.get("retainOnDelete", False)),
        "deleted with": (node.options.deleted_with, state.get("deletedWith", "")),
        "ignored": (list(node.options.ignore_changes), state.get("ignoreChanges", [])),
        "dependencies": (set(node.dependencies), set(state.get("dependencies", []))),
        "property dependencies": ({k: set(v) for k, v in node.property_dependencies.items()}, needed),
    }
    found = [f"{node.urn} {name}: {ours} != {theirs}" for name, (ours, theirs) in pairs.items() if ours != theirs]
    theirs = {key: value for key, value in state.get("inputs", {}).items() if key not in INTERNAL}
    for key in node.inputs.keys() | (theirs.keys() if not node.custom else set()):
        found += _values(f"{node.urn}.{key}", node.inputs.get(key), theirs.get(key))
    return found


def _values(where: str, ours: Any, theirs: Any) -> list[str]:
    if is_secret(ours):
        return [] if theirs == MASKED else [f"{where}: secret, but the engine shows {theirs!r}"]
    if is_unresolved(ours):
        return [] if theirs is not None else [f"{where}: {ours!r}, but the engine has nothing"]
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [line for key in ours for line in _values(f"{where}.{key}", ours[key], theirs.get(key))]
    return [] if ours == theirs else [f"{where}: {ours!r} != {theirs!r}"]
