#include "gateway/events.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::gateway {
namespace {

struct Word {
  EventKind kind;
  std::string_view text;
};
constexpr std::array<Word, 5> kWords{{{EventKind::kBreaker, "breaker"},
                                      {EventKind::kOperator, "operator"},
                                      {EventKind::kConfig, "config"},
                                      {EventKind::kDatabase, "database"},
                                      {EventKind::kServer, "server"}}};

bool wanted(const Event& event, const EventFilter& filter) {
  return (filter.db_id.empty() || event.db_id == filter.db_id) &&
         (!filter.kind || event.kind == *filter.kind);
}

}  // namespace

std::string_view to_string(EventKind kind) {
  const auto word = std::ranges::find(kWords, kind, &Word::kind);
  return word == kWords.end() ? "server" : word->text;
}

std::optional<EventKind> parse_event_kind(std::string_view text) {
  const auto word = std::ranges::find(kWords, text, &Word::text);
  if (word == kWords.end()) return std::nullopt;
  return word->kind;
}

void Events::record(Event event) {
  event.time = clock_();
  {
    const std::lock_guard lock(mutex_);
    event.seq = next_seq_++;
    events_.push_back(event);
    if (events_.size() > kCapacity) events_.pop_front();
  }
  if (told_) told_(event);
}

EventPage Events::read(const EventFilter& filter) const {
  const std::lock_guard lock(mutex_);
  const bool from_here = filter.since && *filter.since <= next_seq_;
  const bool latest = !filter.since;
  EventPage page;
  for (const Event& event : events_) {
    if (from_here && event.seq < *filter.since) continue;
    if (!wanted(event, filter)) continue;
    if (!latest && page.events.size() >= filter.limit) {
      page.next_seq = event.seq;  // the first that is left over
      return page;
    }
    page.events.push_back(event);
  }
  if (page.events.size() > filter.limit) {
    page.events.erase(page.events.begin(),
                      page.events.end() - static_cast<std::ptrdiff_t>(filter.limit));
  }
  page.next_seq = next_seq_;
  return page;
}

}  // namespace sluice::gateway
