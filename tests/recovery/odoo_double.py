"""A double of the executable ``odoo``, which is not at hand here: takes exactly the command lines that the jobs give, writes down what it was
asked, and leaves in a real database what Odoo 16 to 19 leaves there, as far as the jobs look at it. Usage: ``python odoo_double.py ARGUMENTS…``, with
``ODOO_RC``.

Faithful to Odoo's habit of ending with 0 where a module is unknown or cannot be upgraded. ``DOUBLE_RECORD`` names the file for the command lines,
``DOUBLE_FAULT`` what goes wrong: ``dies`` in the middle, ``skips`` a module, ``forgets`` a table while neutralising.
"""

import json
import os
import sys
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import psycopg

SHIPPED = {"base": "18.0.1.3", "sale": "18.0.1.2", "stock": "18.0.1.1", "acme_pricing": "18.0.2.0.0"}
"""The modules of the image."""
NEUTRALIZE = {
    "ir_mail_server": "UPDATE ir_mail_server SET active = false; "
    "INSERT INTO ir_mail_server (name, smtp_host, active) VALUES ('neutralization - disable emails', 'invalid', true)",
    "fetchmail_server": "UPDATE fetchmail_server SET active = false",
    "ir_cron": "UPDATE ir_cron SET active = false WHERE id NOT IN (SELECT res_id FROM ir_model_data WHERE name = 'autovacuum_job')",
    "payment_provider": "UPDATE payment_provider SET state = 'disabled' WHERE state NOT IN ('test', 'disabled')",
    "ir_act_server": "UPDATE ir_act_server SET webhook_url = 'neutralization - disable webhook' WHERE state = 'webhook'",
    "iap_account": "UPDATE iap_account SET account_token = account_token || '+disabled'",
    "ir_config_parameter": "INSERT INTO ir_config_parameter (key, value) VALUES ('database.is_neutralized', true)"
    " ON CONFLICT (key) DO UPDATE SET value = true",
}


def main(arguments: list[str]) -> int:
    if record := os.environ.get("DOUBLE_RECORD"):
        with Path(record).open("a", encoding="utf-8") as file:
            file.write(json.dumps(arguments) + "\n")
    if arguments[0] == "neutralize":
        options = taken(arguments[1:], {"--database"}, set())
        return neutralize(options)
    flags = {"--stop-after-init", "--no-http"}
    values = {"--database", "--init", "--update", "--without-demo", "--workers", "--max-cron-threads"}
    options = taken(arguments, values, flags)
    assert flags <= options.keys(), "it would go on serving"
    assert options["--workers"] == options["--max-cron-threads"] == "0"
    with connect(options["--database"]) as connection:
        if "--init" in options:
            assert options["--without-demo"] == "all"
            return work(connection, options["--init"].split(","), install=True)
        return work(connection, options["--update"].split(","), install=False)


def taken(arguments: list[str], values: set[str], flags: set[str]) -> dict[str, str]:
    options = {}
    for argument in arguments:
        name, _, value = argument.partition("=")
        assert (name in values and value) or (name in flags and not value), f"Odoo knows no {argument}"
        options[name] = value
    return options


def connect(database: str) -> "psycopg.Connection[Any]":
    parser = RawConfigParser()
    parser.read(os.environ["ODOO_RC"])
    given = parser["options"]
    return psycopg.connect(
        host=given["db_host"], port=given["db_port"], user=given["db_user"], password=given["db_password"],
        sslmode=given["db_sslmode"], dbname=database, autocommit=True,
    )  # fmt: skip


def work(connection: "psycopg.Connection[Any]", names: list[str], *, install: bool) -> int:
    """Commits after each module, as Odoo does."""
    fault = os.environ.get("DOUBLE_FAULT", "")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS ir_module_module (id serial, name text UNIQUE, latest_version text, state text)"
    )
    for name in SHIPPED:
        connection.execute(
            "INSERT INTO ir_module_module (name, state) VALUES (%s, 'uninstalled') ON CONFLICT (name) DO NOTHING",
            (name,),
        )
    meant = list(SHIPPED) if names == ["base"] and not install else names
    rows = dict(connection.execute("SELECT name, state FROM ir_module_module").fetchall())
    doable = [
        one for one in meant if one in rows and (install or rows[one] != "uninstalled")
    ]  # the others: a warning in the log
    connection.execute(
        "UPDATE ir_module_module SET state = %s WHERE name = ANY (%s)",
        ("to install" if install else "to upgrade", doable),
    )
    for number, name in enumerate(doable):
        if fault == "dies" and number == len(doable) - 1:
            return 255
        if fault == "skips" and number == len(doable) - 1:
            continue
        connection.execute(
            "UPDATE ir_module_module SET state = 'installed', latest_version = %s WHERE name = %s",
            (SHIPPED.get(name, "18.0.0.1"), name),
        )
    return 0


def neutralize(options: dict[str, str]) -> int:
    fault = os.environ.get("DOUBLE_FAULT", "")
    with connect(options["--database"]) as connection:
        for table, statement in NEUTRALIZE.items():
            there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
            if there == (True,) and fault != f"forgets {table}":
                connection.execute(statement)  # type: ignore[arg-type]
    return 1 if fault == "dies" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
