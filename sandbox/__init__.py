"""A rehearsal stage: the real Pulumi engine, a language host and provider plugins that keep their own small cloud."""
