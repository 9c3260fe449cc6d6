"""What the package tells a foreign language about itself."""

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from odoo_estate.package import COMPONENTS
from odoo_estate.package.provider import Package

REQUIRED = {
    "Key": {"account", "alias", "description", "region"},
    "Network": {"account", "cidr", "keyArn", "networkName", "region", "zones"},
    "PostgresInstance": {
        *(
            "account",
            "clients",
            "engineVersion",
            "identifier",
            "instanceClass",
            "keyArn",
            "logKeyArn",
            "maxConnections",
        ),
        *("maxStorageGib", "region", "storageGib", "subnetGroup", "vpcId"),
    },
    "Cache": {"cacheId", "clients", "description", "engineVersion", "keyArn", "nodeType", "subnetGroup", "vpcId"},
    "Bucket": {"bucketName", "keyArn", "purpose"},
}
"""Changing a row breaks programs that use the package."""
MAY_BE_OUTPUTS = {"keyArn", "logKeyArn", "vpcId", "subnetGroup"}
NETWORK = {
    "account": "111111111111",
    "region": "eu-central-1",
    "networkName": "shop",
    "cidr": "10.20.0.0/16",
    "keyArn": "arn:key",
    "zones": {
        key: {"availabilityZone": key, "publicCidr": "p", "privateCidr": "q", "databaseCidr": "r"} for key in ("a", "b")
    },
}


@pytest.fixture(scope="module")
def package() -> Package:
    return Package(COMPONENTS)


@pytest.fixture(scope="module")
def schema(package: Package) -> dict[str, Any]:
    assert package.schema is not None
    found: dict[str, Any] = json.loads(package.schema)
    return found


def _refused(package: Package, component: str, inputs: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(pulumi.InputPropertiesError) as raised:
        package.map_inputs(inputs, package._component_defs[component])
    return {error["property_path"]: error["reason"] for error in raised.value.errors or ()}


def test_every_component_names_what_it_needs(schema: dict[str, Any]) -> None:
    found = {token.rsplit(":", 1)[-1]: set(made["requiredInputs"]) for token, made in schema["resources"].items()}
    assert found == REQUIRED


def test_everything_is_described(schema: dict[str, Any]) -> None:
    def described() -> Iterator[tuple[str, str | None]]:
        for token, made in (schema["resources"] | schema["types"]).items():
            yield token, made.get("description")
            for part in ("inputProperties", "properties"):
                for name, declared in (made.get(part) or {}).items():
                    yield f"{token}.{name}", declared.get("description")
            for member in made.get("enum") or ():
                yield f"{token}.{member['name']}", member.get("description")

    assert [name for name, text in described() if not text] == []
    assert [name for name, text in described() if "\n" in (text or "")] == []


def test_an_input_that_may_be_left_out_says_what_happens_then(schema: dict[str, Any]) -> None:
    silent = [
        f"{token}.{name}"
        for token, made in schema["resources"].items()
        for name, declared in made["inputProperties"].items()
        if (name not in made["requiredInputs"]) != (" Default: " in declared["description"])
    ]
    assert silent == []


def test_only_what_names_other_resources_may_be_an_output(schema: dict[str, Any]) -> None:
    for made in schema["resources"].values():
        outputs = {name for name, declared in made["inputProperties"].items() if not declared.get("plain")}
        assert outputs <= MAY_BE_OUTPUTS
        clients = made["inputProperties"].get("clients", {"additionalProperties": {}})
        assert not clients["additionalProperties"].get("plain")


def test_all_that_is_wrong_with_inputs_is_said_at_once(package: Package) -> None:
    assert _refused(
        package, "Bucket", {"bucketName": 7, "purpose": "music", "noncurrentDays": 1.5, "protected": True}
    ) == {
        "bucketName": "is 7; allowed: a string",
        "purpose": "is 'music'; allowed: attachments, documents, exports, backups, logs",
        "noncurrentDays": "is 1.5; allowed: a whole number",
        "protected": "is no input of Bucket; allowed: bucketName, purpose, keyArn, noncurrentDays, infrequentAfterDays, "
        "archiveAfterDays, expireAfterDays, objectLockDays, objectLockMode, protect",
        "keyArn": "is missing; Bucket needs it",
    }


def test_problems_inside_a_map_are_located(package: Package) -> None:
    zones = {"a": {**NETWORK["zones"]["a"], "publicCidr": None}, "b": {**NETWORK["zones"]["b"], "az": "b"}}  # type: ignore[index]
    assert _refused(package, "Network", {**NETWORK, "zones": zones, "interfaceEndpoints": ["sts", 1]}) == {
        "zones.a.publicCidr": "is missing; NetworkZone needs it",
        "zones.b.az": "is no input of NetworkZone; allowed: availabilityZone, publicCidr, privateCidr, databaseCidr",
        "interfaceEndpoints[1]": "is 1; allowed: a string",
    }


def test_whole_numbers_are_whole_again(package: Package) -> None:
    # The engine's wire format knows only floating point numbers.
    mapped = package.map_inputs({**NETWORK, "flowLogRetentionDays": 90.0}, package._component_defs["Network"])
    assert (mapped["flow_log_retention_days"], type(mapped["flow_log_retention_days"])) == (90, int)
