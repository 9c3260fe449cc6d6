"""The parameter group of an instance, by the figures of its band."""

from odoo_estate.plan import Decision
from odoo_estate.spec.catalog import Assumptions, PostgresBand

IDLE_IN_TRANSACTION_MS = 15 * 60 * 1000
STATEMENT_MS = 60 * 60 * 1000
"""For sessions whose role says nothing: people and jobs. Tenants' roles have their class' shorter limit; dumps, restores and autovacuum have
none (pg_dump and pg_restore switch it off for themselves)."""
SLOW_STATEMENT_MS = 1000
LARGE_TEMPORARY_KIB = 64 * 1024
LEAST_WORKERS = 3
"""PostgreSQL's own default."""
LARGE_VOLUME_GIB = 400
MOST_VACUUM_MIB = 1024
"""PostgreSQL before 17 uses no more for one worker's list of dead rows."""
BASELINE_MIBPS = 125
"""gp3 below 400 GiB."""
PAGES_PER_MIB = 128
PAGE_DIRTY_COST = 20
COST_DELAY_SECONDS = 0.002
"""PostgreSQL 16 to 18: vacuum_cost_page_dirty and autovacuum_vacuum_cost_delay."""


def work_mem_mib(size: PostgresBand, known: Assumptions) -> int:
    """What one sort may take, so that all connections that sort at the same moment stay within their share of memory."""
    sorting = size.max_connections * known.sorting_connections_share
    return max(4, int(size.memory_gib * 1024 * known.sorting_memory_share / sorting))


def vacuum_workers(size: PostgresBand) -> int:
    """Half of the processors, and no less than PostgreSQL's default."""
    return max(LEAST_WORKERS, size.vcpus // 2)


def vacuum_mem_mib(size: PostgresBand, known: Assumptions) -> int:
    return min(MOST_VACUUM_MIB, int(size.memory_gib * 1024 * known.vacuum_memory_share / vacuum_workers(size)))


def vacuum_cost_limit(size: PostgresBand, known: Assumptions) -> int:
    """Credits between two naps of all workers together, so that pages they dirty take no more than their share of the volume's throughput."""
    throughput = size.throughput_mibps or BASELINE_MIBPS
    pages_per_second = throughput * known.vacuum_throughput_share * PAGES_PER_MIB
    return round(pages_per_second * PAGE_DIRTY_COST * COST_DELAY_SECONDS, -1).__int__()


def parameters(size: PostgresBand, known: Assumptions) -> dict[str, str]:
    """What differs from RDS's defaults, and TLS, which a rule wants to see in writing.

    Odoo holds transactions open while it waits for nothing only after a fault: those are ended. Lock waits, statements and vacuums over a second
    are logged, because they are what neighbours feel first; checkpoints are logged by default since PostgreSQL 15. ``idle_session_timeout``
    stays off: it would end the pooler's idle connections and every session that listens on Odoo's bus. SSD pages cost hardly more out of order.
    Tables of millions of rows must not wait for a tenth of them to die, as by RDS's default.
    """
    large = size.storage_gib >= LARGE_VOLUME_GIB
    return {
        "autovacuum_analyze_scale_factor": "0.01" if large else "0.02",
        "autovacuum_max_workers": str(vacuum_workers(size)),
        "autovacuum_vacuum_cost_limit": str(vacuum_cost_limit(size, known)),
        "autovacuum_vacuum_insert_scale_factor": "0.02" if large else "0.05",
        "autovacuum_vacuum_scale_factor": "0.02" if large else "0.05",
        "autovacuum_work_mem": str(vacuum_mem_mib(size, known) * 1024),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
        "log_autovacuum_min_duration": str(SLOW_STATEMENT_MS),
        "log_lock_waits": "1",
        "log_min_duration_statement": str(SLOW_STATEMENT_MS),
        "log_temp_files": str(LARGE_TEMPORARY_KIB),
        "max_connections": str(size.max_connections),
        "random_page_cost": "1.1",
        "rds.force_ssl": "1",
        "statement_timeout": str(STATEMENT_MS),
        "work_mem": str(work_mem_mib(size, known) * 1024),
    }


def decision(band: str, size: PostgresBand, known: Assumptions) -> Decision:
    """The arithmetic of memory and vacuum."""
    memory, workers = size.memory_gib * 1024, vacuum_workers(size)
    return Decision(
        topic="database parameters",
        value=f"work_mem {work_mem_mib(size, known)} MiB, {workers} autovacuum workers",
        reason=f"sorts: {memory} MiB x {known.sorting_memory_share:g} / ({size.max_connections} connections x "
        f"{known.sorting_connections_share:g} at once); vacuum: {vacuum_mem_mib(size, known)} MiB each of {memory} MiB x "
        f"{known.vacuum_memory_share:g} / {workers}, cost limit {vacuum_cost_limit(size, known)} = "
        f"{size.throughput_mibps or BASELINE_MIBPS} MiB/s x {known.vacuum_throughput_share:g} x {PAGES_PER_MIB} pages x {PAGE_DIRTY_COST} "
        f"x {COST_DELAY_SECONDS} s",
        entitlement=f"postgres_bands.{band}",
        binding=f"max_connections {size.max_connections}, the same figure that the connection budget divides",
    )
