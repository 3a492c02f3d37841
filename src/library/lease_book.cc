#include "library/lease_book.h"

namespace sluice::library {

void LeaseBook::lent(const std::string& db_id) {
  std::lock_guard lock(mutex_);
  ++out_[db_id];
}

void LeaseBook::returned(const std::string& db_id) {
  std::lock_guard lock(mutex_);
  const auto entry = out_.find(db_id);
  if (--entry->second == 0) out_.erase(entry);
}

int LeaseBook::out_of(std::string_view db_id) const {
  std::lock_guard lock(mutex_);
  const auto entry = out_.find(db_id);
  return entry == out_.end() ? 0 : entry->second;
}

int LeaseBook::out_of_all() const {
  std::lock_guard lock(mutex_);
  int all = 0;
  for (const auto& [db_id, count] : out_) all += count;
  return all;
}

Error still_out(int leases, std::string_view db_id) {
  return {
      .code = ErrorCode::kDraining,
      .message = std::to_string(leases) +
                 " leased connection(s) have not come back; give them back, and they are closed",
      .db_id = std::string(db_id)};
}

}  // namespace sluice::library
