#include "common/base/unused_code.h"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>

namespace tenantry {
namespace {

TEST(ReleaseUnusedCode, ChangesNothingButMemory) {
  std::ostringstream text;
  {
    const std::jthread other([](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        std::ostringstream() << 1.5;
      }
    });
    for (int i = 0; i < 20; ++i) {
      ReleaseUnusedCode();
      text << i << ' ';
    }
  }
  EXPECT_EQ(text.str(), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
}

}  // namespace
}  // namespace tenantry
