r"""SQL for people who look into an instance: logins without passwords, that IAM lets in and that can change nothing.

Appended to the scripts of `odoo_estate.odoo.database_sql`, and like those safe to run again. A reader is marked by its comment, so that one who is
no longer named loses everything. Nobody who reads is, or is made, a master: RDS turns a member of ``rds_iam`` away who comes with a password, so
that a master user among them would lock the estate out (public issue threads on "PAM authentication failed").
"""

from collections.abc import Mapping

READER = "Reads through IAM; made by odoo-estate"
"""The comment on a reader's role."""

INSTANCE_READERS = rf"""
\getenv statistics_readers STATISTICS_READERS
\getenv data_readers DATA_READERS
BEGIN;
CREATE TEMPORARY TABLE reader ON COMMIT DROP AS
  SELECT login, data FROM (
    SELECT unnest(string_to_array(:'statistics_readers', ',')) AS login, false AS data
    UNION ALL SELECT unnest(string_to_array(:'data_readers', ',')), true) AS named;
SELECT format('CREATE ROLE %I', login) FROM reader
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) \gexec
SELECT format('COMMENT ON ROLE %I IS %L', login, {READER!r}) FROM reader \gexec
SELECT format('ALTER ROLE %I LOGIN INHERIT NOCREATEDB NOCREATEROLE PASSWORD NULL CONNECTION LIMIT 2', login) FROM reader \gexec
SELECT format('ALTER ROLE %I SET %s', login, setting) FROM reader,
  unnest(ARRAY['default_transaction_read_only = on', 'statement_timeout = ''5min''', 'idle_in_transaction_session_timeout = ''1min''',
               'idle_session_timeout = ''15min''']) AS setting \gexec
SELECT format('GRANT pg_read_all_settings, pg_stat_scan_tables, rds_iam TO %I', login) FROM reader \gexec
-- It shows the text of running statements, and with it data.
SELECT format('GRANT pg_read_all_stats TO %I', login) FROM reader WHERE data \gexec
-- What somebody has who has lost the right to it.
SELECT format('REVOKE %I FROM %I', granted.rolname, member.rolname)
  FROM pg_auth_members JOIN pg_roles AS granted ON granted.oid = roleid JOIN pg_roles AS member ON member.oid = pg_auth_members.member
  LEFT JOIN reader ON login = member.rolname
  WHERE shobj_description(member.oid, 'pg_authid') = {READER!r}
    AND (login IS NULL OR granted.rolname = 'pg_read_all_stats' AND NOT data) \gexec
SELECT format('ALTER ROLE %I NOLOGIN', rolname) FROM pg_roles
  WHERE shobj_description(oid, 'pg_authid') = {READER!r} AND rolname NOT IN (SELECT login FROM reader) \gexec
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam')
      AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND pg_has_role(current_user, 'rds_iam', 'USAGE') THEN
    RAISE EXCEPTION 'the master user has become a member of rds_iam, which would lock it out';
  END IF;
END $$;
COMMIT;
"""

TENANT_READERS = rf"""
\getenv data_readers DATA_READERS
SELECT EXISTS (SELECT FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = {READER!r}) AS anybody \gset
\if :anybody
  -- pg_read_all_data would be shorter, but shows the verifiers of all passwords too (pg_authid). What the tenant makes belongs to its login,
  -- whichever user makes it. A suspended tenant's data is nobody's to read: support needs none, and a reader inside would hold up the removal.
  RESET ROLE;
  CREATE TEMPORARY TABLE privilege AS
    SELECT rolname, CASE WHEN rolname = ANY (string_to_array(:'data_readers', ',')) AND NOT :'suspended'::boolean
                      THEN ARRAY['GRANT', 'TO'] ELSE ARRAY['REVOKE', 'FROM'] END AS words
    FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = {READER!r};
  GRANT SELECT ON privilege TO PUBLIC;
  SELECT format('%s CONNECT ON DATABASE %I %s %I', words[1], :'database', words[2], rolname) FROM privilege \gexec
  SELECT format('SET ROLE %I', :'login') \gexec
  SELECT format('%s SELECT ON ALL TABLES IN SCHEMA public %s %I', words[1], words[2], rolname) FROM privilege \gexec
  SELECT format('ALTER DEFAULT PRIVILEGES IN SCHEMA public %s SELECT ON TABLES %s %I', words[1], words[2], rolname) FROM privilege \gexec
  RESET ROLE;
\endif
"""


def instance_readers_script() -> str:
    """After `instance_script`. Variables: ``STATISTICS_READERS`` and ``DATA_READERS`` (comma-separated logins)."""
    return INSTANCE_READERS


def tenant_readers_script() -> str:
    """After `tenant_script` or `pooled_tenant_script`. Variable: ``DATA_READERS``."""
    return TENANT_READERS


def reader_variables(readers: Mapping[str, bool]) -> dict[str, str]:
    """What both scripts read; ``readers`` are logins, True where they see data."""
    return {
        "STATISTICS_READERS": ",".join(login for login, data in readers.items() if not data),
        "DATA_READERS": ",".join(login for login, data in readers.items() if data),
    }
