"""Property values as the engine sends them: protobuf structs whose secrets and unknowns are marked by agreed strings.

The marks are part of Pulumi's provider protocol (sdk/go/common/resource/plugin/rpc.go and sig.go).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2  # type: ignore[import-untyped]

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_TEXTS: Final = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)

Properties = dict[str, Any]


class Unknown:
    """A value that is only known once something else exists; there is one of it."""

    _only: Unknown | None = None

    def __new__(cls) -> Unknown:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value the engine must encrypt in its state and mask in its output."""

    value: Any

    def __repr__(self) -> str:
        return "Secret([…])"


def _marked(value: Properties) -> Any:
    kind = value.get(SIGNATURE)
    if kind == SECRET:
        return Secret(value.get("value"))
    if kind == OUTPUT:
        inner = value.get("value", UNKNOWN)
        return Secret(inner) if value.get("secret") else inner
    if kind == RESOURCE:
        return value.get("id") or value.get("urn")
    return value  # assets and archives stay as they are


def _decode(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in UNKNOWN_TEXTS else text
    if kind == "struct_value":
        return _marked({k: _decode(v) for k, v in value.struct_value.fields.items()})
    if kind == "list_value":
        return [_decode(v) for v in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    return None


def decode(properties: struct_pb2.Struct) -> Properties:
    """The properties of a request as plain values, `Secret` and `UNKNOWN`."""
    return {k: _decode(v) for k, v in properties.fields.items()}


def _fill(slot: struct_pb2.Value, value: Any) -> None:
    if isinstance(value, Secret):
        value = {SIGNATURE: SECRET, "value": value.value}
    if value is UNKNOWN:
        slot.string_value = UNKNOWN_TEXT
    elif value is None:
        slot.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        slot.bool_value = value
    elif isinstance(value, (int, float)):
        slot.number_value = value
    elif isinstance(value, str):
        slot.string_value = value
    elif isinstance(value, Mapping):
        fields = slot.struct_value.fields
        slot.struct_value.SetInParent()
        for k, v in value.items():
            _fill(fields[k], v)
    else:
        slot.list_value.SetInParent()
        for v in value:
            _fill(slot.list_value.values.add(), v)


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The inverse of `decode`."""
    struct = struct_pb2.Struct()
    for k, v in properties.items():
        _fill(struct.fields[k], v)
    return struct


def _storable(value: Any) -> Any:
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": _storable(value.value)}
    if isinstance(value, dict):
        return {k: _storable(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_storable(v) for v in value]
    return UNKNOWN_TEXT if value is UNKNOWN else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        return _marked({k: _restored(v) for k, v in value.items()})
    if isinstance(value, list):
        return [_restored(v) for v in value]
    return UNKNOWN if isinstance(value, str) and value in UNKNOWN_TEXTS else value


def to_text(properties: Mapping[str, Any]) -> str:
    """Properties as JSON text that keeps what is secret; the same properties always give the same text."""
    return json.dumps(_storable(dict(properties)), sort_keys=True, separators=(",", ":"))


def from_text(text: str) -> Properties:
    """The inverse of `to_text`."""
    restored: Properties = _restored(json.loads(text))
    return restored


def plain(value: Any) -> Any:
    """The value without its secret marks, for looking at it; never for storing or sending it."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every known string inside a value, with the path to it (`vpcConfig.subnetIds[0]`)."""
    if isinstance(value, Secret):
        yield from strings(value.value, path)
    elif isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for k, v in value.items():
            yield from strings(v, f"{path}.{k}" if path else k)
    elif isinstance(value, list):
        for index, v in enumerate(value):
            yield from strings(v, f"{path}[{index}]")


def is_known(value: Any) -> bool:
    """Whether nothing inside the value is unknown."""
    if isinstance(value, Secret):
        return is_known(value.value)
    if isinstance(value, dict):
        return all(is_known(v) for v in value.values())
    if isinstance(value, list):
        return all(is_known(v) for v in value)
    return value is not UNKNOWN
