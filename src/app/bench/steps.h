#pragma once

#include <string>
#include <vector>

#include "app/bench/report.h"

namespace sluice::app::bench {

/// One load among several that differ in one thing: the size of the pool, or the number of users.
struct Step {
  int size = 0;
  Report report;
};

/// The smallest size that gives nearly all of the best throughput: more connections would only cost
/// memory on the server. Null when nothing succeeded.
[[nodiscard]] const Step* best_size(const std::vector<Step>& steps);

/// One line for each step, with a bar for its throughput. `title` says what differs.
[[nodiscard]] std::string draw_steps(const std::string& title, const std::vector<Step>& steps);
[[nodiscard]] std::string steps_to_json(const std::string& name, const std::vector<Step>& steps);

}  // namespace sluice::app::bench
