-- Music: artists, albums, tracks, users, what they listen to, what they do, and features for models.
-- Runs unchanged in a schema of one tenant and in a shared one: every key starts with tenant_id.
-- Column names are the field names of the fixtures.

CREATE TABLE artists (
  tenant_id         text NOT NULL,
  artist_id         text NOT NULL,
  name              text NOT NULL CHECK (name <> ''),
  biography         text,
  genres            jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(genres) = 'array'),
  country           char(2) CHECK (country ~ '^[A-Z]{2}$'),
  monthly_listeners bigint NOT NULL DEFAULT 0 CHECK (monthly_listeners >= 0),
  is_verified       boolean NOT NULL DEFAULT false,
  social_media      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(social_media) = 'object'),
  PRIMARY KEY (tenant_id, artist_id)
);
CREATE INDEX artists_name ON artists (tenant_id, name);

CREATE TABLE albums (
  tenant_id    text NOT NULL,
  album_id     text NOT NULL,
  artist_id    text NOT NULL,
  title        text NOT NULL CHECK (title <> ''),
  album_type   text NOT NULL DEFAULT 'album'
               CHECK (album_type IN ('album', 'single', 'ep', 'compilation')),
  release_date date,
  total_tracks integer CHECK (total_tracks >= 0),
  duration_ms  bigint CHECK (duration_ms >= 0),
  popularity   smallint CHECK (popularity BETWEEN 0 AND 100),
  markets      jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(markets) = 'array'),
  PRIMARY KEY (tenant_id, album_id),
  FOREIGN KEY (tenant_id, artist_id) REFERENCES artists (tenant_id, artist_id)
);
CREATE INDEX albums_artist ON albums (tenant_id, artist_id);
CREATE INDEX albums_release_date ON albums (tenant_id, release_date);

CREATE TABLE tracks (
  tenant_id      text NOT NULL,
  track_id       text NOT NULL,
  name           text NOT NULL CHECK (name <> ''),
  artist_name    text,
  artist_id      text,
  album_id       text,
  duration_ms    integer NOT NULL CHECK (duration_ms >= 0),
  popularity     smallint CHECK (popularity BETWEEN 0 AND 100),
  audio_features jsonb NOT NULL DEFAULT '{}' CHECK (
    jsonb_typeof(audio_features) = 'object'
    AND (audio_features ->> 'danceability')::float8 BETWEEN 0 AND 1
    AND (audio_features ->> 'energy')::float8 BETWEEN 0 AND 1
    AND (audio_features ->> 'valence')::float8 BETWEEN 0 AND 1
    AND (audio_features ->> 'tempo')::float8 >= 0),
  mood           text,
  PRIMARY KEY (tenant_id, track_id),
  FOREIGN KEY (tenant_id, artist_id) REFERENCES artists (tenant_id, artist_id),
  FOREIGN KEY (tenant_id, album_id) REFERENCES albums (tenant_id, album_id)
);
CREATE INDEX tracks_artist ON tracks (tenant_id, artist_id);
CREATE INDEX tracks_album ON tracks (tenant_id, album_id);
CREATE INDEX tracks_name ON tracks (tenant_id, name);

CREATE TABLE users (
  tenant_id         text NOT NULL,
  user_id           text NOT NULL,
  display_name      text NOT NULL,
  email             text CHECK (email LIKE '%_@_%'),
  birth_date        date,
  country           char(2) CHECK (country ~ '^[A-Z]{2}$'),
  subscription_type text NOT NULL DEFAULT 'free'
                    CHECK (subscription_type IN ('free', 'premium', 'family', 'duo', 'student', 'trial')),
  preferences       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(preferences) = 'object'),
  activity_metrics  jsonb NOT NULL DEFAULT '{}' CHECK (
    jsonb_typeof(activity_metrics) = 'object'
    AND (activity_metrics ->> 'total_listening_time_ms')::bigint >= 0
    AND (activity_metrics ->> 'tracks_played')::bigint >= 0),
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX users_email ON users (tenant_id, email);

CREATE TABLE listening_history (
  tenant_id             text NOT NULL,
  event_id              text NOT NULL,
  user_id               text NOT NULL,
  track_id              text NOT NULL,
  played_at             timestamptz NOT NULL,
  duration_ms           integer NOT NULL CHECK (duration_ms >= 0),
  completion_percentage double precision CHECK (completion_percentage BETWEEN 0 AND 100),
  context               jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(context) = 'object'),
  device                jsonb NOT NULL DEFAULT '{}' CHECK (
    jsonb_typeof(device) = 'object' AND (device ->> 'volume_percent')::float8 BETWEEN 0 AND 100),
  PRIMARY KEY (tenant_id, event_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id),
  FOREIGN KEY (tenant_id, track_id) REFERENCES tracks (tenant_id, track_id)
);
CREATE INDEX listening_history_user ON listening_history (tenant_id, user_id, played_at);
CREATE INDEX listening_history_track ON listening_history (tenant_id, track_id);
CREATE INDEX listening_history_played_at ON listening_history (tenant_id, played_at);

CREATE TABLE analytics_events (
  tenant_id   text NOT NULL,
  event_id    text NOT NULL,
  user_id     text,
  event_type  text NOT NULL CHECK (event_type <> ''),
  "timestamp" timestamptz NOT NULL,
  session_id  text,
  properties  jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(properties) = 'object'),
  PRIMARY KEY (tenant_id, event_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id)
);
CREATE INDEX analytics_events_user ON analytics_events (tenant_id, user_id);
CREATE INDEX analytics_events_timestamp ON analytics_events (tenant_id, "timestamp");
CREATE INDEX analytics_events_type ON analytics_events (tenant_id, event_type, "timestamp");

-- Features for models: one table for each kind, because their keys differ; ml_features is the whole.
CREATE TABLE user_features (
  tenant_id               text NOT NULL,
  user_id                 text NOT NULL,
  activity_score          double precision CHECK (activity_score BETWEEN 0 AND 1),
  diversity_score         double precision CHECK (diversity_score BETWEEN 0 AND 1),
  preferred_genres_vector jsonb NOT NULL DEFAULT '[]'
                          CHECK (jsonb_typeof(preferred_genres_vector) = 'array'),
  time_of_day_preference  jsonb NOT NULL DEFAULT '{}' CHECK (
    jsonb_typeof(time_of_day_preference) = 'object'
    AND (time_of_day_preference ->> 'morning')::float8 BETWEEN 0 AND 1
    AND (time_of_day_preference ->> 'afternoon')::float8 BETWEEN 0 AND 1
    AND (time_of_day_preference ->> 'evening')::float8 BETWEEN 0 AND 1
    AND (time_of_day_preference ->> 'night')::float8 BETWEEN 0 AND 1),
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id)
);

CREATE TABLE track_features (
  tenant_id        text NOT NULL,
  track_id         text NOT NULL,
  popularity_score double precision CHECK (popularity_score BETWEEN 0 AND 1),
  genre_vector     jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(genre_vector) = 'array'),
  audio_vector     jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(audio_vector) = 'array'),
  PRIMARY KEY (tenant_id, track_id),
  FOREIGN KEY (tenant_id, track_id) REFERENCES tracks (tenant_id, track_id)
);

CREATE TABLE interaction_features (
  tenant_id         text NOT NULL,
  user_id           text NOT NULL,
  track_id          text NOT NULL,
  play_count        bigint NOT NULL DEFAULT 0 CHECK (play_count >= 0),
  skip_rate         double precision CHECK (skip_rate BETWEEN 0 AND 1),
  completion_rate   double precision CHECK (completion_rate BETWEEN 0 AND 1),
  interaction_score double precision CHECK (interaction_score BETWEEN 0 AND 1),
  last_played_at    timestamptz,
  PRIMARY KEY (tenant_id, user_id, track_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, user_id),
  FOREIGN KEY (tenant_id, track_id) REFERENCES tracks (tenant_id, track_id)
);
CREATE INDEX interaction_features_track ON interaction_features (tenant_id, track_id);

CREATE VIEW ml_features AS
  SELECT tenant_id, 'user' AS feature_set, user_id, NULL::text AS track_id,
         jsonb_build_object('activity_score', activity_score, 'diversity_score', diversity_score,
                            'preferred_genres_vector', preferred_genres_vector,
                            'time_of_day_preference', time_of_day_preference) AS features
    FROM user_features
  UNION ALL
  SELECT tenant_id, 'track', NULL, track_id,
         jsonb_build_object('popularity_score', popularity_score, 'genre_vector', genre_vector,
                            'audio_vector', audio_vector)
    FROM track_features
  UNION ALL
  SELECT tenant_id, 'interaction', user_id, track_id,
         jsonb_build_object('play_count', play_count, 'skip_rate', skip_rate,
                            'completion_rate', completion_rate,
                            'interaction_score', interaction_score,
                            'last_played_at', last_played_at)
    FROM interaction_features;
