"""Programs nobody thought of: whatever a component can build from values, outputs and options, both sides agree on."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumi_random as random
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.preview.protocol import assert_same_graph

Opts = pulumi.ResourceOptions


class Sources:
    """What values are made from."""

    def __init__(self) -> None:
        self.vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
        self.cluster = aws.eks.Cluster("cluster", role_arn="arn", vpc_config={"subnet_ids": [self.vpc.id]})
        self.password = random.RandomPassword("password", length=12)
        self.component = pulumi.ComponentResource("odoo-estate:test:Group", "group")
        self.inner = aws.s3.Bucket("inner", opts=Opts(parent=self.component))
        self.stack = pulumi.StackReference("organization/estate/other")


Build = Callable[[Sources], Any]

KEYS = st.sampled_from(["a", "snake_case", "camelCase", "with space", "1", "app.kubernetes.io/name", "vpc_id"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(max_size=8),
)
PLAIN = SCALARS.map(lambda value: lambda _: value)
TEXTS: st.SearchStrategy[Build] = st.sampled_from(
    [
        lambda _: "text",
        lambda s: s.vpc.id,
        lambda s: s.vpc.arn,
        lambda s: s.vpc.urn,
        lambda s: s.password.result,
        lambda s: s.inner.bucket,
        lambda s: s.cluster.certificate_authority.data,
        lambda s: s.cluster.identities[0].oidcs[0].issuer,
        lambda s: s.stack.require_output("network")["vpc_id"],
        lambda s: s.stack.get_output("missing"),
    ]
)
WHOLE: st.SearchStrategy[Build] = st.sampled_from(
    [lambda s: s.vpc, lambda s: s.component, lambda s: s.inner, lambda _: pulumi.StringAsset("x")]
)


def _joined(parts: list[Build]) -> Build:
    return lambda s: pulumi.Output.concat(*(part(s) for part in parts))


def _formatted(parts: list[Build]) -> Build:
    template = "/".join("{}" for _ in parts)
    return lambda s: pulumi.Output.format(template, *(part(s) for part in parts))


COMPOSED = st.one_of(st.lists(TEXTS, min_size=1, max_size=3).map(_joined), st.lists(TEXTS, max_size=3).map(_formatted))


def _nested(inner: st.SearchStrategy[Build]) -> st.SearchStrategy[Build]:
    lists = st.lists(inner, max_size=3)
    mappings = st.dictionaries(KEYS, inner, max_size=3)
    return st.one_of(
        lists.map(lambda items: lambda s: [item(s) for item in items]),
        mappings.map(lambda items: lambda s: {key: item(s) for key, item in items.items()}),
        lists.map(lambda items: lambda s: pulumi.Output.all(*(item(s) for item in items))),
        mappings.map(lambda items: lambda s: pulumi.Output.from_input({key: item(s) for key, item in items.items()})),
        inner.map(lambda item: lambda s: pulumi.Output.secret(item(s))),
        inner.map(lambda item: lambda s: pulumi.Output.unsecret(pulumi.Output.from_input(item(s)))),
        inner.map(lambda item: lambda s: pulumi.Output.all(item(s), "x")[1]),
        inner.map(lambda item: lambda s: pulumi.Output.all(first=item(s), second="x")["first"]),
    )


NESTED = st.recursive(st.one_of(PLAIN, TEXTS, COMPOSED, WHOLE), _nested, max_leaves=6)
# Only at the top: of an Output.all with an unresolved tuple inside, the SDK does not know any other part either.
TUPLES = st.lists(NESTED, max_size=2).map(lambda items: lambda s: tuple(item(s) for item in items))
VALUES = NESTED | TUPLES
JSON_LEAVES = st.one_of(PLAIN, TEXTS, COMPOSED)
DOCUMENTS = st.recursive(
    JSON_LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: lambda s: [item(s) for item in items]),
        st.dictionaries(KEYS, inner, max_size=3).map(
            lambda items: lambda s: {key: item(s) for key, item in items.items()}
        ),
    ),
    max_leaves=6,
)

FEW = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], database=None
)


@FEW
@given(spec=VALUES, data=TEXTS, document=DOCUMENTS)
def test_any_value_is_recorded_as_the_engine_receives_it(spec: Build, data: Build, document: Build) -> None:
    def program() -> None:
        sources = Sources()
        k8s.apiextensions.CustomResource("x", api_version="a/v1", kind="X", spec={"of": spec(sources)})
        k8s.core.v1.Secret("s", string_data={"x": data(sources)}, metadata={"labels": {"snake_case": data(sources)}})
        aws.iam.Policy("p", policy=pulumi.Output.json_dumps(document(sources), sort_keys=True))
        pulumi.export("json", pulumi.Output.json_dumps(document(sources)))
        pulumi.export("plain", document(sources))

    assert_same_graph(program)


class Group(pulumi.ComponentResource):
    """A component with children of two providers, nested as deep as asked."""

    def __init__(self, name: str, depth: int, options: Callable[[Any, str], Opts], opts: Opts) -> None:
        super().__init__(f"odoo-estate:test:Group{depth}", name, None, opts)
        self.bucket = aws.s3.Bucket(f"{name}-bucket", opts=options(self, "bucket"))
        self.config = k8s.core.v1.ConfigMap(
            f"{name}-config", data={"b": self.bucket.bucket}, opts=options(self, "config")
        )
        self.deeper = Group(f"{name}-{depth}", depth - 1, options, options(self, "group")) if depth else None
        self.register_outputs({"bucket": self.bucket.arn})


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "protect": st.booleans(),
        "retain_on_delete": st.booleans(),
        "delete_before_replace": st.booleans(),
        "ignore_changes": st.lists(st.sampled_from(["tags", "force_destroy", "metadata"]), max_size=2),
        "replace_on_changes": st.just(["bucket_prefix"]),
        "additional_secret_outputs": st.just(["bucket_domain_name"]),
        "version": st.just("7.50.0"),
        "aliases": st.lists(
            st.sampled_from(
                [
                    pulumi.Alias(name="old"),
                    pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE),
                    pulumi.Alias(type_="a:b:C", project="p"),
                    "urn:pulumi:dev::estate::a:b:C::d",
                ]
            ),
            max_size=2,
        ),
        "depends": st.lists(st.sampled_from(["vpc", "first", "aws"]), max_size=2),
        "deleted_with": st.just("vpc"),
        "provider": st.sampled_from(["aws", "other", "cluster"]),
    },
)


@FEW
@given(
    children=st.fixed_dictionaries(dict.fromkeys(("bucket", "config", "group"), OPTIONS)),
    top=OPTIONS,
    depth=st.integers(0, 2),
    as_mapping=st.booleans(),
)
def test_any_options_are_recorded_as_the_engine_receives_them(
    children: dict[str, dict[str, Any]], top: dict[str, Any], depth: int, as_mapping: bool
) -> None:
    packages = {"bucket": {"aws", "other"}, "config": {"cluster"}, "group": {"aws", "other", "cluster"}}

    def program() -> None:
        made: dict[str, Any] = {
            "aws": aws.Provider("aws", region="eu-central-1"),
            "other": aws.Provider("other", region="eu-west-1"),
            "cluster": k8s.Provider("cluster", cluster_identifier="c"),
        }
        made["vpc"] = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=Opts(provider=made["other"]))
        providers = {"aws": made["aws"], "kubernetes": made["cluster"]}

        def options(given: dict[str, Any], allowed: set[str], **more: Any) -> Opts:
            given = dict(given)
            depends = [made[name] for name in given.pop("depends", []) if name in made]
            deleted_with = made[given.pop("deleted_with")] if "deleted_with" in given else None
            provider = given.pop("provider", None)
            chosen = made[provider] if provider in allowed and "providers" not in more else None
            return Opts(depends_on=depends, deleted_with=deleted_with, provider=chosen, **given, **more)

        def of_child(parent: Any, kind: str) -> Opts:
            return options(children[kind], packages[kind], parent=parent)

        first = Group(
            "first",
            depth,
            of_child,
            options(top, set(), providers=providers if as_mapping else list(providers.values())),
        )
        made["first"] = first
        unconflicting = {key: value for key, value in top.items() if key != "provider"}
        second = options(unconflicting, packages["group"])
        Group("second", 0, of_child, Opts.merge(second, Opts(providers=list(providers.values()))))

    assert_same_graph(program)
