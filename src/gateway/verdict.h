#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/history.h"
#include "sluice/stats.h"

namespace sluice::gateway {

/// How urgently somebody should look.
enum class Level { kGood, kWarning, kBad };
[[nodiscard]] std::string_view to_string(Level level);

/// What is the matter with one database; nothing when the level is good.
struct Attention {
  Level level = Level::kGood;
  std::string words;  ///< "circuit open for 2 m 10 s (connection refused)"
};
/// `recent`: mean rates over the last seconds. Pure.
[[nodiscard]] Attention attention_for(const DatabaseStats& stats, const Point& recent);

/// One database's attention, for the sentence.
struct Concern {
  std::string_view db_id;
  const Attention* attention;
};
/// One sentence over all databases: what an operator reads first.
struct Verdict {
  Level level = Level::kGood;
  std::string text;
  std::size_t needing_attention = 0;
};
[[nodiscard]] Verdict verdict_over(std::vector<Concern> databases, bool draining);

}  // namespace sluice::gateway
