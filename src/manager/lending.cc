#include "manager/lending.h"

#include <utility>

namespace sluice::manager {

struct Loan::Held {
  breaker::Permit permit;
  pool::Lease lease;
};

Loan::Loan(std::shared_ptr<Shard> shard, breaker::Permit permit, pool::Lease lease)
    : shard_(std::move(shard)),
      held_(std::make_shared<Held>(Held{std::move(permit), std::move(lease)})) {
  held_->lease.keep();
  held_->lease.connection().detach();
  native_ = held_->lease.connection().native();
}

Loan::~Loan() {
  shard_->loop().post([shard = std::move(shard_), held = std::move(held_)] {
    held->lease.connection().attach();
    held->lease.release();
    // How the caller's own statements went is not known here: the call is ignored by the breaker.
    held->permit = {};
    shard->follow_breaker();
  });
}

namespace {

void lend_from(const std::shared_ptr<Shard>& shard, base::Duration patience, Lent lent) {
  if (auto refusal = shard->refusal()) return lent(fail(*std::move(refusal)));
  const auto now = shard->loop().now();
  auto permit = shard->breaker().acquire(now);
  shard->follow_breaker();
  if (!permit) {
    permit.error().db_id = shard->db_id();
    return lent(fail(std::move(permit.error())));
  }
  auto kept = std::make_shared<breaker::Permit>(std::move(*permit));
  shard->pool().acquire(base::Deadline::after(now, patience),
                        [shard, kept, lent = std::move(lent)](Result<pool::Lease> lease) {
                          if (!lease) {
                            lease.error().db_id = shard->db_id();
                            return lent(fail(std::move(lease.error())));
                          }
                          shard->note_connection(lease->connection());
                          lent(std::make_unique<Loan>(shard, std::move(*kept), std::move(*lease)));
                        });
}

}  // namespace

void lend(const std::shared_ptr<Shard>& shard, base::Duration patience, Lent lent) {
  const auto& router = shard->place().router;
  if (!router) return lend_from(shard, patience, std::move(lent));
  const auto deadline = base::Deadline::after(shard->loop().now(), patience);
  router->route({}, deadline,
                [patience, lent = std::move(lent)](Result<std::shared_ptr<Shard>> chosen) {
                  if (!chosen) return lent(fail(std::move(chosen.error())));
                  lend_from(*chosen, patience, lent);
                });
}

}  // namespace sluice::manager
