r"""SQL that prepares an instance, a login and a tenant's database; every script may run twice, or again after it broke off.

The scripts are psql's. Names come from environment variables (``\getenv``), passwords from files in the folder ``$PASSWORDS``, so that neither
stands on a command line; names reach SQL only through ``:'…'`` and ``format('%I', …)``. Written for a master user that is not a superuser
(RDS), and run as one that is none by the tests.

Who is who: the *owner* owns a tenant's database; the *login* owns what is in it, and can neither drop it nor enter another's; nobody can log in
as either. Odoo comes in as one of two *users*, which turn into the login. A rotation makes the user that is not in use, and the other goes on for a
day: a role has one password only, and the pods hear of a new one after the server does.
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
\getenv connection_limit CONNECTION_LIMIT
\set pooler_password `cat "$PASSWORDS/pooler"`
-- Where the pooler looks verifiers up. Only the function is open to it, and to nobody else. Roles that are suspended or past their last day
-- are not found, so that the pooler refuses them as the server does.
CREATE SCHEMA IF NOT EXISTS pooler;
CREATE TABLE IF NOT EXISTS pooler.login (login name PRIMARY KEY, verifier text NOT NULL);
CREATE TABLE IF NOT EXISTS pooler.suspended (database name PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS pooler.removed (database name, removed timestamptz DEFAULT now(), final_dump text NOT NULL, approver text NOT NULL,
  PRIMARY KEY (database, removed));
REVOKE ALL ON SCHEMA pooler FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA pooler FROM PUBLIC;
CREATE OR REPLACE FUNCTION pooler.lookup(wanted text) RETURNS TABLE (login text, verifier text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ SELECT entry.login::text, entry.verifier FROM pooler.login AS entry JOIN pg_roles ON rolname = entry.login
   WHERE entry.login = wanted AND rolcanlogin AND coalesce(rolvaliduntil, 'infinity') > now() $$;
REVOKE ALL ON FUNCTION pooler.lookup(text) FROM PUBLIC;
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', :'pooler')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'pooler') \gexec
SELECT pg_temp.scram_verifier(:'pooler_password', uuid_send(gen_random_uuid())) AS pooler_verifier \gset
SELECT format('ALTER ROLE %I LOGIN CONNECTION LIMIT %s PASSWORD %L', :'pooler', :'connection_limit'::int, :'pooler_verifier') \gexec
SELECT format('GRANT CONNECT ON DATABASE postgres TO %1$I', :'pooler') \gexec
SELECT format('GRANT USAGE ON SCHEMA pooler TO %1$I', :'pooler') \gexec
SELECT format('GRANT EXECUTE ON FUNCTION pooler.lookup(text) TO %1$I', :'pooler') \gexec
"""

GRACE = "\\set grace '1 day'\n"
"""How long a former user goes on: a rollout takes minutes, a night may lie between a failed one and its repetition."""

LOGIN = r"""
\getenv connection_limit CONNECTION_LIMIT
\set login_password `cat "$PASSWORDS/login"`
SELECT format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', :'entering')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'entering') \gexec
SELECT pg_temp.verifier(:'login_password', (SELECT verifier FROM pooler.login WHERE login = :'entering')) AS login_verifier \gset
-- The server's verifier and the pooler's change in one transaction: no client meets two passwords.
BEGIN;
SELECT format('ALTER ROLE %I %s NOCREATEDB NOCREATEROLE CONNECTION LIMIT %s PASSWORD %L VALID UNTIL ''infinity''', :'entering',
              CASE WHEN :'suspended'::boolean THEN 'NOLOGIN' ELSE 'LOGIN' END, :'connection_limit'::int, :'login_verifier') \gexec
INSERT INTO pooler.login (login, verifier) VALUES (:'entering', :'login_verifier')
  ON CONFLICT (login) DO UPDATE SET verifier = excluded.verifier WHERE pooler.login.verifier <> excluded.verifier;
COMMIT;
-- Odoo's bus and its job trigger are in the database postgres.
SELECT format('GRANT CONNECT ON DATABASE postgres TO %I', :'entering') \gexec
"""

DATABASE = r"""
\getenv database DATABASE
\getenv login LOGIN
\getenv owner OWNER
\getenv pool_login POOL_LOGIN
\getenv user USER_NAME
\getenv former_user FORMER_USER
\getenv extensions EXTENSIONS
\getenv statement_timeout STATEMENT_TIMEOUT
\getenv idle_timeout IDLE_TIMEOUT
\getenv connection_limit CONNECTION_LIMIT
\getenv suspended SUSPENDED
SELECT :'pool_login' <> '' AS pooled, :'suspended'::boolean AS suspended \gset
SELECT format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role)
  FROM unnest(ARRAY[:'login', :'owner']) AS role WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
-- A tenant that leaves its shared workers takes its database out of their hands; one that joins them needs no users of its own.
SELECT format('REVOKE %I FROM %I', :'login', member.rolname)
  FROM pg_auth_members JOIN pg_roles AS granted ON granted.oid = roleid JOIN pg_roles AS member ON member.oid = pg_auth_members.member
  WHERE granted.rolname = :'login' AND member.rolname NOT IN (:'pool_login', :'user', :'former_user', current_user) \gexec
SELECT format('ALTER ROLE %I IN DATABASE %I RESET ALL', rolname, datname)
  FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase JOIN pg_roles ON pg_roles.oid = setrole
  WHERE datname = :'database' AND rolname NOT IN (:'pool_login', :'user', :'former_user') \gexec
\if :pooled
  -- Fails when the shared workers' login is missing: the platform has to be up before its tenants.
  SELECT format('GRANT %I TO %I', :'login', :'pool_login') \gexec
\else
  SELECT format('GRANT %I TO %I', :'login', :'user') \gexec
  -- The former user goes on for a while, for the pods that have not heard of the new one, and ends by itself.
  SELECT format('ALTER ROLE %I VALID UNTIL %L', rolname, now() + :'grace'::interval)
    FROM pg_roles WHERE rolname = :'former_user' AND coalesce(rolvaliduntil, 'infinity') = 'infinity' \gexec
\endif
SELECT format('ALTER ROLE %I %s', rolname, CASE WHEN shut THEN 'NOLOGIN' ELSE 'LOGIN' END)
  FROM pg_roles, (SELECT :'suspended'::boolean OR :'pooled'::boolean AS shut) AS entry
  WHERE rolname IN (:'user', :'former_user') AND rolcanlogin = shut \gexec
-- Only a member of a role may give it a database, or take one from it, unless a superuser does.
SELECT format('GRANT %I TO CURRENT_USER', role)
  FROM unnest(ARRAY[:'owner', :'login', nullif(:'pool_login', '')]) AS role
  WHERE role IS NOT NULL AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec
-- While the tenant is suspended its database belongs to a role that nobody can log in as: shared workers do not list it any more.
SELECT CASE WHEN :'pooled'::boolean AND NOT :'suspended'::boolean THEN :'pool_login' ELSE :'owner' END AS holder \gset
-- What an interrupted DROP DATABASE leaves behind (since 15.4) accepts no connection and can only be dropped.
SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname = :'database' AND datconnlimit = -2 \gexec
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8'' LC_COLLATE ''C''', :'database', :'holder')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', :'database', :'holder')
  FROM pg_database WHERE datname = :'database' AND datdba <> (SELECT oid FROM pg_roles WHERE rolname = :'holder') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', :'database', :'connection_limit'::int) \gexec
\if :suspended
  INSERT INTO pooler.suspended (database) VALUES (:'database') ON CONFLICT DO NOTHING;
  -- Whoever it is: workers, and people who read.
  SELECT format('REVOKE ALL ON DATABASE %I FROM %I', datname, rolname)
    FROM pg_database, aclexplode(datacl) JOIN pg_roles ON pg_roles.oid = grantee WHERE datname = :'database' AND grantee <> datdba \gexec
  -- Nobody comes in any more; now those who are inside leave. The users' sessions on the bus as well, the shared workers' not.
  SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (datname = :'database' OR usename IN (:'user', :'former_user')) \g /dev/null
\else
  SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', :'database', :'login') \gexec
  DELETE FROM pooler.suspended WHERE database = :'database';
\endif
-- Settings belong to the role that connects. It turns into the tenant's role, so that what it makes belongs to the tenant.
SELECT format('ALTER ROLE %I IN DATABASE %I SET %s', rolname, :'database', setting)
  FROM pg_roles,
       unnest(ARRAY[format('statement_timeout = %L', :'statement_timeout'),
                    format('idle_in_transaction_session_timeout = %L', :'idle_timeout'),
                    format('role = %L', :'login')]) AS setting
  WHERE rolname IN (:'pool_login', :'user', :'former_user') \gexec
SELECT format('dbname=''%s''', replace(replace(:'database', '\', '\\'), '''', '\''')) AS conninfo \gset
\connect -reuse-previous=on :"conninfo"
SELECT format('CREATE EXTENSION IF NOT EXISTS %I', extension) FROM unnest(string_to_array(:'extensions', ',')) AS extension \gexec
-- The schema belongs to whoever owns the database; a mere member of that role would be ignored with a warning.
SELECT format('SET ROLE %I', :'holder') \gexec
SELECT format('GRANT USAGE, CREATE ON SCHEMA public TO %I', :'login') \gexec
"""

REMOVAL = r"""
\getenv database DATABASE
\getenv login LOGIN
\getenv owner OWNER
\getenv pool_login POOL_LOGIN
\getenv user USER_NAME
\getenv former_user FORMER_USER
\getenv remove_on REMOVE_ON
\getenv notice_days NOTICE_DAYS
\getenv final_dump FINAL_DUMP
\getenv approver APPROVER
CREATE FUNCTION pg_temp.demand(fulfilled boolean, otherwise text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF fulfilled IS NOT TRUE THEN RAISE EXCEPTION 'removal refused: %', otherwise; END IF;
END $$;
SELECT EXISTS (SELECT FROM pg_database WHERE datname = :'database') AS present,
  EXISTS (SELECT FROM pooler.removed WHERE database = :'database' AND final_dump = :'final_dump')
    AND NOT EXISTS (SELECT FROM pooler.suspended WHERE database = :'database') AS finished \gset
\if :finished
  -- Nothing is left to do, and a database that was made anew under the same name is not this one.
  \quit
\endif
SELECT coalesce((SELECT since::text FROM pooler.suspended WHERE database = :'database'), '') AS since \gset
SELECT pg_temp.demand(:'since' <> '', format('%s is not suspended', :'database')) \g /dev/null
SELECT pg_temp.demand(:'since'::timestamptz <= now() - make_interval(days => :'notice_days'::int),
                      format('%s is suspended since %s, less than %s days', :'database', :'since', :'notice_days')) \g /dev/null
SELECT pg_temp.demand(current_date >= :'remove_on'::date, format('%s stays until %s', :'database', :'remove_on')) \g /dev/null
SELECT pg_temp.demand(:'final_dump' ~ '^[0-9]{8}T[0-9]{6}Z$', format('"%s" is not the name of a dump', :'final_dump')) \g /dev/null
SELECT pg_temp.demand(to_timestamp(:'final_dump', 'YYYYMMDD"T"HH24MISS') AT TIME ZONE current_setting('TimeZone') AT TIME ZONE 'UTC'
                        BETWEEN :'since'::timestamptz AND now(),
                      format('the dump %s was not taken since the suspension of %s', :'final_dump', :'since')) \g /dev/null
SELECT pg_temp.demand(:'approver' <> '', 'nobody approved it') \g /dev/null
SELECT pg_temp.demand(NOT EXISTS (SELECT FROM pg_roles WHERE rolname IN (:'user', :'former_user', :'login', :'owner') AND rolcanlogin),
                      'a role of the tenant can log in') \g /dev/null
\if :present
  SELECT pg_temp.demand(NOT EXISTS (SELECT FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
                                    WHERE datname = :'database' AND grantee <> datdba), 'a role may still connect') \g /dev/null
  SELECT pg_temp.demand(NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = :'database'), 'somebody is connected') \g /dev/null
  SELECT pg_temp.demand((SELECT datdba FROM pg_database WHERE datname = :'database') = (SELECT oid FROM pg_roles WHERE rolname = :'owner'),
                        'the database belongs to another') \g /dev/null
  SELECT format('DROP DATABASE %I', :'database') \gexec
\endif
SELECT format('REVOKE ALL ON DATABASE postgres FROM %I', rolname)
  FROM pg_roles WHERE rolname IN (:'user', :'former_user', :'login', :'owner') \gexec
DELETE FROM pooler.login WHERE login IN (:'user', :'former_user', :'login');
SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname IN (:'user', :'former_user', :'login', :'owner') \gexec
-- The record of the removal, and the end of the suspension, in one transaction.
BEGIN;
INSERT INTO pooler.removed (database, final_dump, approver) VALUES (:'database', :'final_dump', :'approver');
DELETE FROM pooler.suspended WHERE database = :'database';
COMMIT;
"""

EXPIRY = r"""
\getenv database DATABASE
\getenv login LOGIN
\getenv owner OWNER
\getenv user USER_NAME
\getenv former_user FORMER_USER
-- Nobody comes in any more; then those who are inside leave. What an interrupted copy has left beside goes as well.
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS false', datname)
  FROM pg_database WHERE datname IN (:'database', :'database' || '__copy') AND datconnlimit <> -2 \gexec
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
  WHERE pid <> pg_backend_pid() AND (datname IN (:'database', :'database' || '__copy') OR usename IN (:'user', :'former_user')) \g /dev/null
SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname IN (:'database', :'database' || '__copy') \gexec
SELECT format('REVOKE ALL ON DATABASE postgres FROM %I', rolname)
  FROM pg_roles WHERE rolname IN (:'user', :'former_user', :'login', :'owner') \gexec
DELETE FROM pooler.login WHERE login IN (:'user', :'former_user', :'login');
DELETE FROM pooler.suspended WHERE database = :'database';
SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname IN (:'user', :'former_user', :'login', :'owner') \gexec
"""


def instance_script() -> str:
    """Once per instance: the pooler's login and its tables. Variables: ``POOLER``, ``CONNECTION_LIMIT``; password: ``pooler``."""
    return PRELUDE + INSTANCE


def login_script() -> str:
    """A login of shared workers. Variables: ``LOGIN``, ``CONNECTION_LIMIT``; password: ``login``."""
    return PRELUDE + "\\getenv entering LOGIN\n\\set suspended false\n" + LOGIN


def tenant_script() -> str:
    """A tenant's user and database, in an instance that is prepared.

    Variables: those of `pooled_tenant_script`, with an empty ``POOL_LOGIN``. Password: ``login``, that of ``USER_NAME``.
    """
    return PRELUDE + "\\getenv entering USER_NAME\n\\getenv suspended SUSPENDED\n" + LOGIN + GRACE + DATABASE


def pooled_tenant_script() -> str:
    """A database for shared workers.

    Variables: ``DATABASE``, ``LOGIN`` (the tenant's role), ``OWNER``, ``POOL_LOGIN``, ``USER_NAME`` and ``FORMER_USER`` (the tenant's own users,
    which it has only while it has workers of its own), ``EXTENSIONS`` (comma-separated), ``CONNECTION_LIMIT``, ``STATEMENT_TIMEOUT`` and
    ``IDLE_TIMEOUT`` (with unit), ``SUSPENDED`` (true: nobody gets in, all data stays). No password.
    """
    return PRELUDE + GRACE + DATABASE


def expiry_script() -> str:
    """The end of a trial's database and roles, on the day after its last. Variables: ``DATABASE``, ``LOGIN``, ``OWNER``, ``USER_NAME``,
    ``FORMER_USER``. No password."""
    return PRELUDE + EXPIRY


def removal_script() -> str:
    """The end of a tenant's database and roles. It refuses unless the tenant has been suspended for long enough, its day has come, a dump of
    after the suspension is named, and nobody is connected; what it did is kept in ``pooler.removed``.

    Variables: ``DATABASE``, ``LOGIN``, ``OWNER``, ``POOL_LOGIN``, ``USER_NAME``, ``FORMER_USER``, ``REMOVE_ON`` (ISO date), ``NOTICE_DAYS``,
    ``FINAL_DUMP`` (``YYYYMMDDTHHMMSSZ``), ``APPROVER``. No password.
    """
    return PRELUDE + REMOVAL
