"""Tags: everything can be attributed to its tenant, environment and owner."""
