#include "library/workers.h"

#include <algorithm>

namespace sluice::library {

Workers::Workers(int count) {
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  const int wanted = count > 0 ? count : std::max(1, cores);
  for (int i = 0; i < wanted; ++i) loops_.push_back(std::make_unique<base::EpollLoop>(this));
  for (auto& loop : loops_) threads_.emplace_back([&loop = *loop] { loop.run(); });
}

Workers::~Workers() { stop(); }

std::vector<base::EventLoop*> Workers::loops() const {
  std::vector<base::EventLoop*> loops;
  for (const auto& loop : loops_) loops.push_back(loop.get());
  return loops;
}

void Workers::stop() {
  for (auto& loop : loops_) loop->stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  // A destroyed task may post to another loop (a loan that goes home), so twice.
  for (int round = 0; round < 2; ++round) {
    for (auto& loop : loops_) loop->discard_posted();
  }
}

}  // namespace sluice::library
