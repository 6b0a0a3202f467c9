#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "agent/load/path_source.h"
#include "common/base/result.h"

namespace tenantry::load {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();
  int get() const { return number_; }

 private:
  int number_;
};

// Keeps what can be read only once, because sources are read more than once: a file without a name
// in $TMPDIR, or /tmp, which goes with its last descriptor.
class SpoolFile {
 public:
  // `name`: of what is kept, for messages. kInvalid when there is no room.
  static Result<SpoolFile> Open(std::string name);

  Result<void> Append(std::string_view bytes);
  Result<void> Clear();
  std::int64_t bytes() const { return bytes_; }
  PathSource Finish() &&;

 private:
  SpoolFile(Descriptor file, std::string name, std::string folder)
      : file_(std::move(file)), name_(std::move(name)), folder_(std::move(folder)) {}

  Descriptor file_;
  std::string name_;
  std::string folder_;
  std::int64_t bytes_ = 0;
};

// A source that reads that file, from its start each time. `name` is for messages.
PathSource MakeFileSource(Descriptor file, std::string name, std::int64_t bytes);

}  // namespace tenantry::load
