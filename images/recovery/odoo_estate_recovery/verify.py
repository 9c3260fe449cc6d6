"""Restores the newest dump into a scratch database, checks it, and leaves evidence."""

import time
from datetime import UTC, datetime, timedelta

from odoo_estate_recovery.backups import Backups
from odoo_estate_recovery.catalogue import chosen
from odoo_estate_recovery.errors import CheckFailed, OperationFailed, RecoveryError
from odoo_estate_recovery.evidence import Checks, Evidence, store, told
from odoo_estate_recovery.filestore import Filestore
from odoo_estate_recovery.log import log
from odoo_estate_recovery.manifest import Manifest
from odoo_estate_recovery.metrics import publish
from odoo_estate_recovery.postgres import connected, server_version
from odoo_estate_recovery.restored import Restored, restored
from odoo_estate_recovery.settings import Settings


class Verification:
    """One run; its parts are filled in as far as it comes, because a failure is evidence too."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.backups = Backups(settings)
        self.checks = Checks()
        self.manifest: Manifest | None = None
        self.restored: Restored | None = None
        self.server_version = 0
        self.age_minutes = 0.0
        self._started = time.monotonic()

    def run(self) -> None:
        """Raises `CheckFailed` for a dump that cannot be restored, `OperationFailed` for a server or bucket that refuses."""
        try:
            manifest = chosen(self.settings, self.backups)
        except CheckFailed as error:
            self.checks.require("manifest", "intact", str(error))
            raise
        self.checks.require("dump_exists", True, manifest is not None)
        assert manifest is not None
        self.manifest = manifest
        self.checks.note("manifest", "intact", "intact")
        self.age_minutes = round((datetime.now(UTC) - manifest.taken).total_seconds() / 60, 2)
        limit = self.settings.max_age_minutes
        self.checks.note("age_minutes", f"<= {limit}", self.age_minutes, passed=self.age_minutes <= limit)
        with connected() as admin:
            self.server_version = server_version(admin)
            with restored(self.settings, self.backups, admin, manifest, self.checks) as result:
                self.restored = result
        # Only here: versions that no attachment needs may have expired since an older dump that somebody restores.
        noted = manifest.filestore
        found = Filestore(self.settings).pointer(noted.taken)
        self.checks.note("filestore_listing", [noted.count, noted.digest], [found.count, found.digest])

    def evidence(self) -> Evidence:
        """What it came to."""
        manifest = self.manifest
        return Evidence(
            tenant=self.settings.tenant,
            dump=manifest.dump if manifest else "",
            dump_taken_at=manifest.taken_at if manifest else "",
            verified_at=datetime.now(UTC).isoformat(timespec="seconds"),
            result="failed" if self.checks.failed else "passed",
            checks=self.checks.done,
            database_bytes=self.restored.bytes if self.restored else 0,
            dump_bytes=manifest.cipher_bytes if manifest else 0,
            restore_seconds=self.restored.seconds if self.restored else 0.0,
            verify_seconds=round(time.monotonic() - self._started, 3),
            server_version=self.server_version,
        )


def verify(settings: Settings) -> Evidence:
    """Raises `CheckFailed` with every check that did not hold, after evidence of it is stored. A run that was told to stop leaves none."""
    verification = Verification(settings)
    stopped: RecoveryError | None = None
    try:
        verification.run()
    except CheckFailed as error:
        stopped = error
    except OperationFailed as error:
        stopped = error
        verification.checks.note("completed", True, str(error), passed=False)
    evidence = verification.evidence()
    retain = timedelta(days=settings.retain_days)
    store(verification.backups, evidence, datetime.now(UTC) + retain if settings.retain_days else None)
    passed = evidence.result == "passed"
    log(
        "dump_verified" if passed else "verification_failed",
        dump=evidence.dump,
        failed=[told(check) for check in verification.checks.failed],
        restore_seconds=evidence.restore_seconds,
    )
    values: dict[str, float] = {"RestoreVerified": 1 if passed else 0}
    if verification.manifest:
        values["DumpAgeMinutes"] = verification.age_minutes
    if verification.restored:
        values["RestoreSeconds"] = verification.restored.seconds
    publish(settings, values)
    if isinstance(stopped, OperationFailed):
        raise stopped
    if not passed:
        raise CheckFailed("; ".join(told(check) for check in verification.checks.failed))
    return evidence
