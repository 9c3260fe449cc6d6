"""How long logs are kept, in the steps that CloudWatch Logs offers."""

from bisect import bisect_left

# botocore's service model of PutRetentionPolicy, read 2026-11-22.
STEPS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def log_days(days: int) -> int:
    """The least retention that CloudWatch Logs offers and that keeps at least ``days``; ten years where that is not enough."""
    return STEPS[min(bisect_left(STEPS, days), len(STEPS) - 1)]
