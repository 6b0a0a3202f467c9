#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tenantry::kube {

// The API server stores at most 1.5 MiB per object (etcd), so more than this is no object.
inline constexpr std::size_t kMaxObjectBytes = std::size_t{8} << 20;

struct ListMetadata {
  std::string resource_version;
  std::string continue_token;  // empty: this was the last page
};

// Cuts the body of a LIST into its items while it arrives, so that never more than one of them is
// in memory. It finds where values begin and end and leaves it to the caller to parse an item: what
// it emits is balanced, but not yet known to be valid JSON. Pure; one body per instance.
class ListSplitter {
 public:
  // Gets the raw text of one element of the top-level "items". false: stop.
  using ItemSink = std::function<bool(std::string_view)>;

  explicit ListSplitter(std::size_t max_item_bytes = kMaxObjectBytes)
      : max_item_bytes_(max_item_bytes) {}

  // The next piece of the body. kInternal: not a list, or an item that is too large; the instance
  // is of no use after that.
  Result<void> Push(std::string_view piece, const ItemSink& on_item);
  bool stopped() const { return stopped_; }  // on_item said so
  // After the last piece. kUnavailable: the body was cut off before its end.
  Result<ListMetadata> Finish() const;

 private:
  enum class State {
    kStart,
    kKeyOrEnd,
    kKey,
    kColon,
    kValue,
    kInValue,
    kAfterValue,
    kItemOrEnd,
    kItem,
    kAfterItem,
    kDone,
  };
  enum class Role { kKey, kMetadata, kItem, kSkipped };
  struct Scan {
    std::size_t length = 0;
    bool ended = false;
  };

  Result<std::size_t> Step(std::string_view rest, const ItemSink& on_item);
  Result<std::size_t> StepBetween(char byte);
  Result<std::size_t> StepItems(char byte);
  Result<std::size_t> StepInValue(std::string_view rest, const ItemSink& on_item);
  void BeginValue(Role role);
  Scan ScanValue(std::string_view rest);
  Result<void> EndValue(std::string_view text, const ItemSink& on_item);
  Result<void> ReadMetadata(std::string_view text);

  std::size_t max_item_bytes_;
  State state_ = State::kStart;
  bool stopped_ = false;
  ListMetadata metadata_;
  std::string key_;  // of the top-level value that comes next

  // The value that is being read.
  Role role_ = Role::kSkipped;
  std::string text_;       // its beginning, from earlier pieces
  std::size_t depth_ = 0;  // of open brackets
  bool scalar_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
};

// Cuts a watch into its lines. Pure.
class LineSplitter {
 public:
  // Gets one line without its end; never an empty one. false: stop.
  using LineSink = std::function<bool(std::string_view)>;

  explicit LineSplitter(std::size_t max_line_bytes = kMaxObjectBytes)
      : max_line_bytes_(max_line_bytes) {}

  // kInternal: a line that is too long.
  Result<void> Push(std::string_view piece, const LineSink& on_line);
  bool stopped() const { return stopped_; }
  bool in_line() const { return !line_.empty(); }  // the last piece ended in the middle of a line

 private:
  std::size_t max_line_bytes_;
  std::string line_;
  bool stopped_ = false;
};

}  // namespace tenantry::kube
