"""Prints how long the project's own work takes, beside what comparable tools take for theirs. Asserts nothing.

    make bench

Whole processes, wall seconds, median of three after one that is not counted. Peers' figures: docs/performance.md, measured once on a
machine like this one (two cores, Python 3.11).
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ESTATE = ("-m", "odoo_estate")
RUNS = 3


def timed(*arguments: str, cwd: Path = ROOT) -> float:
    """Median wall seconds of the command as a whole process."""
    seconds = []
    for run in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run([sys.executable, *ESTATE, *arguments], cwd=cwd, check=True, stdout=subprocess.DEVNULL)
        if run:
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def fleet(directory: Path, tenants: int) -> Path:
    """An estate with ``tenants`` pooled resellers over as many cells as they need, made from a situation of the tests."""
    from odoo_estate.decide.load import Load  # noqa: F401 fails early where the library is not installed

    source = ROOT / "tests" / "situations" / "wholesale-network"
    customers = sorted((source / "customers").glob("*.yaml"))
    target = directory / "stacks"
    shutil.copytree(source, target)
    shutil.rmtree(target / "customers")
    (target / "customers").mkdir()
    (directory / "Pulumi.yaml").write_text("name: bench\nruntime: python\n", encoding="utf-8")
    estate = (target / "estate.yaml").read_text(encoding="utf-8")
    _write_cells(target, estate, tenants)
    for index in range(tenants):
        original = customers[index % len(customers)]
        name = f"reseller-{index:04}"
        text = original.read_text(encoding="utf-8")
        lines = [
            line for line in text.splitlines() if not line.startswith(("customer:", "cell:", "domains:", "database:"))
        ]
        lines = [f"customer: {name}", *lines, f"cell: bench-{index // PER_CELL}"]
        (target / "customers" / f"{name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


PER_CELL = 80
"""As many resellers as one shared cell of the situation holds."""


def _write_cells(target: Path, estate: str, tenants: int) -> None:
    import yaml

    document = yaml.safe_load(estate)
    (pattern,) = [cell for cell in document["cells"].values() if cell.get("tenancy", "shared") == "shared"][:1]
    document["cells"] = {
        f"bench-{number}": {**pattern, "slot": number} for number in range((tenants + PER_CELL - 1) // PER_CELL)
    }
    regions = {region for zone in document["residency"].values() for region in zone["regions"]}
    plenty = {"vpcs": 50, "elastic-ips": 100, "on-demand-vcpus": 10_000}
    document["quotas"] = {"production": dict.fromkeys(sorted(regions), plenty)}
    for partner in document.get("partners", {}).values():
        partner.pop("max_tenants", None)
    (target / "estate.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def _changed(directory: Path, estate: Path) -> float:
    """Seconds of the comparison with a commit after which one contract got another host name."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    for command in (["init", "--quiet"], ["add", "stacks", "Pulumi.yaml"], ["commit", "--quiet", "--message", "bench"]):
        subprocess.run([*git, *command], cwd=directory, check=True)
    contract = estate / "customers" / "reseller-0500.yaml"
    contract.write_text(
        contract.read_text(encoding="utf-8") + "domains: [www.reseller-0500.example]\n", encoding="utf-8"
    )
    return timed("preview", "--changed-since", "HEAD", "--estate", str(estate))


def row(work: str, measured: str, target: str, peer: str) -> None:
    print(f"{work:<58} {measured:>12}   {target:>10}   {peer}")


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    row("work", "measured", "target", "a peer's figure for the like")
    row("estate check, root estate", f"{timed('check'):.2f} s", "", "")
    row("estate explain CUSTOMER, cold", f"{timed('explain', 'medsupply'):.2f} s", "0.30 s", "")
    one = timed("preview", "tenant.medsupply.production")
    row(
        "estate preview of one tenant, cold",
        f"{one:.2f} s",
        "1.50 s",
        "1.9 s engine preview; 1.42 s SDK mocks, 58 resources",
    )
    row(
        "estate preview --all, root estate",
        f"{timed('preview', '--all'):.2f} s",
        "",
        "1.9 s engine preview for each stack",
    )
    with tempfile.TemporaryDirectory(prefix="estate-bench-") as folder:
        directory = Path(folder)
        estate = fleet(directory, 1000)
        row("estate check, 1000 customers, cold", f"{timed('check', '--estate', str(estate)):.2f} s", "1.00 s", "")
        everything = timed("preview", "--all", "--estate", str(estate))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        row(
            "estate preview --all, 1000 tenants",
            f"{everything:.2f} s",
            "6.00 s",
            "57-78 ms per stack: cdk synth, Python",
        )
        row("  largest process", f"{peak:.0f} MB", "500 MB", "")
        row(
            "estate preview --changed-since, 1 of 1000 contracts",
            f"{_changed(directory, estate):.2f} s",
            "3.00 s",
            "",
        )
        hundred = fleet(directory / "hundred", 100) if (directory / "hundred").mkdir() is None else estate
        small = timed("preview", "--all", "--estate", str(hundred))
        row(
            "  each further tenant", f"{(everything - small) / 900 * 1000:.1f} ms", "5.0 ms", "26 ms: cdk8s, 30 objects"
        )
    print(flush=True)
    subprocess.run([sys.executable, ROOT / "benchmarks" / "recovery.py"], check=True)


if __name__ == "__main__":
    main()
