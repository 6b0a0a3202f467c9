#pragma once

namespace tenantry::load {

inline constexpr char kTables[] = R"(
CREATE TABLE artists (artist_id text PRIMARY KEY, name text NOT NULL);
CREATE TYPE mood AS ENUM ('calm', 'loud');
CREATE DOMAIN score AS integer CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE songs (
  song_id   text PRIMARY KEY,
  artist_id text REFERENCES artists,
  cover_of  text REFERENCES songs,
  title     text,
  plays     bigint NOT NULL DEFAULT 7 CONSTRAINT plays_counted CHECK (plays >= 0),
  released  date,
  rating    numeric(3, 1),
  code      varchar(4) CONSTRAINT one_code UNIQUE,
  live      boolean,
  tags      text[],
  matrix    integer[],
  documents jsonb[],
  data      jsonb,
  note      json,
  mood      mood,
  score     score,
  added     timestamptz NOT NULL DEFAULT '2026-01-02 03:04:05Z',
  length    integer GENERATED ALWAYS AS (length(title)) STORED,
  CONSTRAINT rated_when_released CHECK (rating IS NULL OR released IS NOT NULL)
);
CREATE TABLE required (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, label text);
CREATE TABLE keyless (label text);
CREATE TABLE "Odd ""na;me" ("sel""ect" integer PRIMARY KEY, record text, absent text, c1 text);
CREATE TABLE events (id integer, day date, label text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE later (id integer PRIMARY KEY,
                    next integer CONSTRAINT later_next REFERENCES later DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE guarded (id integer PRIMARY KEY);
CREATE FUNCTION refuse_seven() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF NEW.id = 7 THEN RAISE EXCEPTION 'seven is taken'; END IF; RETURN NEW; END $$;
CREATE TRIGGER refuse_seven BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION refuse_seven();
CREATE VIEW song_titles AS SELECT title FROM songs;
)";

}  // namespace tenantry::load
