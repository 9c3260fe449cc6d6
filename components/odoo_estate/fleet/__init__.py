"""Many stacks at once, through Pulumi's Automation API: order, concurrency, recovery after an interruption, report."""
