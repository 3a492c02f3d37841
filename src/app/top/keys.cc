#include <algorithm>
#include <optional>

#include "app/commands/listing.h"
#include "app/top/view.h"

namespace sluice::app::top {
namespace {

using std::chrono::milliseconds;
using terminal::Key;
using terminal::Special;

constexpr milliseconds kFastest(500);
constexpr milliseconds kSlowest(5000);
constexpr milliseconds kStep(500);
constexpr Key kCtrlC = 3;
constexpr Key kBackspace = 127;

std::optional<Order> order_of(Key key) {
  switch (key) {
    case 'a':
      return Order::kAttention;
    case 'n':
      return Order::kName;
    case 'r':
      return Order::kRequests;
    case 'e':
      return Order::kErrors;
    case 'w':
      return Order::kWaiting;
    case 'l':
      return Order::kLatency;
    default:
      return std::nullopt;
  }
}

Wish type_filter(View& view, Key key) {
  if (key == Key(Special::kEscape)) view.filter.clear();
  if (key == Key(Special::kEscape) || key == '\r' || key == '\n') {
    view.mode = View::Mode::kWatching;
  } else if (key == kBackspace || key == '\b') {
    if (!view.filter.empty()) view.filter.pop_back();
  } else if (key >= ' ' && key < kBackspace) {
    view.filter += static_cast<char>(key);
  }
  view.selected = 0;
  return {};
}

Wish confirm_cancel(View& view, Key key, const Snapshot& snapshot) {
  view.mode = View::Mode::kWatching;
  const auto queries = shown_queries(view, snapshot);
  if ((key != 'y' && key != 'Y') || view.selected >= queries.size()) {
    view.message = "nothing was cancelled";
    return {};
  }
  return {Wish::Kind::kCancel, commands::text_at_path(*queries[view.selected], "id")};
}

void move(View& view, int by, std::size_t count) {
  if (by < 0 && view.selected > 0) --view.selected;
  if (by > 0 && view.selected + 1 < count) ++view.selected;
}

void ask_to_cancel(View& view, const Snapshot& snapshot) {
  if (shown_queries(view, snapshot).empty()) {
    view.message = "no query is selected";
    return;
  }
  // What somebody decides about must not move away under the cursor.
  view.paused = true;
  view.mode = View::Mode::kConfirmingCancel;
}

Wish watch(View& view, Key key, const Snapshot& snapshot) {
  const auto order = order_of(key);
  if (order) view.order = *order;
  if (key == 'q' || key == kCtrlC) return {Wish::Kind::kQuit};
  if (key == '+') view.interval = std::min(kSlowest, view.interval + kStep);
  if (key == '-') view.interval = std::max(kFastest, view.interval - kStep);
  if (key == '/') view.mode = View::Mode::kTypingFilter;
  if (key == '?' || key == 'h') view.mode = View::Mode::kHelp;
  if (key == 'C') ask_to_cancel(view, snapshot);
  if (key == Key(Special::kEscape)) view.filter.clear();
  const std::size_t count = shown_queries(view, snapshot).size();
  if (key == Key(Special::kUp) || key == 'k') move(view, -1, count);
  if (key == Key(Special::kDown) || key == 'j') move(view, 1, count);
  if (key == ' ') {
    view.paused = !view.paused;
    if (!view.paused) return {Wish::Kind::kLookNow};
  }
  return {};
}

}  // namespace

Wish press(View& view, Key key, const Snapshot& snapshot) {
  view.message.clear();
  if (key == kCtrlC) return {Wish::Kind::kQuit};
  switch (view.mode) {
    case View::Mode::kTypingFilter:
      return type_filter(view, key);
    case View::Mode::kConfirmingCancel:
      return confirm_cancel(view, key, snapshot);
    case View::Mode::kHelp:
      view.mode = View::Mode::kWatching;
      return {};
    case View::Mode::kWatching:
      break;
  }
  return watch(view, key, snapshot);
}

}  // namespace sluice::app::top
