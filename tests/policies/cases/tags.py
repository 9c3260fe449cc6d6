"""Tags."""

from tests.policies.stage import TAGS, TENANT, Cases, case, ref, resource, unknown

from odoo_estate_policies.resource import Resource

GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODES = "aws:eks/nodeGroup:NodeGroup"
KEY = "aws:kms/key:Key"


def _without(*keys: str) -> dict[str, str]:
    return {key: value for key, value in TAGS.items() if key not in keys}


def _key(tags: object = None, stack: str = TENANT) -> Resource:
    return resource(KEY, "data", {} if tags is None else {"tags": tags}, stack=stack)


def _group(*dropped: str, propagated: bool = True) -> Resource:
    tags = [{"key": k, "value": v, "propagateAtLaunch": propagated} for k, v in _without(*dropped).items()]
    return resource(GROUP, "workers", {"maxSize": 2, "minSize": 1, "tags": tags})


def _template(**tags_by_kind: object) -> Resource:
    specified = [{"resourceType": kind, "tags": tags} for kind, tags in tags_by_kind.items()]
    return resource(TEMPLATE, "nodes", {"tags": TAGS, "tagSpecifications": specified})


def _nodes(**more: object) -> Resource:
    inputs = {"tags": TAGS, "instanceTypes": ["m7g.large"], "scalingConfig": {"minSize": 1, "maxSize": 2}}
    return resource(NODES, "pool", {**inputs, **more})


PET = resource("random:index/randomPet:RandomPet", "pet")
CASES = {
    "TAG-01": Cases(
        holds=(
            case(_key(TAGS)),
            case(_key({**TAGS, "owner": ref(PET, "id")})),  # present, whatever its value
            case(resource("aws:s3/bucketVersioning:BucketVersioning", "untaggable", {"bucket": "b"})),
            case(resource("kubernetes:core/v1:ConfigMap", "settings", {"metadata": {}})),
        ),
        breaks=(
            case(_key(), expected="data"),
            case(_key({}), expected="data"),
            case(_key(_without("cost-center")), expected="data"),
            case(_key({**TAGS, "owner": None}), expected="data"),
        ),
        unknown=(case(_key(unknown()), undecided="data"),),
    ),
    "TAG-02": Cases(
        holds=(case(_key(TAGS)), case(_key(_without("environment")))),
        breaks=(
            case(_key({**TAGS, "environment": "prod"}), expected="data"),
            case(_key({**TAGS, "cost-center": "4711 "}), expected="data"),
        ),
        unknown=(case(_key({**TAGS, "cost-center": unknown()}), undecided="data"),),
    ),
    "TAG-03": Cases(
        holds=(
            case(_key(TAGS), stack=TENANT),
            case(_key({**TAGS, "tenant": "shared"}, stack="cell.eu-1"), stack="cell.eu-1"),
        ),
        breaks=(case(_key({**TAGS, "tenant": "neighbour"}), expected="data", stack=TENANT),),
        unknown=(case(_key({**TAGS, "tenant": unknown()}), undecided="data", stack=TENANT),),
    ),
    "TAG-04": Cases(
        holds=(
            case(_group()),
            case(_template(instance=TAGS, volume=TAGS)),
            case(_nodes(launchTemplate={"id": ref(PET, "id"), "version": "1"})),
        ),
        breaks=(
            case(_group(propagated=False), expected="workers"),
            case(_group("owner"), expected="workers"),
            case(_template(instance=TAGS), expected="nodes"),
            case(_template(instance=TAGS, volume=_without("tenant")), expected="nodes"),
            case(_nodes(), expected="pool"),
        ),
        unknown=(case(_template(instance=TAGS, volume=unknown()), undecided="nodes"),),
    ),
}
