#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

namespace sluice::library {

/// What is to happen when a caller wants to stop. Kept alive by the call it belongs to, so that it
/// ends with it; any thread may arm it, once.
class StopRequest {
 public:
  void arm(std::stop_token token, std::function<void()> action) {
    callback_.emplace(std::move(token), std::move(action));
  }

 private:
  std::optional<std::stop_callback<std::function<void()>>> callback_;
};

}  // namespace sluice::library
