"""``jobs/*.yaml`` against the contracts: a maintenance of somebody who does not exist, and a step that its kind does not have."""

from collections.abc import Iterator, Mapping

from odoo_estate.errors import Problem
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.jobs import JobKind, Phase, TenantJob
from odoo_estate.spec.quoting import shown

PHASES: Mapping[JobKind, tuple[Phase, ...]] = {
    "initialise": ("initialise", "open", "failed"),
    "upgrade": ("close", "back-up", "upgrade", "restore", "restored", "open", "failed"),
    "copy": ("copy-restore", "neutralise", "finish", "drop", "copied", "failed"),
}
REMEDY = "let `estate initialise`, `estate upgrade` and `estate copy` write this file, or remove it where nothing is under way"


def jobs_problems(jobs: Mapping[str, TenantJob], customers: Mapping[str, Customer]) -> Iterator[Problem]:
    """Everything in the files that contradicts the contracts."""
    for name, job in jobs.items():
        document = f"jobs:{name}"
        customer, _, environment = job.tenant.partition(".")
        contract = customers.get(customer)
        if contract is None or environment not in contract.environments:
            message = f"{shown(job.tenant)} is not an environment of this estate"
            yield Problem(message, document, ("tenant",), job.tenant, (), REMEDY)
        if job.phase not in PHASES[job.kind]:
            message = f"{job.kind} has no step {shown(job.phase)}"
            yield Problem(message, document, ("phase",), job.phase, PHASES[job.kind], REMEDY)
        if (job.kind == "copy") != (job.source is not None):
            message = "a copy names its source, and nothing else does"
            yield Problem(message, document, ("source",), job.source, (), REMEDY)
        elif job.source is not None and (environment == "production" or job.source != f"{customer}.production"):
            message = f"{job.source} is not copied into {job.tenant}"
            allowed = (f"{customer}.production into another environment of {customer}",)
            yield Problem(message, document, ("source",), job.source, allowed, REMEDY)
        if job.phase == "restore" and job.backed_up_at is None:
            yield Problem("no dump is named to go back to", document, ("backed_up_at",), None, (), REMEDY)
