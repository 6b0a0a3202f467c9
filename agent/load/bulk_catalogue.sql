-- What `tenantry load` knows about its loads: each chunk is written in one transaction with its row
-- in `chunks`. Whoever loads first makes it; everybody sees the loads of their own role only.

CREATE SCHEMA tenantry_loads;
GRANT USAGE ON SCHEMA tenantry_loads TO PUBLIC;

CREATE TABLE tenantry_loads.loads (
  role_name    name NOT NULL DEFAULT current_user,
  load_id      text NOT NULL,
  run          integer NOT NULL,
  table_schema text NOT NULL,
  table_name   text NOT NULL,
  source       text NOT NULL,
  owner        text NOT NULL,  -- UID of the FixtureSet; empty: whoever gave a command
  settings     text NOT NULL,
  lanes        integer NOT NULL,
  -- What tells that the table is still the one that was loaded.
  table_state  text NOT NULL,
  state        text NOT NULL CHECK (state IN ('Running', 'Succeeded')),
  content_hash text,
  bytes        bigint NOT NULL DEFAULT 0,
  counters     jsonb NOT NULL DEFAULT '{}',
  started_at   timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  PRIMARY KEY (role_name, load_id)
);

CREATE TABLE tenantry_loads.chunks (
  role_name name NOT NULL DEFAULT current_user,
  load_id   text NOT NULL,
  run       integer NOT NULL,
  chunk     integer NOT NULL,
  lane      integer NOT NULL,
  byte_from bigint NOT NULL,
  byte_to   bigint NOT NULL,
  hash      text NOT NULL,
  read      bigint NOT NULL,
  inserted  bigint NOT NULL,
  updated   bigint NOT NULL,
  unchanged bigint NOT NULL,
  skipped   bigint NOT NULL,
  rejected  bigint NOT NULL,
  PRIMARY KEY (role_name, load_id, run, chunk, lane)
);

ALTER TABLE tenantry_loads.loads ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenantry_loads.chunks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON tenantry_loads.loads
  USING (role_name = current_user) WITH CHECK (role_name = current_user);
CREATE POLICY own_rows ON tenantry_loads.chunks
  USING (role_name = current_user) WITH CHECK (role_name = current_user);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry_loads.loads, tenantry_loads.chunks TO PUBLIC;

-- Objects are merged member by member, everything else is replaced.
CREATE FUNCTION tenantry_loads.merge_jsonb(old jsonb, new jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN jsonb_typeof(old) = 'object' AND jsonb_typeof(new) = 'object' THEN (
    SELECT jsonb_object_agg(k, CASE WHEN NOT new ? k THEN old -> k
                                    WHEN NOT old ? k THEN new -> k
                                    ELSE tenantry_loads.merge_jsonb(old -> k, new -> k) END)
    FROM jsonb_object_keys(old || new) AS k)
  ELSE coalesce(new, old) END
$$;
