#pragma once

#include <optional>
#include <string>
#include <utility>

namespace sluice::simulation {

/// A promise that was not kept, and what was seen instead.
struct Violation {
  std::string promise;
  std::string seen;
};

/// Keeps the first violation: what follows from it says little.
class Verdict {
 public:
  void broken(std::string promise, std::string seen) {
    if (!violation_) violation_ = Violation{std::move(promise), std::move(seen)};
  }
  [[nodiscard]] bool ok() const { return !violation_; }
  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

 private:
  std::optional<Violation> violation_;
};

}  // namespace sluice::simulation
