"""For every rule, stacks that hold and stacks that break it."""

from tests.policies.cases import backup, cluster, exceptions, recovery, sizing, tags
from tests.policies.stage import Cases

CASES: dict[str, Cases] = {
    **tags.CASES,
    **sizing.CASES,
    **backup.CASES,
    **cluster.CASES,
    **recovery.CASES,
    **exceptions.CASES,
}
