#include "app/bench/pool_watch.h"

#include <algorithm>

#include "app/commands/listing.h"

namespace sluice::app::bench {
namespace {

constexpr std::chrono::milliseconds kLookEvery(100);

}  // namespace

void PoolWatch::look() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kLookEvery;
  const auto answer = client::fetch(*gateway_, "/metrics/" + client::percent_encoded(db_id_));
  if (!answer) return;
  const auto number = [&](const char* name) {
    return static_cast<int>(commands::number_at(answer->root(), name));
  };
  peak_.max_size = number("max_size");
  peak_.used = std::max(peak_.used, number("used_connections"));
  peak_.waiting = std::max(peak_.waiting, number("waiting"));
}

}  // namespace sluice::app::bench
