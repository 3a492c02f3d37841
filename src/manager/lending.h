#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "breaker/breaker.h"
#include "manager/shard.h"
#include "pool/pool.h"
#include "sluice/result.h"

namespace sluice::manager {

/// A connection taken off its loop for a caller on another thread. Destroyed or released anywhere;
/// the connection goes back on its own loop.
class Loan {
 public:
  Loan(std::shared_ptr<Shard> shard, breaker::Permit permit, pool::Lease lease);
  ~Loan();
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  [[nodiscard]] const std::string& db_id() const { return shard_->db_id(); }
  [[nodiscard]] void* native() const { return native_; }

 private:
  struct Held;  // what must be touched on the shard's thread only

  std::shared_ptr<Shard> shard_;
  std::shared_ptr<Held> held_;
  void* native_;
};

using Lent = std::function<void(Result<std::unique_ptr<Loan>>)>;

/// The shard's thread: asks for a connection and lends it out.
void lend(const std::shared_ptr<Shard>& shard, base::Duration patience, Lent lent);

}  // namespace sluice::manager
