"""Which AWS types the provider's default tags reach: those that have both ``tags`` and ``tagsAll``.

Read from the installed SDK's source text, a few milliseconds a type, because importing the SDK's packages costs half a second each
(docs/performance.md). The offline preview knows it from the class in hand; a test holds the two against each other.
"""

import importlib.util
import re
from functools import cache
from pathlib import Path

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@cache
def is_taggable(type_token: str) -> bool:
    """Whether default tags apply to this type; False for what the installed SDK does not know."""
    package, _, rest = type_token.partition(":")
    root = _sdk()
    if package != "aws" or root is None or ":" not in rest:
        return False
    module, _, file = rest.partition(":")[0].partition("/")
    for folder in (root / module, root / f"{module}_"):  # lambda is a keyword, so its folder is lambda_
        for place in _candidates(folder, file):
            text = place.read_text(encoding="utf-8") if place.is_file() else ""
            if f"'{type_token}'," in text:
                return all(f'__props__.__dict__["{name}"]' in text for name in ("tags", "tags_all"))
    return False


def _candidates(folder: Path, file: str) -> list[Path]:
    """The file by the SDK's own way of naming it, then every other one."""
    first = folder / f"{_HUMP.sub('_', file).lower()}.py"
    return [first, *sorted(folder.glob("*.py"))] if folder.is_dir() else []


@cache
def _sdk() -> Path | None:
    found = importlib.util.find_spec("pulumi_aws")
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) if places else None
