"""JSON documents that carry their own checksum."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical(document: Mapping[str, Any]) -> bytes:
    """One spelling for equal documents: sorted keys, no blanks, UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sealed(document: Mapping[str, Any]) -> bytes:
    """The document with ``sha256`` over its canonical form without that field."""
    return canonical({**document, "sha256": _digest(document)})


def opened(text: bytes) -> dict[str, Any]:
    """What `sealed` wrote. Raises `ValueError` where it is no such document or was changed."""
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    found = document.pop("sha256", None)
    if found != _digest(document):
        raise ValueError("its checksum does not fit its content")
    return document


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()
