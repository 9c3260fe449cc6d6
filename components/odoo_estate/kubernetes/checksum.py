"""Short digests that tie one object's content to another's name or annotation."""

import hashlib

LENGTH = 12


def checksum(*texts: str) -> str:
    """First 12 hex digits of the SHA-256 over all texts; the order counts."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(len(text).to_bytes(8, "big"))
        digest.update(text.encode())
    return digest.hexdigest()[:LENGTH]
