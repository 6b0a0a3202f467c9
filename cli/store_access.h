#pragma once

#include <stop_token>
#include <string>

#include "cli/console.h"
#include "cli/store_options.h"
#include "cli/store_url.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

// From options to a store that lets us in.
namespace tenantry::cli {

// Environment, user and files of this process.
Surroundings ObserveSurroundings();

// The first line of a file; `option` is what names it, for messages.
Result<Secret> ReadPasswordFile(const std::string& path, const std::string& option);

// Reads certificates and passwords, logs in once, and asks for the password on the terminal when
// the server wants one that nothing else gives.
Result<api::PostgresAccess> OpenStore(const StoreOptions& options, const Console& console,
                                      const std::stop_token& stop);

// The password from the URL, the file or REDISCLI_AUTH. `url` is valid.
Result<api::RedisAccess> ResolveRedis(const std::string& url, const std::string& password_file,
                                      const Surroundings& surroundings);

// An error of the agent's code in the words of a command line: what is a field of a Secret or a
// DataStore there is an option here.
Error InOurWords(Error error);

}  // namespace tenantry::cli
