#pragma once

// Condition types and reasons. Stable API: users' scripts, alerts and Argo's health check read
// them.
namespace tenantry::api {

namespace condition {
inline constexpr char kReady[] = "Ready";
inline constexpr char kReconciling[] = "Reconciling";
inline constexpr char kStalled[] = "Stalled";
inline constexpr char kAgentReachable[] = "AgentReachable";
inline constexpr char kDatabaseReady[] = "DatabaseReady";
inline constexpr char kCacheReady[] = "CacheReady";
inline constexpr char kFixturesLoaded[] = "FixturesLoaded";
inline constexpr char kDriftFree[] = "DriftFree";
inline constexpr char kQuotaWithinLimit[] = "QuotaWithinLimit";
inline constexpr char kSuspended[] = "Suspended";
inline constexpr char kTerminating[] = "Terminating";
inline constexpr char kLoaded[] = "Loaded";
}  // namespace condition

namespace reason {
inline constexpr char kSucceeded[] = "Succeeded";
inline constexpr char kProgressing[] = "Progressing";
inline constexpr char kProgressingWithRetry[] = "ProgressingWithRetry";
inline constexpr char kFailed[] = "Failed";
inline constexpr char kSuspended[] = "Suspended";
inline constexpr char kDependencyNotReady[] = "DependencyNotReady";
inline constexpr char kInvalidSpec[] = "InvalidSpec";
inline constexpr char kSecretNotFound[] = "SecretNotFound";
inline constexpr char kInvalidSecret[] = "InvalidSecret";
inline constexpr char kConfigMapNotFound[] = "ConfigMapNotFound";
inline constexpr char kCredentialsRefused[] = "CredentialsRefused";
inline constexpr char kInsufficientPrivilege[] = "InsufficientPrivilege";
inline constexpr char kAgentUnreachable[] = "AgentUnreachable";
inline constexpr char kAgentUnauthorized[] = "AgentUnauthorized";
inline constexpr char kAgentVersionSkew[] = "AgentVersionSkew";
inline constexpr char kDatabaseUnreachable[] = "DatabaseUnreachable";
inline constexpr char kDatabaseNotFound[] = "DatabaseNotFound";
inline constexpr char kRedisUnreachable[] = "RedisUnreachable";
inline constexpr char kOwnershipConflict[] = "OwnershipConflict";
inline constexpr char kAdoptionRequired[] = "AdoptionRequired";
inline constexpr char kMigrationFailed[] = "MigrationFailed";
inline constexpr char kSourceNotFound[] =
    "SourceNotFound";                                  // a fixture file, or a key of a ConfigMap
inline constexpr char kInvalidData[] = "InvalidData";  // a fixture file's content
inline constexpr char kDriftDetected[] = "DriftDetected";
inline constexpr char kDriftCorrected[] = "DriftCorrected";
inline constexpr char kQuotaExceeded[] = "QuotaExceeded";
inline constexpr char kFinalizerBlocked[] = "FinalizerBlocked";
inline constexpr char kTenantBusy[] = "TenantBusy";  // another task holds the tenant's lock
inline constexpr char kInternal[] = "InternalError";
}  // namespace reason

}  // namespace tenantry::api
