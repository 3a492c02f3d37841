#include "app/repeat_filter.h"

#include <string_view>
#include <utility>
#include <variant>

namespace sluice::app {
namespace {

constexpr std::chrono::seconds kWindow{10};
constexpr std::size_t kMostRecords = 1'000;

}  // namespace

StoredRecord::StoredRecord(const LogRecord& record) : level(record.level), message(record.message) {
  for (std::size_t i = 0; i < record.field_count; ++i) {
    const LogField& field = record.fields[i];
    const auto* text = std::get_if<std::string_view>(&field.value);
    if (text != nullptr) {
      fields.push_back({std::string(field.key), std::string(*text), std::string_view()});
    } else {
      fields.push_back({std::string(field.key), {}, field.value});
    }
  }
}

bool RepeatFilter::admit(const LogRecord& record, Time now) {
  LogRecord timeless = record;
  timeless.time = {};
  std::string identity = json_line(timeless);
  const auto found = seen_.find(identity);
  if (found == seen_.end()) {
    if (seen_.size() < kMostRecords) {
      seen_.emplace(std::move(identity), Seen{now, {StoredRecord(record), 0}});
    }
    return true;
  }
  // One whose time is over still waits for `expired`, which tells the count before it starts anew.
  ++found->second.repeated.times;
  return false;
}

std::vector<RepeatFilter::Repeated> RepeatFilter::expired(Time now) {
  std::vector<Repeated> result;
  for (auto entry = seen_.begin(); entry != seen_.end();) {
    Seen& seen = entry->second;
    if (now - seen.first < kWindow) {
      ++entry;
      continue;
    }
    if (seen.repeated.times > 0) result.push_back(std::move(seen.repeated));
    entry = seen_.erase(entry);
  }
  return result;
}

}  // namespace sluice::app
