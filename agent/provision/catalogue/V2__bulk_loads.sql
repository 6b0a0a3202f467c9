-- Loads that write in chunks, each in one transaction with its checkpoint. A load belongs to a
-- tenant (written by the tenant's role), or to the role that ran it (tenant_id is empty).

CREATE FUNCTION tenantry.my_load_role() RETURNS name LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN tenantry.my_tenant_id() IS NULL THEN current_user ELSE '' END;
END;

CREATE TABLE tenantry.bulk_loads (
  tenant_id    text NOT NULL DEFAULT coalesce(tenantry.my_tenant_id(), ''),
  role_name    name NOT NULL DEFAULT tenantry.my_load_role(),
  load_id      text NOT NULL,
  run          integer NOT NULL,
  table_schema text NOT NULL,
  table_name   text NOT NULL,
  source       text NOT NULL,
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
  PRIMARY KEY (tenant_id, role_name, load_id)
);

CREATE TABLE tenantry.bulk_chunks (
  tenant_id text NOT NULL DEFAULT coalesce(tenantry.my_tenant_id(), ''),
  role_name name NOT NULL DEFAULT tenantry.my_load_role(),
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
  PRIMARY KEY (tenant_id, role_name, load_id, run, chunk, lane)
);

ALTER TABLE tenantry.bulk_loads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tenantry.bulk_chunks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON tenantry.bulk_loads
  USING (tenant_id = coalesce((SELECT m.tenant_id FROM tenantry.my_tenant AS m), '')
         AND (tenant_id <> '' OR role_name = current_user))
  WITH CHECK (tenant_id = coalesce((SELECT m.tenant_id FROM tenantry.my_tenant AS m), '')
              AND (tenant_id <> '' OR role_name = current_user));
CREATE POLICY own_rows ON tenantry.bulk_chunks
  USING (tenant_id = coalesce((SELECT m.tenant_id FROM tenantry.my_tenant AS m), '')
         AND (tenant_id <> '' OR role_name = current_user))
  WITH CHECK (tenant_id = coalesce((SELECT m.tenant_id FROM tenantry.my_tenant AS m), '')
              AND (tenant_id <> '' OR role_name = current_user));
CREATE POLICY admin ON tenantry.bulk_loads TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY admin ON tenantry.bulk_chunks TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.bulk_loads, tenantry.bulk_chunks TO PUBLIC;

-- Objects are merged member by member, everything else is replaced.
CREATE FUNCTION tenantry.merge_jsonb(old jsonb, new jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN jsonb_typeof(old) = 'object' AND jsonb_typeof(new) = 'object' THEN (
    SELECT jsonb_object_agg(k, CASE WHEN NOT new ? k THEN old -> k
                                    WHEN NOT old ? k THEN new -> k
                                    ELSE tenantry.merge_jsonb(old -> k, new -> k) END)
    FROM jsonb_object_keys(old || new) AS k)
  ELSE coalesce(new, old) END
$$;

INSERT INTO tenantry.versions (version) VALUES (2);
