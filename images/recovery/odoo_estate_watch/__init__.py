"""Watches what no metric of AWS tells apart: how much of a shared cache each tenant takes. Reads no value, logs no key."""
