"""The service catalog and price list that are shipped with the package."""

from importlib.resources import files


def default_text() -> str:
    """The default service catalog as YAML text (see `odoo_estate.spec.catalog`)."""
    return files(__name__).joinpath("default.yaml").read_text(encoding="utf-8")
