#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/event_loop.h"

namespace sluice::base {

/// Asks every loop for its part, on its own thread, and gives all parts, in the loops' order, to
/// `done` on `reply_to`. `ask(index)` runs once on each loop.
template <typename Part>
void gather(const std::vector<EventLoop*>& loops, EventLoop& reply_to,
            std::function<Part(std::size_t index)> ask,
            std::function<void(std::vector<Part>)> done) {
  struct Gathering {
    std::vector<Part> parts;
    std::atomic<std::size_t> left;
    std::function<Part(std::size_t)> ask;
    std::function<void(std::vector<Part>)> done;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->parts.resize(loops.size());
  gathering->left = loops.size();
  gathering->ask = std::move(ask);
  gathering->done = std::move(done);
  for (std::size_t index = 0; index < loops.size(); ++index) {
    loops[index]->post([gathering, index, &reply_to] {
      gathering->parts[index] = gathering->ask(index);
      if (gathering->left.fetch_sub(1) != 1) return;
      reply_to.post([gathering] { gathering->done(std::move(gathering->parts)); });
    });
  }
}

}  // namespace sluice::base
