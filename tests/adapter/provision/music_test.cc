#include "tests/adapter/provision/fixture.h"

namespace tenantry::agent {
namespace {

struct Record {
  const char* table;
  const char* json;
};

// The entities as the generator describes them, parents first.
constexpr Record kRecords[] = {
    {"artists", R"({"artist_id": "artist_1", "tenant_id": "music", "name": "Alex Rivers",
      "biography": "An indie pop artist", "genres": ["Pop", "Indie"], "country": "US",
      "monthly_listeners": 15420, "is_verified": false,
      "social_media": {"website": "https://alexriversmusic.com"}})"},
    {"albums", R"({"album_id": "album_1", "tenant_id": "music", "artist_id": "artist_1",
      "title": "Dreamscapes", "album_type": "album", "release_date": "2023-06-15",
      "total_tracks": 12, "duration_ms": 2940000, "popularity": 65, "markets": ["US", "CA"]})"},
    {"tracks", R"({"track_id": "track_1", "tenant_id": "music", "name": "Midnight Drive",
      "artist_name": "Alex Rivers", "duration_ms": 245000, "popularity": 72,
      "audio_features": {"danceability": 0.65, "energy": 0.58, "valence": 0.71, "tempo": 120.5},
      "mood": "Dreamy"})"},
    {"users", R"({"user_id": "user_1", "tenant_id": "music", "display_name": "Music Lover",
      "email": "user1@example.com", "country": "US", "subscription_type": "premium",
      "preferences": {"preferred_genres": ["Pop"], "discovery_mode": "balanced"},
      "activity_metrics": {"total_listening_time_ms": 1800000, "tracks_played": 95}})"},
    {"listening_history", R"({"event_id": "event_1", "tenant_id": "music", "user_id": "user_1",
      "track_id": "track_1", "played_at": "2024-12-18T20:15:30Z", "duration_ms": 245000,
      "completion_percentage": 100.0, "context": {"type": "playlist"},
      "device": {"type": "smartphone", "volume_percent": 75}})"},
    {"analytics_events", R"({"event_id": "analytics_1", "tenant_id": "music",
      "user_id": "user_1", "event_type": "app_open", "timestamp": "2024-12-19T09:30:00Z",
      "session_id": "ses_1", "properties": {"user_country": "US"}})"},
    {"user_features", R"({"user_id": "user_1", "tenant_id": "music", "activity_score": 0.92,
      "diversity_score": 0.85, "preferred_genres_vector": [0, 1],
      "time_of_day_preference": {"morning": 0.7, "night": 0.4}})"},
};

class MusicTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const api::TenantStorageSpec spec = MusicSpec("music");
    ASSERT_EQ(Deprovision("music", DeprovisionSpecOf(spec, api::DeletionPolicy::kDelete)).message(),
              "");
    ASSERT_EQ(Provision("music", spec).message(), "");
    app_ = LogIn("tenant_music_app", "app-music");
    ASSERT_NE(app_, nullptr);
    for (const Record& record : kRecords) {
      const Result<postgres::Rows> inserted =
          app_->Execute(std::string("INSERT INTO tenant_music.") + record.table +
                            " SELECT * FROM jsonb_populate_record(NULL::tenant_music." +
                            record.table + ", $1::jsonb)",
                        {record.json});
      ASSERT_TRUE(inserted) << inserted.error().message;
    }
  }
  std::unique_ptr<postgres::Connection> app_;
};

TEST_F(MusicTest, TakesTheRecordsByTheNamesOfTheirFields) {
  EXPECT_EQ(Ask(*app_, "SELECT audio_features ->> 'tempo' FROM tenant_music.tracks"), "120.5");
  EXPECT_EQ(Ask(*app_,
                "SELECT feature_set || ' ' || (features ->> 'activity_score') "
                "FROM tenant_music.ml_features"),
            "user 0.92");
}

TEST_F(MusicTest, RefusesWhatCannotBe) {
  for (const char* statement :
       {"UPDATE tenant_music.albums SET popularity = 101",
        "UPDATE tenant_music.albums SET album_type = 'mixtape'",
        "UPDATE tenant_music.artists SET country = 'us'",
        "UPDATE tenant_music.artists SET genres = '{}'",
        "UPDATE tenant_music.tracks SET duration_ms = -1",
        "UPDATE tenant_music.tracks SET audio_features = '{\"energy\": 1.5}'",
        "UPDATE tenant_music.users SET subscription_type = 'gold'",
        "UPDATE tenant_music.users SET email = 'nobody'",
        "UPDATE tenant_music.listening_history SET completion_percentage = 100.1",
        "UPDATE tenant_music.user_features SET activity_score = 2"}) {
    EXPECT_EQ(Ask(*app_, statement), "error 23514") << statement;
  }
  for (const char* statement :
       {"UPDATE tenant_music.albums SET artist_id = 'nobody'", "DELETE FROM tenant_music.users",
        "UPDATE tenant_music.tracks SET album_id = 'none'"}) {
    EXPECT_EQ(Ask(*app_, statement), "error 23503") << statement;
  }
}

}  // namespace
}  // namespace tenantry::agent
