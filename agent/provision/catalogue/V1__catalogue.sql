-- What the agents know about the tenants of this database. Owned by the admin role, which runs this.
-- Tenants' roles see their own rows only: everything they may touch goes through tenantry.my_tenant.

CREATE SCHEMA tenantry;
GRANT USAGE ON SCHEMA tenantry TO PUBLIC;

CREATE TABLE tenantry.versions (
  version    integer PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tenantry.tenants (
  tenant_id      text PRIMARY KEY,
  owner_uid      text NOT NULL,
  owner          text NOT NULL,
  isolation      text NOT NULL CHECK (isolation IN ('Schema', 'Database', 'RowLevel')),
  database_name  text NOT NULL,
  schema_name    text NOT NULL,
  state          text NOT NULL CHECK (state IN ('Active', 'Retained')),
  config         jsonb NOT NULL DEFAULT '{}',
  -- Changes whenever the tenant's storage was made anew, so that loads are known to be gone.
  incarnation    uuid NOT NULL DEFAULT gen_random_uuid(),
  -- The rules we gave the tenant's Redis user, and how that Redis renders them.
  redis_rules    text,
  redis_commands text,
  provisioned_at timestamptz,
  created_at     timestamptz NOT NULL DEFAULT now()
);

-- Which tenant a role works for. Row security looks it up by current_user.
CREATE TABLE tenantry.row_tenants (
  role_name name PRIMARY KEY,
  tenant_id text NOT NULL
);
CREATE INDEX row_tenants_tenant ON tenantry.row_tenants (tenant_id);

CREATE VIEW tenantry.my_tenant WITH (security_barrier) AS
  SELECT r.tenant_id FROM tenantry.row_tenants AS r WHERE r.role_name = current_user;
GRANT SELECT ON tenantry.my_tenant TO PUBLIC;

CREATE VIEW tenantry.my_config WITH (security_barrier) AS
  SELECT t.tenant_id, t.config
    FROM tenantry.tenants AS t
    JOIN tenantry.row_tenants AS r ON r.tenant_id = t.tenant_id
   WHERE r.role_name = current_user;
GRANT SELECT ON tenantry.my_config TO PUBLIC;

CREATE FUNCTION tenantry.my_tenant_id() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT m.tenant_id FROM tenantry.my_tenant AS m;
END;

-- What was loaded, written by the tenant's own login.
CREATE TABLE tenantry.loads (
  tenant_id    text NOT NULL DEFAULT tenantry.my_tenant_id(),
  fixture_set  text NOT NULL,
  dataset      text NOT NULL,
  content_hash text NOT NULL,
  counters     jsonb NOT NULL DEFAULT '{}',
  bytes        bigint NOT NULL DEFAULT 0,
  loaded_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, fixture_set, dataset)
);

CREATE TABLE tenantry.loaded_rows (
  tenant_id    text NOT NULL DEFAULT tenantry.my_tenant_id(),
  fixture_set  text NOT NULL,
  dataset      text NOT NULL,
  table_schema text NOT NULL,
  table_name   text NOT NULL,
  row_key      jsonb NOT NULL
);
CREATE INDEX loaded_rows_key
  ON tenantry.loaded_rows (tenant_id, fixture_set, dataset, table_schema, table_name);

ALTER TABLE tenantry.loads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tenantry.loaded_rows ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON tenantry.loads
  USING (tenant_id = (SELECT m.tenant_id FROM tenantry.my_tenant AS m))
  WITH CHECK (tenant_id = (SELECT m.tenant_id FROM tenantry.my_tenant AS m));
CREATE POLICY own_rows ON tenantry.loaded_rows
  USING (tenant_id = (SELECT m.tenant_id FROM tenantry.my_tenant AS m))
  WITH CHECK (tenant_id = (SELECT m.tenant_id FROM tenantry.my_tenant AS m));
CREATE POLICY admin ON tenantry.loads TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY admin ON tenantry.loaded_rows TO CURRENT_USER USING (true) WITH CHECK (true);
-- To everybody: row security refuses whoever has no row in row_tenants, and an access list of
-- thousands of roles would be read at every access.
GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.loads, tenantry.loaded_rows TO PUBLIC;

CREATE TABLE tenantry.audit (
  at        timestamptz NOT NULL DEFAULT now(),
  actor     text NOT NULL,
  tenant_id text NOT NULL,
  action    text NOT NULL,
  detail    text NOT NULL
);
CREATE INDEX audit_tenant ON tenantry.audit (tenant_id, at);

INSERT INTO tenantry.versions (version) VALUES (1);
