#include "common/base/shared_text.h"

#include <functional>
#include <ostream>
#include <unordered_map>

#include "common/base/mutex.h"

namespace tenantry {
namespace {

// All texts that are in use. A text that nobody uses any more takes itself out.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  std::shared_ptr<const std::string> Get(std::string_view text) {
    const MutexLock lock(mutex_);
    if (const auto found = texts_.find(text); found != texts_.end()) {
      if (auto known = found->second.lock()) {
        return known;
      }
      texts_.erase(found);  // its last user is about to take it out
    }
    auto* const copy = new std::string(text);
    std::shared_ptr<const std::string> made(
        copy, [pool = shared_from_this()](const std::string* gone) { pool->Remove(gone); });
    texts_.emplace(*copy, made);
    return made;
  }

 private:
  void Remove(const std::string* gone) {
    {
      const MutexLock lock(mutex_);
      const auto found = texts_.find(*gone);
      // Another one of the same content may have taken the place.
      if (found != texts_.end() && found->first.data() == gone->data()) {
        texts_.erase(found);
      }
    }
    delete gone;
  }

  Mutex mutex_;
  std::unordered_map<std::string_view, std::weak_ptr<const std::string>> texts_
      GUARDED_BY(mutex_);  // the keys are the texts' own bytes
};

}  // namespace

SharedText::SharedText(std::string_view text) {
  static const auto pool = std::make_shared<Pool>();
  if (!text.empty()) {
    text_ = pool->Get(text);
  }
}

const std::string& SharedText::str() const {
  static const std::string empty;
  return text_ == nullptr ? empty : *text_;
}

std::ostream& operator<<(std::ostream& out, const SharedText& text) { return out << text.str(); }

}  // namespace tenantry
