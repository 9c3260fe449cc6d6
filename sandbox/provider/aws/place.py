"""Accounts, regions, partitions, and the values that AWS mints for what is made there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.provider.kept import digest
from sandbox.provider.wire import UNKNOWN, plain

DEFAULT_ACCOUNT = "111122223333"  # the example account of the AWS documentation
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
# Minted once in each region by AWS; these are the published ones, else a made-up one stands in
# (docs.aws.amazon.com/general/latest/gr/s3.html, read 2026-11).
_WEBSITE_ZONES = {"eu-central-1": "Z21DNDUVLTQW6Q", "eu-west-1": "Z1BKCTXD74EZPE", "us-east-1": "Z3AQBSTGFYJSTF"}


@dataclass(frozen=True)
class Place:
    """Where a resource lives."""

    account: str
    region: str  # "" for global services

    @property
    def scope(self) -> str:
        """The key of this place in the sandbox cloud."""
        return f"{self.account}/{self.region or 'global'}"

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov` or `aws-eusc`."""
        for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc")):
            if self.region.startswith(prefix):
                return partition
        return "aws"

    @property
    def dns_suffix(self) -> str:
        """The domain that endpoints of this partition end in."""
        return {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}.get(self.partition, "amazonaws.com")


class _Given(Mapping[str, str]):
    """Inputs as text, for templates; absent or unknown ones are empty."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self._inputs = inputs

    def __getitem__(self, key: str) -> str:
        value = self._inputs.get(key)
        return "" if value is None or value is UNKNOWN else str(plain(value))

    def __iter__(self) -> Any:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)


def _letters(hexadecimal: str, length: int, alphabet: str) -> str:
    number = int(hexadecimal, 16)
    text = ""
    while len(text) < length:
        number, rest = divmod(number, len(alphabet))
        text += alphabet[rest]
    return text


class Minted(dict[str, Any]):
    """Fills the templates of the type tables: `{hex17}`, `{upper26}`, `{uuid_secret}`, `{in[clusterName]}`, `{region}` …

    What follows the underscore tells several values of one resource apart. The same URN in the same place always gets
    the same values.
    """

    def __init__(self, seed: str, place: Place, inputs: Mapping[str, Any], name: str) -> None:
        super().__init__(
            {
                "account": place.account,
                "region": place.region,
                "partition": place.partition,
                "dns": place.dns_suffix,
                "name": name,
                "in": _Given(inputs),
                "place": _letters(digest(place.scope, "place"), 12, _BASE36),
                "website_zone": _WEBSITE_ZONES.get(place.region, "Z21DNDUVLTQW6Q"),
            }
        )
        self._seed = (seed, place.scope)
        self.inputs = inputs

    def __missing__(self, key: str) -> str:
        shape, _, role = key.partition("_")
        letters = shape.rstrip("0123456789")
        length = int(shape[len(letters) :] or 0)
        source = digest(*self._seed, role)
        match letters:
            case "hex":
                return source[:length]
            case "uuid":
                return str(uuid.UUID(source[:32]))
            case "upper":
                return _letters(source, length, _BASE32)
            case "base":
                return _letters(source, length, _BASE36)
            case "digits":
                return _letters(source, length, "1234567890")
            case _:
                raise KeyError(key)

    def fill(self, template: str) -> str:
        """A template with its placeholders filled."""
        return template.format_map(self)

    def fill_all(self, template: Any) -> Any:
        """A template, a function of what is minted, or a structure of them."""
        if isinstance(template, str):
            return self.fill(template)
        if isinstance(template, dict):
            return {k: self.fill_all(v) for k, v in template.items()}
        if isinstance(template, list):
            return [self.fill_all(v) for v in template]
        return template(self) if callable(template) else template
