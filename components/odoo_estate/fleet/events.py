"""What the engine says while it works, reduced to what a reader needs."""

from collections import Counter
from dataclasses import dataclass, field

from pulumi.automation.events import EngineEvent

from odoo_estate.fleet.outcome import PolicyFinding

NOISE = (
    "context canceled",
    "failed to run remediation",
    "update failed",
    "update canceled",
    "resource registration failed",
)
"""Consequences of an error, not errors: what else was under way when something failed."""


@dataclass
class Events:
    """Gathers counts, policy findings and errors. ``pending``: an earlier run was cut off."""

    operations: Counter[str] = field(default_factory=Counter)
    findings: list[PolicyFinding] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    pending: bool = False

    def __call__(self, event: EngineEvent) -> None:
        if event.summary_event is not None:
            changes = event.summary_event.resource_changes or {}
            self.operations.update({str(getattr(name, "value", name)): count for name, count in changes.items()})
        elif event.policy_event is not None:
            self._found(event.policy_event)
        elif event.diagnostic_event is not None and not event.diagnostic_event.ephemeral:
            diagnostic = event.diagnostic_event
            text = diagnostic.message.strip()
            if "pending operations" in text:
                self.pending = True
            elif diagnostic.severity == "error" and text and not any(noise in text for noise in NOISE):
                self.messages.append(f"{diagnostic.urn.rsplit('::', 1)[-1]}: {text}" if diagnostic.urn else text)

    def _found(self, violation: object) -> None:
        level = getattr(violation, "enforcement_level", "")
        finding = PolicyFinding(
            policy=getattr(violation, "policy_name", ""),
            urn=getattr(violation, "resource_urn", "") or "",
            message=getattr(violation, "message", "").strip(),
            mandatory=getattr(level, "value", level) == "mandatory",
        )
        if finding not in self.findings:
            self.findings.append(finding)


def errors_of(output: str, count: int = 12) -> list[str]:
    """The errors in a command's output, or its last lines where it names none."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return [line for line in errors if not any(noise in line for noise in NOISE)] or ["\n".join(lines[-count:])]
