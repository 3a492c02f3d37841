#include "manager/trial.h"

#include <utility>

namespace sluice::manager {
namespace {

PoolOptions one_connection(PoolOptions options) {
  options.max_size = 1;
  options.max_overflow = 0;
  options.min_size = 0;
  options.max_waiters = 1;
  return options;
}

}  // namespace

Trial::Trial(base::EventLoop& loop, pool::ConnectorFactory& connectors, const Request& request)
    : loop_(loop),
      random_(request.seed),
      options_(request.options),
      pool_(std::make_unique<pool::Pool>(
          one_connection(request.options.pool),
          pool::Pool::Dependencies{loop, connectors.make(request.target, request.options, loop),
                                   *this, random_})) {}

Trial::~Trial() = default;

void Trial::run(std::function<void(Result<TrialReport>)> tried, std::function<void()> finished) {
  tried_ = std::move(tried);
  const auto deadline = base::Deadline::after(loop_.now(), options_.pool.connect_timeout * 2);
  pool_->acquire(deadline, [this, finished = std::move(finished)](Result<pool::Lease> lease) {
    on_lease(std::move(lease));
    pool_->drain(finished);
  });
}

void Trial::give_up(const Error& why) {
  connect_error_.reset();
  pool_->fail_waiters(why);
}

void Trial::on_lease(Result<pool::Lease> lease) {
  auto tried = std::exchange(tried_, nullptr);
  if (lease) return tried(TrialReport{lease->connection().server_version(), latency_});
  // The first connect's own words say more than the waiter's.
  tried(fail(connect_error_ ? *connect_error_ : std::move(lease.error())));
}

void Trial::on_connect(base::Duration took, const Error* error) {
  latency_ = std::chrono::duration_cast<std::chrono::microseconds>(took);
  if (error && !connect_error_) connect_error_ = std::make_unique<Error>(*error);
}

}  // namespace sluice::manager
