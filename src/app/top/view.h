#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "app/client/gateway.h"
#include "app/terminal/screen.h"
#include "app/terminal/terminal.h"

/// What `sluice top` shows, and what its keys do. No terminal in here.
namespace sluice::app::top {

/// What the gateway said last.
struct Snapshot {
  std::unique_ptr<const client::Answer> metrics;
  std::unique_ptr<const client::Answer> queries;  ///< not everybody may see them
  std::string problem;                            ///< why the last look failed; empty: it did not
  std::chrono::duration<double> age{0};           ///< of the metrics
};

enum class Order { kAttention, kName, kRequests, kErrors, kWaiting, kLatency };

struct View {
  enum class Mode { kWatching, kTypingFilter, kConfirmingCancel, kHelp };
  Mode mode = Mode::kWatching;
  Order order = Order::kAttention;
  std::string filter;
  bool paused = false;
  std::chrono::milliseconds interval{2000};
  std::size_t selected = 0;  ///< of the queries that are shown
  std::string message;       ///< what came of the last action
};

/// What a key asks for, besides changing the view.
struct Wish {
  enum class Kind { kNothing, kQuit, kLookNow, kCancel };
  Kind kind = Kind::kNothing;
  std::string query_id = {};
};
[[nodiscard]] Wish press(View& view, terminal::Key key, const Snapshot& snapshot);

/// The lines of the screen, none longer or more than fit.
[[nodiscard]] std::vector<std::string> draw(const View& view, const Snapshot& snapshot,
                                            terminal::Size size, bool colour);

/// The queries that are shown: those of databases that match the filter.
[[nodiscard]] std::vector<const json::Value*> shown_queries(const View& view,
                                                            const Snapshot& snapshot);

}  // namespace sluice::app::top
