#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "sluice/error.h"

namespace sluice::library {

/// How many leases are out, by database. Thread-safe.
class LeaseBook {
 public:
  void lent(const std::string& db_id);
  void returned(const std::string& db_id);

  [[nodiscard]] int out_of(std::string_view db_id) const;
  [[nodiscard]] int out_of_all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int, std::less<>> out_;
};

/// What a close says that cannot wait for them any longer.
[[nodiscard]] Error still_out(int leases, std::string_view db_id);

}  // namespace sluice::library
