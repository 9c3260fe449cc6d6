"""The random provider: real randomness, kept in Pulumi's state only, drawn anew when `keepers` or the shape changes."""
# ruff: noqa: ARG002, PLR0917  # the protocol sets the signatures

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.provider import shape as shapes
from sandbox.provider.difference import changes
from sandbox.provider.refusal import Refused
from sandbox.provider.server import Autoname, Difference
from sandbox.provider.wire import UNKNOWN, Properties, Secret, plain

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_ADJECTIVES = [
    "able",
    "bold",
    "brave",
    "calm",
    "clean",
    "clever",
    "eager",
    "fair",
    "fine",
    "fond",
    "free",
    "glad",
    "keen",
    "kind",
    "live",
    "neat",
    "proud",
    "sharp",
    "sound",
    "wise",
]
_ANIMALS = [
    "badger",
    "beaver",
    "bison",
    "crane",
    "eagle",
    "falcon",
    "ferret",
    "heron",
    "ibis",
    "lynx",
    "marten",
    "otter",
    "owl",
    "panda",
    "raven",
    "robin",
    "seal",
    "swift",
    "tiger",
    "wren",
]


def _flag(inputs: Properties, *names: str) -> bool:
    return all(inputs.get(name) is not False for name in names)


def _text(inputs: Properties) -> str:
    """As many characters as asked for, with the asked minimum of each class."""
    length = int(inputs["length"])
    special = str(inputs.get("overrideSpecial") or _SPECIAL)
    classes = [
        (string.ascii_lowercase, _flag(inputs, "lower"), int(inputs.get("minLower") or 0)),
        (string.ascii_uppercase, _flag(inputs, "upper"), int(inputs.get("minUpper") or 0)),
        (string.digits, _flag(inputs, "numeric", "number"), int(inputs.get("minNumeric") or 0)),
        (special, _flag(inputs, "special"), int(inputs.get("minSpecial") or 0)),
    ]
    alphabet = "".join(letters for letters, wanted, _ in classes if wanted)
    drawn = [secrets.choice(letters) for letters, _, least in classes for _ in range(least)]
    if not alphabet or length < max(1, len(drawn)):
        raise Refused(
            f"length {length} leaves no room for the {len(drawn)} characters asked for, or no class is allowed"
        )
    drawn += [secrets.choice(alphabet) for _ in range(length - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def _string(inputs: Properties) -> tuple[str, Properties]:
    text = _text(inputs)
    return text, {"result": text}


def _password(inputs: Properties) -> tuple[str, Properties]:
    text = _text(inputs)
    # The real provider adds bcrypt's hash; the standard library has none, and nothing of ours may look like one.
    return "none", {"result": Secret(text), "bcryptHash": Secret(f"scrypt-not-bcrypt:{uuid.uuid4().hex}")}


def _id(inputs: Properties) -> tuple[str, Properties]:
    raw = secrets.token_bytes(int(inputs["byteLength"]))
    prefix = str(inputs.get("prefix") or "")
    url = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return url, {
        "b64Url": prefix + url,
        "b64Std": prefix + base64.b64encode(raw).decode(),
        "hex": prefix + raw.hex(),
        "dec": prefix + str(int.from_bytes(raw, "big")),
    }


def _bytes(inputs: Properties) -> tuple[str, Properties]:
    raw = secrets.token_bytes(int(inputs["length"]))
    return "none", {"base64": Secret(base64.b64encode(raw).decode()), "hex": Secret(raw.hex())}


def _pet(inputs: Properties) -> tuple[str, Properties]:
    words = [secrets.choice(_ADJECTIVES) for _ in range(int(inputs.get("length") or 2) - 1)] + [
        secrets.choice(_ANIMALS)
    ]
    prefix = [str(inputs["prefix"])] if inputs.get("prefix") else []
    return str(inputs.get("separator") or "-").join([*prefix, *words]), {}


def _uuid(_inputs: Properties) -> tuple[str, Properties]:
    drawn = str(uuid.uuid4())
    return drawn, {"result": drawn}


def _integer(inputs: Properties) -> tuple[str, Properties]:
    low, high = int(inputs["min"]), int(inputs["max"])
    if high < low:
        raise Refused(f"max {high} is below min {low}")
    drawn = low + secrets.randbelow(high - low + 1)
    return str(drawn), {"result": drawn}


def _shuffle(inputs: Properties) -> tuple[str, Properties]:
    items = list(inputs["inputs"])
    secrets.SystemRandom().shuffle(items)
    return "-", {"results": items[: int(inputs.get("resultCount") or len(items))]}


_DRAWN: dict[str, tuple[Callable[[Properties], tuple[str, Properties]], tuple[str, ...]]] = {
    "RandomString": (_string, ("result",)),
    "RandomPassword": (_password, ("result", "bcryptHash")),
    "RandomId": (_id, ("b64Url", "b64Std", "hex", "dec")),
    "RandomBytes": (_bytes, ("base64", "hex")),
    "RandomPet": (_pet, ()),
    "RandomUuid": (_uuid, ("result",)),
    "RandomInteger": (_integer, ("result",)),
    "RandomShuffle": (_shuffle, ("results",)),
}
_CLASSES = ("lower", "upper", "numeric", "number", "special")


class Random:
    """Draws once; any change of inputs draws anew in a new resource, as the real provider does."""

    def __init__(self) -> None:
        self.version = shapes.installed_version("random")

    def configure(self, config: Properties) -> None:
        """There is nothing to configure."""

    def config_difference(self, old: Properties, new: Properties) -> set[str]:
        """No setting replaces anything."""
        return set()

    def check(
        self, urn: str, token: str, old: Properties, new: Properties, name: Autoname
    ) -> tuple[Properties, list[tuple[str, str]]]:
        """Inputs stand as they are."""
        if token.rsplit(":", 1)[-1] not in _DRAWN:
            return new, [("", f"{token}: the sandbox draws {', '.join(sorted(_DRAWN))}")]
        return new, []

    def diff(
        self, urn: str, token: str, identity: str, old: Properties, state: Properties, new: Properties
    ) -> Difference:
        """Every change replaces."""
        changed = changes(old, new)
        return Difference(changed, set(changed))

    def create(self, urn: str, token: str, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        """Draw."""
        draw, outputs = _DRAWN[token.rsplit(":", 1)[-1]]
        defaults: dict[str, Any] = dict.fromkeys(_CLASSES, True) if draw in (_string, _password) else {}
        if preview:
            return "", {**defaults, **inputs, **dict.fromkeys(outputs, UNKNOWN)}
        identity, drawn = draw(plain(inputs))
        if draw is _string:
            identity = drawn["result"]
        return identity, {**defaults, **inputs, **drawn}

    def read(
        self, urn: str, token: str, identity: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """State is all there is."""
        return identity, state, inputs

    def update(
        self, urn: str, token: str, identity: str, state: Properties, new: Properties, preview: bool
    ) -> Properties:
        """Nothing is updated in place."""
        return {**state, **new}

    def delete(self, urn: str, token: str, identity: str, state: Properties) -> None:
        """Nothing lies anywhere else."""

    def invoke(self, token: str, args: Properties) -> Properties:
        """The provider has no data sources."""
        raise Refused(f"{token}: the random provider has no data sources")

    def close(self) -> None:
        """Nothing is kept."""
