#pragma once

namespace tenantry {

// Unmaps the pages of program and libraries that nothing was written to: most are of the start
// only, and of what stays in use each page comes back from the page cache when it is touched. Costs
// microseconds; to be called after the start, and now and then.
void ReleaseUnusedCode();

}  // namespace tenantry
