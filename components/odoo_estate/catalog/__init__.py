"""The service catalog and price list that are shipped with the package."""

from importlib.resources import files


def default_text() -> str:
    """The default service catalog as YAML text (see `odoo_estate.spec.catalog`)."""
    return files(__name__).joinpath("default.yaml").read_text(encoding="utf-8")


def rds_roots(region: str) -> str:
    """The root certificates that RDS instances of ``region`` answer with, as PEM; empty: none are shipped for it."""
    roots = files(__name__).joinpath("rds-roots.pem").read_text(encoding="utf-8").split("\n# ")
    return "".join(root.partition("\n")[2].strip() + "\n" for root in roots if root.startswith(f"{region} "))
