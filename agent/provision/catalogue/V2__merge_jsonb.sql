-- For loads with conflict: Merge.

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
