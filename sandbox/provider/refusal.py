"""How the stage says no."""

from __future__ import annotations

import hashlib
import uuid


class Refused(Exception):
    """The cloud would refuse this operation; the message is what the engine shows."""


def aws_error(  # noqa: PLR0917  # the order in which the message has them
    doing: str, service: str, operation: str, status: int, code: str, message: str
) -> str:
    """An error in the words of the AWS SDK for Go, which is what the official provider prints."""
    request = uuid.UUID(hashlib.sha256(f"{doing}{operation}{message}".encode()).hexdigest()[:32])
    return (
        f"{doing}: operation error {service}: {operation}, https response error StatusCode: {status}, "
        f"RequestID: {request}, api error {code}: {message}"
    )
