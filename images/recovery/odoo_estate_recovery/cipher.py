"""Client-side encryption of dumps with the AWS Encryption SDK: whoever gets hold of the bucket alone reads nothing."""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

import aws_encryption_sdk
import botocore.session
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy
from aws_encryption_sdk.key_providers.kms import MRKAwareStrictAwsKmsMasterKeyProvider
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.exceptions import InvalidTag

from odoo_estate_recovery.errors import CheckFailed, OperationFailed

logging.getLogger("aws_encryption_sdk").addHandler(
    logging.NullHandler()
)  # it prints tracebacks of what it raises anyway

FRAME_BYTES = 1 << 20
"""Each frame is authenticated by itself and held in memory whole. Its price is in docs/performance.md: the SDK's own 4 KiB are many times slower."""

ALGORITHM = Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
"""With key commitment, without ECDSA: a signature tells readers from writers, and here they hold the same key."""

BROKEN = (AWSEncryptionSDKClientError, InvalidTag)
"""What decrypting something truncated, changed or foreign raises."""


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; nothing at the end."""


def context(tenant: str, dump: str, database: str) -> dict[str, str]:
    """Bound to the cipher text by KMS and by each frame: a dump cannot pass for another tenant's, nor for another day's."""
    return {"tenant": tenant, "dump": dump, "database": database}


def encrypting(source: Readable, key_arn: str, bound: Mapping[str, str]) -> Readable:
    """The cipher text of ``source`` as a stream. Raises `OperationFailed` where KMS refuses the key."""
    try:
        stream = _client().stream(
            mode="encrypt",
            source=source,
            key_provider=_keys(key_arn),
            encryption_context=dict(bound),
            algorithm=ALGORITHM,
            frame_length=FRAME_BYTES,
        )
        _ = stream.header  # asks KMS now
    except (*BROKEN, BotoCoreError, ClientError) as error:
        raise OperationFailed(f"KMS makes no data key under {key_arn}: {type(error).__name__}") from error
    return stream  # type: ignore[no-any-return]


def decrypting(source: Readable, key_arn: str, bound: Mapping[str, str]) -> Readable:
    """The plain text; each frame is authenticated before it is given out.

    Raises `CheckFailed` where the cipher text was made for another tenant, dump, database or key, and one of `BROKEN` while it is read.
    """
    stream = _client().stream(
        mode="decrypt-unsigned", source=source, key_provider=_keys(key_arn), max_body_length=FRAME_BYTES
    )
    try:
        header = stream.header
    except (*BROKEN, BotoCoreError, ClientError) as error:
        raise CheckFailed(f"no data key of it can be opened with {key_arn}: {type(error).__name__}") from error
    # The SDK hands the context out and leaves comparing it to the caller.
    found = {key: header.encryption_context.get(key) for key in bound}
    if found != dict(bound):
        raise CheckFailed(f"it was encrypted for {found}, not for {dict(bound)}")
    return stream  # type: ignore[no-any-return]


def _client() -> Any:
    return aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, max_encrypted_data_keys=1
    )


def _keys(key_arn: str) -> Any:
    """A multi-region key's replica opens what the key itself has locked: with the region, an ordinary key is lost."""
    return MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=[key_arn], botocore_session=botocore.session.Session())
