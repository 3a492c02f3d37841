#pragma once

#include <functional>
#include <map>
#include <utility>

namespace sluice::simulation {

/// Those who read streams, and look elsewhere for a while now and then.
class Readers {
 public:
  void pause(int id, std::function<void()> resume) { paused_[id] = std::move(resume); }
  /// The reader of stream `id` goes on, if it is the one that pauses.
  void go_on(int id) {
    if (const auto paused = paused_.extract(id)) paused.mapped()();
  }

 private:
  std::map<int, std::function<void()>> paused_;
};

}  // namespace sluice::simulation
