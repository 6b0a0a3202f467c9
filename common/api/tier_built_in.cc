#include "common/api/tier.h"

namespace tenantry::api {
namespace {

// Features add up from tier to tier. config.testData: how much a generated data set of that tier
// holds, and which part of it a demonstration uses.
constexpr char kBuiltInTiers[] = R"json({"tiers": [
  {"name": "Free",
   "limits": {"apiCalls": 100, "storage": "1Gi", "connections": 2},
   "features": ["music-catalogue"],
   "config": {"support": {"level": "Community"},
              "testData": {"users": 10, "tracks": 100, "albums": 20, "artists": 30,
                           "events": 1000, "scale": 0.3}}},
  {"name": "Starter",
   "limits": {"apiCalls": 500, "storage": "5Gi", "connections": 5},
   "features": ["music-catalogue", "playlists"],
   "config": {"support": {"level": "Community"},
              "testData": {"users": 100, "tracks": 1000, "albums": 200, "artists": 300,
                           "events": 10000, "scale": 0.5}}},
  {"name": "Standard",
   "limits": {"apiCalls": 1000, "storage": "10Gi", "connections": 10},
   "features": ["music-catalogue", "playlists", "listening-history"],
   "config": {"support": {"level": "Business"},
              "testData": {"users": 1000, "tracks": 10000, "albums": 2000, "artists": 3000,
                           "events": 100000, "scale": 0.7}}},
  {"name": "Professional",
   "limits": {"apiCalls": 2500, "storage": "25Gi", "connections": 20},
   "features": ["music-catalogue", "playlists", "listening-history", "basic-analytics"],
   "config": {"support": {"level": "Business"},
              "testData": {"users": 5000, "tracks": 50000, "albums": 10000, "artists": 15000,
                           "events": 500000, "scale": 0.8}}},
  {"name": "Premium",
   "limits": {"apiCalls": 5000, "storage": "50Gi", "connections": 50},
   "features": ["music-catalogue", "playlists", "listening-history", "basic-analytics",
                "advanced-analytics", "ai-recommendations"],
   "config": {"support": {"level": "Priority"},
              "testData": {"users": 10000, "tracks": 100000, "albums": 20000, "artists": 30000,
                           "events": 1000000, "scale": 0.9}}},
  {"name": "Enterprise",
   "limits": {"apiCalls": 10000, "storage": "100Gi", "connections": 100},
   "features": ["music-catalogue", "playlists", "listening-history", "basic-analytics",
                "advanced-analytics", "ai-recommendations", "ai-collaboration", "ml-features"],
   "config": {"support": {"level": "Priority"},
              "testData": {"users": 100000, "tracks": 1000000, "albums": 200000,
                           "artists": 300000, "events": 10000000, "scale": 1.0}}}
]})json";

}  // namespace

TierCatalogue BuiltInTiers() { return TierCatalogue::Parse(kBuiltInTiers).value(); }

}  // namespace tenantry::api
