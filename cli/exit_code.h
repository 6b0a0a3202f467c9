#pragma once

// What the program's end tells a script.
namespace tenantry::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitRejects = 3;      // done, but some records were rejected
inline constexpr int kExitCancelled = 130;  // by SIGINT or SIGTERM, at a safe point

// Of several parts' codes the one that counts: cancelled, failed, rejects, ok.
int WorseExit(int left, int right);

}  // namespace tenantry::cli
