"""The rehearsed cluster by itself, without engine or processes."""

import json

import pytest
from sandbox.provider.cloud import Cloud, Draft
from sandbox.provider.kubernetes.stage import Kubernetes
from sandbox.provider.refusal import Refused
from sandbox.provider.server import Autoname
from sandbox.provider.wire import Secret

SERVER = "https://0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com"
NAMESPACE = "kubernetes:core/v1:Namespace"


def kubeconfig(server=SERVER):
    return json.dumps(
        {
            "current-context": "here",
            "clusters": [{"name": "cell", "cluster": {"server": server}}],
            "contexts": [{"name": "here", "context": {"cluster": "cell"}}],
        }
    )


@pytest.fixture
def stage(tmp_path):
    cloud = Cloud(tmp_path)
    with cloud.change():
        cluster = Draft("444455556666/eu-central-1", "aws:eks/cluster:Cluster", "cell", {"endpoint": SERVER}, [SERVER])
        cloud.add(cluster, "urn:cell", "seed", {})
    made = Kubernetes(cloud)
    made.configure({"kubeconfig": kubeconfig()})
    return made


def urn(token, name):
    return f"urn:pulumi:dev::tiny::{token}::{name}"


def create(stage, token, name, **inputs):
    checked, failures = stage.check(urn(token, name), token, {}, inputs, Autoname(None, name))
    assert not failures
    return (*stage.create(urn(token, name), token, checked, preview=False), checked)


def space(stage, name="tenant"):
    return create(stage, NAMESPACE, name, apiVersion="v1", kind="Namespace", metadata={"name": name})


def replaced(stage, token, old, new):
    made = create(stage, token, "thing", **old)
    checked, _ = stage.check(urn(token, "thing"), token, made[2], new, Autoname(None, "thing"))
    return stage.diff(urn(token, "thing"), token, made[0], made[2], made[1], checked)


def test_a_namespace_takes_with_it_what_is_in_it(stage):
    made = space(stage)
    settings = create(
        stage, "kubernetes:core/v1:ConfigMap", "settings", kind="ConfigMap", metadata={"namespace": "tenant"}, data={}
    )
    stage.delete(urn(NAMESPACE, "tenant"), NAMESPACE, made[0], made[1])
    assert stage.locate("kubernetes:core/v1:ConfigMap", settings[0], {}) is None


def test_a_name_exists_once_in_its_namespace(stage):
    space(stage)
    token = "kubernetes:apps/v1:Deployment"
    inputs = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "odoo", "namespace": "tenant"}}
    create(stage, token, "one", **inputs, spec={})
    with pytest.raises(Refused, match=r'deployments.apps "odoo" already exists'):
        create(stage, token, "two", **inputs, spec={})
    create(stage, token, "elsewhere", **{**inputs, "metadata": {"name": "odoo"}}, spec={})


@pytest.mark.parametrize(
    ("kind", "old", "new", "replaces"),
    [
        ("Deployment", {"selector": {"matchLabels": {"a": "b"}}}, {"selector": {"matchLabels": {"a": "c"}}}, True),
        ("Deployment", {"replicas": 1}, {"replicas": 2}, False),
        ("Job", {"template": {"spec": {"image": "a"}}}, {"template": {"spec": {"image": "b"}}}, True),
        ("Job", {"backoffLimit": 1}, {"backoffLimit": 2}, False),
        ("StatefulSet", {"serviceName": "a"}, {"serviceName": "b"}, True),
        ("PersistentVolumeClaim", {"storageClassName": "a"}, {"storageClassName": "b"}, True),
        ("ResourceQuota", {"scopes": ["Terminating"]}, {"scopes": ["NotTerminating"]}, True),
    ],
)
def test_objects_are_replaced_where_the_api_server_forbids_the_change(stage, kind, old, new, replaces):
    base = {"kind": kind, "metadata": {"name": "x"}}
    found = replaced(stage, f"kubernetes:x/v1:{kind}", {**base, "spec": old}, {**base, "spec": new})
    assert found.changed
    assert bool(found.replacing) is replaces
    assert found.delete_first is replaces, "the name was given by hand"


def test_an_auto_named_settings_object_is_replaced_before_the_old_one_goes(stage):
    found = replaced(
        stage,
        "kubernetes:core/v1:ConfigMap",
        {"kind": "ConfigMap", "data": {"a": "1"}},
        {"kind": "ConfigMap", "data": {"a": "2"}},
    )
    assert found.replacing and not found.delete_first


def test_a_secrets_data_is_secret_whether_or_not_the_program_says_so(stage):
    _, outputs, checked = create(
        stage,
        "kubernetes:core/v1:Secret",
        "s",
        kind="Secret",
        metadata={"name": "s"},
        stringData={"password": "hunter2"},
    )
    assert isinstance(outputs["stringData"], Secret) and isinstance(checked["stringData"], Secret)


def test_a_changed_kubeconfig_replaces_nothing_when_the_cluster_has_an_identifier(stage):
    moved = kubeconfig("https://elsewhere.example")
    assert stage.config_difference({"kubeconfig": kubeconfig()}, {"kubeconfig": moved}) == {"kubeconfig"}
    same = {"clusterIdentifier": "cell"}
    assert stage.config_difference({"kubeconfig": kubeconfig(), **same}, {"kubeconfig": moved, **same}) == set()


def test_a_cluster_that_is_gone_cannot_be_talked_to(stage):
    stage.configure({"kubeconfig": kubeconfig("https://gone.example")})
    with pytest.raises(Refused, match=r"unreachable: no cluster answers at https://gone\.example"):
        space(stage)
    with pytest.raises(Refused, match="unreachable"):
        stage.delete(urn(NAMESPACE, "x"), NAMESPACE, "x", {})


def test_a_load_balancer_service_gets_a_host_name(stage):
    _, outputs, _ = create(
        stage,
        "kubernetes:core/v1:Service",
        "in",
        kind="Service",
        metadata={"name": "in"},
        spec={"type": "LoadBalancer"},
    )
    assert outputs["status"]["loadBalancer"]["ingress"][0]["hostname"].endswith(".elb.eu-central-1.amazonaws.com")
    assert outputs["spec"]["clusterIP"].startswith("172.20.")
