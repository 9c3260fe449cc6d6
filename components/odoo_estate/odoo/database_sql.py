r"""SQL that prepares an instance, a login and a tenant's database; every script may run twice, or again after it broke off.

The scripts are psql's. Names come from environment variables (``\getenv``), passwords from files in the folder ``$PASSWORDS``, so that neither
stands on a command line; names reach SQL only through ``:'…'`` and ``format('%I', …)``. Written for a master user that is not a superuser
(RDS), and run as one that is none by the tests.

Who is who: the *owner* owns a tenant's database and cannot log in; the *login* works in it and can neither drop it nor enter another's.
In the pooled tenancy the shared workers' login owns the databases, because Odoo lists only databases that its own user owns
(``list_dbs`` in ``odoo/service/db.py``, 16 to 19). Inside each database it takes the tenant's role, to which nobody can log in then, so that
what it makes there belongs to the tenant and can be moved out by itself.
"""

PRELUDE = r"""
\set ON_ERROR_STOP on
\set QUIET on
-- Keep passwords out of the server's log, as far as this user may decide that.
DO $$
DECLARE setting text;
BEGIN
  FOREACH setting IN ARRAY ARRAY['log_statement=none', 'log_min_duration_statement=-1', 'log_min_error_statement=panic'] LOOP
    BEGIN
      PERFORM set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), false);
    EXCEPTION WHEN insufficient_privilege THEN NULL;
    END;
  END LOOP;
END $$;
-- Jobs of several tenants meet on one instance; grants on a shared object fail when they run at the same moment.
SELECT pg_advisory_lock(hashtext('estate database jobs')) \g /dev/null

-- HMAC-SHA-256 (RFC 2104).
CREATE FUNCTION pg_temp.hmac_pad(key bytea, mask int) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  short bytea := CASE WHEN length(key) > 64 THEN sha256(key) ELSE key END;
  pad bytea := decode(repeat(lpad(to_hex(mask), 2, '0'), 64), 'hex');
BEGIN
  FOR i IN 0 .. length(short) - 1 LOOP
    pad := set_byte(pad, i, get_byte(short, i) # mask);
  END LOOP;
  RETURN pad;
END $$;
CREATE FUNCTION pg_temp.hmac(key bytea, message bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(pg_temp.hmac_pad(key, 92) || sha256(pg_temp.hmac_pad(key, 54) || message))
$$;

-- The verifier that PostgreSQL keeps for a password (RFC 5802, RFC 7677). It is made here because the pooler needs the very same one, and
-- RDS shows it to nobody once it is stored.
CREATE FUNCTION pg_temp.scram_verifier(password text, salt bytea) RETURNS text LANGUAGE plpgsql STRICT AS $$
DECLARE
  iterations constant int := 4096;
  inner_pad bytea := pg_temp.hmac_pad(convert_to(password, 'UTF8'), 54);
  outer_pad bytea := pg_temp.hmac_pad(convert_to(password, 'UTF8'), 92);
  block bytea;
  total bit(256);
  salted bytea;
BEGIN
  block := sha256(outer_pad || sha256(inner_pad || salt || '\x00000001'::bytea));
  total := ('x' || encode(block, 'hex'))::bit(256);
  FOR i IN 2 .. iterations LOOP
    block := sha256(outer_pad || sha256(inner_pad || block));
    total := total # ('x' || encode(block, 'hex'))::bit(256);
  END LOOP;
  salted := decode((SELECT string_agg(lpad(to_hex(substring(total FROM 1 + 32 * n FOR 32)::bit(32)::bigint), 8, '0'), '' ORDER BY n)
                    FROM generate_series(0, 7) AS n), 'hex');
  RETURN format('SCRAM-SHA-256$%s:%s$%s:%s', iterations, encode(salt, 'base64'),
    encode(sha256(pg_temp.hmac(salted, 'Client Key')), 'base64'), encode(pg_temp.hmac(salted, 'Server Key'), 'base64'));
END $$;

-- The stored verifier where it fits the password, so that a second run changes nothing; otherwise a new one.
CREATE FUNCTION pg_temp.verifier(password text, stored text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN stored = pg_temp.scram_verifier(password, decode(substring(stored FROM '^SCRAM-SHA-256\$4096:([^$]+)\$'), 'base64'))
    THEN stored ELSE pg_temp.scram_verifier(password, uuid_send(gen_random_uuid())) END
$$;
"""

INSTANCE = r"""
\getenv pooler POOLER
\set pooler_password `cat "$PASSWORDS/pooler"`
-- Where the pooler looks verifiers up. Only the function is open to it, and to nobody else.
CREATE SCHEMA IF NOT EXISTS pooler;
CREATE TABLE IF NOT EXISTS pooler.login (login name PRIMARY KEY, verifier text NOT NULL);
REVOKE ALL ON SCHEMA pooler FROM PUBLIC;
REVOKE ALL ON TABLE pooler.login FROM PUBLIC;
CREATE OR REPLACE FUNCTION pooler.lookup(wanted text) RETURNS TABLE (login text, verifier text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ SELECT entry.login::text, entry.verifier FROM pooler.login AS entry WHERE entry.login = wanted $$;
REVOKE ALL ON FUNCTION pooler.lookup(text) FROM PUBLIC;
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', :'pooler')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'pooler') \gexec
SELECT pg_temp.scram_verifier(:'pooler_password', uuid_send(gen_random_uuid())) AS pooler_verifier \gset
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', :'pooler', :'pooler_verifier') \gexec
SELECT format('GRANT CONNECT ON DATABASE postgres TO %1$I', :'pooler') \gexec
SELECT format('GRANT USAGE ON SCHEMA pooler TO %1$I', :'pooler') \gexec
SELECT format('GRANT EXECUTE ON FUNCTION pooler.lookup(text) TO %1$I', :'pooler') \gexec
"""

LOGIN = r"""
\getenv login LOGIN
\getenv connection_limit CONNECTION_LIMIT
\set login_password `cat "$PASSWORDS/login"`
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', :'login')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'login') \gexec
SELECT pg_temp.verifier(:'login_password', (SELECT verifier FROM pooler.login WHERE login = :'login')) AS login_verifier \gset
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE CONNECTION LIMIT %s PASSWORD %L',
              :'login', :'connection_limit'::int, :'login_verifier') \gexec
INSERT INTO pooler.login (login, verifier) VALUES (:'login', :'login_verifier')
  ON CONFLICT (login) DO UPDATE SET verifier = excluded.verifier WHERE pooler.login.verifier <> excluded.verifier;
-- Odoo's bus and its job trigger are in the database postgres.
SELECT format('GRANT CONNECT ON DATABASE postgres TO %I', :'login') \gexec
"""

DATABASE = r"""
\getenv database DATABASE
\getenv login LOGIN
\getenv owner OWNER
\getenv pool_login POOL_LOGIN
\getenv extensions EXTENSIONS
\getenv statement_timeout STATEMENT_TIMEOUT
\getenv idle_timeout IDLE_TIMEOUT
\getenv connection_limit CONNECTION_LIMIT
SELECT :'pool_login' <> '' AS pooled \gset
-- A tenant that leaves its shared workers takes its database out of their hands.
SELECT format('REVOKE %I FROM %I', :'login', member.rolname)
  FROM pg_auth_members JOIN pg_roles AS granted ON granted.oid = roleid JOIN pg_roles AS member ON member.oid = pg_auth_members.member
  WHERE granted.rolname = :'login' AND member.rolname NOT IN (:'pool_login', current_user) \gexec
SELECT format('ALTER ROLE %I IN DATABASE %I RESET ALL', rolname, datname)
  FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase JOIN pg_roles ON pg_roles.oid = setrole
  WHERE datname = :'database' AND rolname NOT IN (:'pool_login', :'login') \gexec
\if :pooled
  \set holder :pool_login
  SELECT format('CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE', :'login')
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'login') \gexec
  SELECT format('ALTER ROLE %I NOLOGIN PASSWORD NULL', :'login') \gexec
  DELETE FROM pooler.login WHERE login = :'login';
  -- Fails when the shared workers' login is missing: the platform has to be up before its tenants.
  SELECT format('GRANT %I TO %I', :'login', :'pool_login') \gexec
\else
  \set holder :owner
  SELECT format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', :'owner')
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
\endif
-- Only a member of a role may give it a database, unless a superuser does.
SELECT format('GRANT %I TO CURRENT_USER', :'holder')
  WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec
-- What an interrupted DROP DATABASE leaves behind (since 15.4) accepts no connection and can only be dropped.
SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname = :'database' AND datconnlimit = -2 \gexec
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8'' LC_COLLATE ''C''', :'database', :'holder')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', :'database', :'holder')
  FROM pg_database WHERE datname = :'database' AND datdba <> (SELECT oid FROM pg_roles WHERE rolname = :'holder') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', :'database', :'login') \gexec
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', :'database', :'connection_limit'::int) \gexec
-- Settings belong to the role that connects, so the shared workers' login needs them as well.
SELECT format('ALTER ROLE %I IN DATABASE %I SET %s', connecting, :'database', setting)
  FROM unnest(ARRAY[:'login', nullif(:'pool_login', '')]) AS connecting,
       unnest(ARRAY[format('statement_timeout = %L', :'statement_timeout'),
                    format('idle_in_transaction_session_timeout = %L', :'idle_timeout')]) AS setting
  WHERE connecting IS NOT NULL \gexec
\if :pooled
  SELECT format('ALTER ROLE %I IN DATABASE %I SET role = %L', :'pool_login', :'database', :'login') \gexec
\endif
SELECT format('dbname=''%s''', replace(replace(:'database', '\', '\\'), '''', '\''')) AS conninfo \gset
\connect -reuse-previous=on :"conninfo"
SELECT format('CREATE EXTENSION IF NOT EXISTS %I', extension) FROM unnest(string_to_array(:'extensions', ',')) AS extension \gexec
-- The schema belongs to whoever owns the database; a mere member of that role would be ignored with a warning.
SELECT format('SET ROLE %I', :'holder') \gexec
SELECT format('GRANT USAGE, CREATE ON SCHEMA public TO %I', :'login') \gexec
"""


def instance_script() -> str:
    """Once per instance: the pooler's login and its table of verifiers. Variable: ``POOLER``; password: ``pooler``."""
    return PRELUDE + INSTANCE


def login_script() -> str:
    """A login of shared workers. Variables: ``LOGIN``, ``CONNECTION_LIMIT``; password: ``login``."""
    return PRELUDE + LOGIN


def tenant_script() -> str:
    """A tenant's login and database, in an instance that is prepared.

    Variables: those of `login_script` and `pooled_tenant_script`, with an empty ``POOL_LOGIN``. Password: ``login``.
    """
    return PRELUDE + LOGIN + DATABASE


def pooled_tenant_script() -> str:
    """A database for shared workers.

    Variables: ``DATABASE``, ``LOGIN`` (the tenant's role), ``OWNER``, ``POOL_LOGIN``, ``EXTENSIONS`` (comma-separated), ``CONNECTION_LIMIT``,
    ``STATEMENT_TIMEOUT`` and ``IDLE_TIMEOUT`` (with unit). No password.
    """
    return PRELUDE + DATABASE
