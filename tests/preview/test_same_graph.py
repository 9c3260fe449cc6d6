"""The recorded graph is what the engine would receive, for each kind of thing a component may do."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumi_random as random
import pytest
from tests.preview.protocol import assert_same_graph

from odoo_estate.preview.graph import Secret, is_unresolved
from odoo_estate.resolved import passthrough

Opts = pulumi.ResourceOptions


def _aws() -> aws.Provider:
    return aws.Provider(
        "aws",
        region="eu-central-1",
        allowed_account_ids=["123456789012"],
        default_tags={"tags": {"managed-by": "odoo-estate"}},
        assume_roles=[{"role_arn": "arn:aws:iam::123456789012:role/deploy"}],
    )


def _network() -> None:
    opts = Opts(provider=_aws())
    vpc = aws.ec2.Vpc("cell", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, tags={"Name": "cell"}, opts=opts)
    gateway = aws.ec2.InternetGateway("cell", vpc_id=vpc.id, opts=opts)
    table = aws.ec2.RouteTable(
        "public",
        vpc_id=vpc.id,
        routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}],
        opts=opts,
    )
    for zone in ("a", "b"):
        subnet = aws.ec2.Subnet(
            f"public-{zone}",
            vpc_id=vpc.id,
            cidr_block=f"10.0.{ord(zone)}.0/24",
            availability_zone=f"eu-central-1{zone}",
            map_public_ip_on_launch=False,
            opts=opts,
        )
        aws.ec2.RouteTableAssociation(f"public-{zone}", subnet_id=subnet.id, route_table_id=table.id, opts=opts)
    group = aws.ec2.SecurityGroup(
        "database",
        vpc_id=vpc.id,
        ingress=[
            aws.ec2.SecurityGroupIngressArgs(
                protocol="tcp", from_port=5432, to_port=5432, cidr_blocks=[vpc.cidr_block], self=False
            )
        ],
        egress=[],
        opts=opts,
    )
    pulumi.export("network", {"vpc_id": vpc.id, "groups": [group.id], "region": "eu-central-1", "none": None})


def _eks() -> None:
    opts = Opts(provider=_aws())
    role = aws.iam.Role(
        "cluster",
        assume_role_policy=pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole"]}]}
        ),
        opts=opts,
    )
    key = aws.kms.Key("cluster", enable_key_rotation=True, opts=opts)
    cluster = aws.eks.Cluster(
        "cell",
        role_arn=role.arn,
        version="1.34",
        enabled_cluster_log_types=["api", "audit"],
        vpc_config=aws.eks.ClusterVpcConfigArgs(
            subnet_ids=["subnet-1", "subnet-2"], endpoint_private_access=True, public_access_cidrs=["192.0.2.0/24"]
        ),
        encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
        opts=opts,
    )
    aws.eks.NodeGroup(
        "web",
        cluster_name=cluster.name,
        node_role_arn=role.arn,
        subnet_ids=["subnet-1"],
        scaling_config={"desired_size": 2, "min_size": 2, "max_size": 6},
        taints=[{"key": "class", "value": "web", "effect": "NO_SCHEDULE"}],
        labels={"some_label": "kept_as_is"},
        opts=Opts.merge(opts, Opts(ignore_changes=["scaling_config.desired_size", "scaling_config"])),
    )
    aws.eks.PodIdentityAssociation(
        "operator",
        cluster_name=cluster.name,
        namespace="secrets",
        service_account="operator",
        role_arn=role.arn,
        opts=opts,
    )
    pulumi.export("ca", cluster.certificate_authority.data)
    pulumi.export("issuer", cluster.identities[0].oidcs[0].issuer)
    pulumi.export("map", cluster.certificate_authority["data"])


def _database() -> None:
    opts = Opts(provider=_aws())
    password = random.RandomPassword("orders", length=32, special=False)
    secret = aws.secretsmanager.Secret("orders", recovery_window_in_days=7, opts=opts)
    instance = aws.rds.Instance(
        "orders",
        engine="postgres",
        instance_class="db.m7g.large",
        allocated_storage=100,
        password=password.result,
        username="odoo",
        deletion_protection=True,
        final_snapshot_identifier="orders-final",
        opts=Opts.merge(
            opts,
            Opts(
                protect=True,
                retain_on_delete=True,
                custom_timeouts=pulumi.CustomTimeouts(create="2h", delete="1h"),
                delete_before_replace=False,
                additional_secret_outputs=["address"],
            ),
        ),
    )
    aws.secretsmanager.SecretVersion(
        "orders",
        secret_id=secret.id,
        secret_string=pulumi.Output.json_dumps({"host": instance.address, "password": password.result}),
        opts=Opts.merge(opts, Opts(deleted_with=secret, replace_on_changes=["secret_string"])),
    )
    pulumi.export("dsn", pulumi.Output.format("postgres://{}:{port}/odoo", instance.address, port=instance.port))
    pulumi.export("password", password.result)
    pulumi.export("known", pulumi.Output.secret("s3cret"))
    pulumi.export("open", pulumi.Output.unsecret(password.result))


def _policy_documents() -> None:
    opts = Opts(provider=_aws())
    bucket = aws.s3.Bucket("files", opts=opts)
    aws.s3.BucketPolicy(
        "files",
        bucket=bucket.id,
        policy=pulumi.Output.json_dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Deny", "Resource": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")], "n": 3}
                ],
            },
            sort_keys=True,
        ),
        opts=opts,
    )
    aws.iam.Policy("as-mapping", policy={"Statement": [{"Resource": bucket.arn}]}, opts=opts)
    aws.s3.BucketLifecycleConfiguration(
        "files",
        bucket=bucket.bucket,
        rules=[
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="expire",
                status="Enabled",
                expiration={"days": 30},
                noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=7
                ),
            )
        ],
        opts=opts,
    )
    loaded = pulumi.Output.json_loads(pulumi.Output.json_dumps({"a": {"b": bucket.arn}}))
    pulumi.export("loaded", loaded["a"]["b"])
    pulumi.export("whole", pulumi.Output.all(arn=bucket.arn, name="x"))
    pulumi.export("part", pulumi.Output.all(bucket.arn, "x")[1])
    pulumi.export("known", pulumi.Output.from_input({"a": ["b"]}).apply(lambda value: value["a"][0].upper()))


def _kubernetes() -> None:
    provider = k8s.Provider("cell", kubeconfig="{}", cluster_identifier="cell-1", enable_server_side_apply=True)
    opts = Opts(provider=provider)
    namespace = k8s.core.v1.Namespace(
        "tenant",
        metadata=k8s.meta.v1.ObjectMetaArgs(name="t-medsupply", labels={"pod-security.kubernetes.io/enforce": "x"}),
        opts=opts,
    )
    labels = {"app_kubernetes_io": "odoo", "odoo-estate/tenant": namespace.metadata.name}
    config = k8s.core.v1.Secret(
        "odoo", metadata={"namespace": namespace.metadata["name"]}, string_data={"odoo.conf": "x"}, opts=opts
    )
    deployment = k8s.apps.v1.Deployment(
        "web",
        metadata={"namespace": namespace.metadata.name, "labels": labels},
        spec=k8s.apps.v1.DeploymentSpecArgs(
            replicas=2,
            selector={"match_labels": {"app_x": "odoo"}},
            template={
                "metadata": {"labels": labels, "annotations": {"checksum_conf": config.id}},
                "spec": {
                    "service_account_name": "odoo",
                    "security_context": {"run_as_non_root": True, "fs_group": 1000},
                    "containers": [
                        {
                            "name": "odoo",
                            "image": "registry.example/odoo@sha256:0",
                            "ports": [{"container_port": 8069, "name": "http"}],
                            "resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}},
                            "env": [
                                {"name": "A", "value": "b"},
                                {"name": "S", "value_from": {"secret_key_ref": {"name": config.id, "key": "k"}}},
                            ],
                            "readiness_probe": k8s.core.v1.ProbeArgs(
                                http_get=k8s.core.v1.HTTPGetActionArgs(path="/web/health", port="http"),
                                initial_delay_seconds=5,
                            ),
                        },
                        k8s.core.v1.ContainerArgs(name="sidecar", args=["-x", 'y"z'], volume_mounts=[]),
                    ],
                },
            },
        ),
        opts=Opts.merge(opts, Opts(depends_on=[namespace])),
    )
    k8s.networking.v1.NetworkPolicy(
        "deny",
        metadata={"namespace": namespace.metadata.name},
        spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
        opts=opts,
    )
    k8s.apiextensions.CustomResource(
        "route",
        api_version="traefik.io/v1alpha1",
        kind="IngressRoute",
        metadata={"namespace": namespace.metadata.name, "owner_references": []},
        spec={
            "entryPoints": ["websecure"],
            "snake_case": {"kept_too": deployment.metadata.name},
            "routes": [{"kind": "Rule", "services": [{"name": deployment.metadata.name, "port": 8069}]}],
        },
        opts=opts,
    )
    k8s.autoscaling.v2.HorizontalPodAutoscaler(
        "web",
        spec={
            "min_replicas": 2,
            "max_replicas": 6,
            "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": deployment.metadata.name},
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "average_utilization": 70}},
                }
            ],
        },
        opts=opts,
    )


class Store(pulumi.ComponentResource):
    def __init__(self, name: str, opts: Opts | None = None) -> None:
        super().__init__("odoo-estate:aws:Store", name, None, opts)
        child = Opts(parent=self)
        self.bucket = aws.s3.Bucket(f"{name}-files", opts=child)
        self.key = aws.kms.Key(f"{name}-key", opts=child)
        aws.kms.Alias(f"{name}-key", target_key_id=self.key.key_id, opts=Opts(parent=self.key))
        self.register_outputs({"bucket_name": self.bucket.bucket, "nothing": None, "count": 3})


class Tenant(pulumi.ComponentResource):
    def __init__(self, name: str, opts: Opts | None = None) -> None:
        super().__init__("odoo-estate:odoo:Tenant", name, {"label": "x"}, opts)
        self.store = Store(f"{name}-store", opts=Opts(parent=self))
        self.backup = Store(f"{name}-backup", opts=Opts(parent=self, depends_on=[self.store], protect=False))
        k8s.core.v1.ConfigMap(f"{name}-conf", data={"bucket": self.store.bucket.bucket}, opts=Opts(parent=self))
        self.register_outputs({"store": self.store.bucket.arn})


class Cell(pulumi.ComponentResource):
    def __init__(self, name: str, opts: Opts | None = None) -> None:
        super().__init__("odoo-estate:compose:Cell", name, None, opts)
        self.first = Tenant(f"{name}-first", opts=Opts(parent=self))
        self.second = Tenant(f"{name}-second", opts=Opts(parent=self, depends_on=[self.first]))
        self.register_outputs({})


def _components() -> None:
    primary = _aws()
    other = aws.Provider("other-region", region="eu-west-1")
    cluster = k8s.Provider("cluster", kubeconfig=pulumi.Output.secret("kubeconfig"))
    cell = Cell("cell", opts=Opts(providers=[primary, cluster], protect=True))
    Tenant("alone", opts=Opts(providers={"aws": other, "kubernetes": cluster}, aliases=[pulumi.Alias(name="old")]))
    Store("single", opts=Opts(provider=other, depends_on=cell))
    aws.s3.Bucket("after", opts=Opts(provider=primary, depends_on=[cell.first, cluster], version="7.50.0"))
    pulumi.export("store", cell.first.store.bucket.arn)


def _adoption() -> None:
    opts = Opts(provider=_aws())
    vpc = aws.ec2.Vpc.get("given", "vpc-12345678", opts=opts)
    aws.ec2.Subnet("new", vpc_id=vpc.id, cidr_block="10.1.0.0/24", opts=opts)
    aws.s3.Bucket(
        "adopted",
        bucket="existing",
        opts=Opts.merge(
            opts,
            Opts(
                import_="existing",
                aliases=[
                    "urn:pulumi:dev::estate::aws:s3/bucket:Bucket::former",
                    pulumi.Alias(name="former", parent=pulumi.ROOT_STACK_RESOURCE),
                    pulumi.Alias(type_="aws:s3/bucketV2:BucketV2", stack="old", project="older"),
                    pulumi.Alias(parent=vpc),
                    pulumi.Alias(parent="urn:pulumi:dev::estate::a:b:C::d"),
                ],
                hide_diffs=["tags"],
                replacement_trigger=vpc.arn,
                replace_with=[vpc],
            ),
        ),
    )


@passthrough
def _version_checked(contract: Any) -> Any:
    if contract["version"] < 2:
        raise ValueError("the contract is too old")
    return contract


def _stack_references() -> None:
    cell = pulumi.StackReference("organization/estate/cell.eu-1")
    contract = cell.require_output("contract").apply(_version_checked)
    aws.ec2.Subnet("new", vpc_id=contract["network"]["vpc_id"], cidr_block="10.1.0.0/24", opts=Opts(provider=_aws()))
    platform = pulumi.StackReference("platform", stack_name="organization/estate/platform.eu-1")
    pulumi.export("ingress", platform.get_output("ingress"))
    pulumi.export("outputs", platform.outputs["x"])


def _whole_resources_and_files() -> None:
    opts = Opts(provider=_aws())
    vpc = aws.ec2.Vpc("cell", cidr_block="10.0.0.0/16", opts=opts)
    store = Store("s", opts=Opts(provider=opts.provider))
    k8s.apiextensions.CustomResource(
        "x", api_version="a/v1", kind="X", spec={"vpc": vpc, "store": store, "urn": vpc.urn}
    )
    aws.s3.BucketObjectv2("text", bucket="b", source=pulumi.StringAsset("hello"), opts=opts)
    aws.lambda_.Function(
        "code",
        role="arn",
        code=pulumi.AssetArchive({"index.py": pulumi.StringAsset("pass"), "lib": pulumi.FileArchive("./lib")}),
        architectures=["arm64"],
        runtime=aws.lambda_.Runtime.PYTHON3D12,
        opts=opts,
    )


def _configuration() -> None:
    settings = pulumi.Config("estate")
    aws.ssm.Parameter("p", type="SecureString", value=settings.require_secret("token"), name=settings.require("name"))
    pulumi.export("stack", f"{pulumi.get_project()}/{pulumi.get_stack()}/{pulumi.get_organization()}")


def _outputs_as_options() -> None:
    provider = _aws()
    opts = Opts(provider=provider)
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)
    listed = pulumi.Output.from_input([vpc, provider])
    aws.ec2.Vpc("after-a-list", cidr_block="10.1.0.0/16", opts=Opts.merge(opts, Opts(depends_on=listed)))
    one = [pulumi.Output.from_input(vpc)]
    aws.ec2.Vpc("after-one", cidr_block="10.2.0.0/16", opts=Opts.merge(opts, Opts(depends_on=one)))
    name = vpc.urn.apply(lambda urn: urn.rpartition("::")[2])
    aws.ec2.SecurityGroup("named-after", description=name, vpc_id=vpc.id, opts=opts)
    aws.ec2.SecurityGroup("aliased", vpc_id=vpc.id, opts=Opts.merge(opts, Opts(aliases=[pulumi.Alias(parent=vpc.urn)])))


def _arguments_inside_outputs() -> None:
    opts = Opts(provider=_aws())
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)
    rule = aws.ec2.SecurityGroupIngressArgs(protocol="tcp", from_port=1, to_port=2, cidr_blocks=["10.0.0.0/8"])
    other = aws.ec2.SecurityGroupIngressArgs(protocol="tcp", from_port=1, to_port=2, security_groups=[vpc.id])
    aws.ec2.SecurityGroup("known", ingress=pulumi.Output.from_input([rule]), opts=opts)
    aws.ec2.SecurityGroup("unknown", ingress=pulumi.Output.secret([rule, other]), opts=opts)
    aws.ec2.SecurityGroup("joined", ingress=[pulumi.Output.from_input(rule), {"from_port": 3, "self": True}], opts=opts)
    known = pulumi.Output.all(3, {"a": 4}).apply(lambda both: both[0] + both[1]["a"])
    aws.sqs.Queue("counted", delay_seconds=known, kms_master_key_id=pulumi.Output.secret(vpc.arn), opts=opts)
    nested = pulumi.Output.from_input("x").apply(lambda text: pulumi.Output.concat(text, vpc.arn))
    aws.sqs.Queue("nested", name=nested, opts=opts)


def _old_transformations() -> None:
    def retagged(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != "aws:s3/bucket:Bucket":
            return None
        return pulumi.ResourceTransformationResult(
            {**args.props, "tags": {"renamed": "yes"}}, Opts.merge(args.opts, Opts(protect=True))
        )

    Store("store", opts=Opts(provider=_aws(), transformations=[retagged]))
    pulumi.runtime.register_stack_transformation(retagged)
    aws.s3.Bucket("top", force_destroy=False)


PROGRAMS: list[Callable[[], None]] = [
    _network,
    _eks,
    _database,
    _policy_documents,
    _kubernetes,
    _components,
    _adoption,
    _stack_references,
    _whole_resources_and_files,
    _outputs_as_options,
    _arguments_inside_outputs,
    _old_transformations,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__.strip("_"))
def test_the_recorded_graph_is_what_the_engine_receives(program: Callable[[], None]) -> None:
    assert len(assert_same_graph(program)) > 1


def test_configuration_reaches_the_program_and_its_secrets_stay_secret() -> None:
    config = {"estate:token": "t0ken", "estate:name": "n"}
    graph = assert_same_graph(_configuration, config=config, secret_keys=["estate:token"])
    (parameter,) = graph.of_type("aws:ssm/parameter:Parameter")
    assert parameter.inputs["value"] == Secret("t0ken")
    assert "t0ken" not in json.dumps(graph.as_json())


def test_a_generated_password_is_secret_wherever_it_goes() -> None:
    graph = assert_same_graph(_database)
    (version,) = graph.of_type("aws:secretsmanager/secretVersion:SecretVersion")
    assert isinstance(version.inputs["secretString"], Secret)
    assert is_unresolved(version.inputs["secretString"])
    assert json.dumps(version.inputs["secretString"]) == '"[secret]"'


def test_a_reference_reads_as_the_property_it_stands_for() -> None:
    graph = assert_same_graph(_eks)
    cluster = graph.of_type("aws:eks/cluster:Cluster")[0]
    assert graph.outputs["ca"] == f"${{{cluster.urn}.certificateAuthority.data}}"
    assert graph.outputs["issuer"] == f"${{{cluster.urn}.identities[0].oidcs[0].issuer}}"
