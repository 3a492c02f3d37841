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
      budget_(request.budget),
      pool_(std::make_unique<pool::Pool>(
          one_connection(request.options.pool),
          pool::Pool::Dependencies{loop, connectors.make(request.target, request.options, loop),
                                   *this, random_, budget_.get()})) {
  if (budget_) budget_->serve(pool_.get());
}

Trial::~Trial() {
  if (budget_) budget_->serve(nullptr);
}

void Trial::run(std::function<void(Result<TrialReport>)> tried, std::function<void()> finished) {
  tried_ = std::move(tried);
  finished_ = std::move(finished);
  pool_->probe([this](const Status& probed) { on_probed(probed); });
}

void Trial::give_up(const Error& why) {
  if (!tried_) return;
  given_up_ = why;
  pool_->empty(why);
}

void Trial::on_probed(const Status& probed) {
  if (given_up_) return end(fail(*given_up_));
  if (!probed) return end(fail(probed.error()));
  const auto deadline = base::Deadline::after(loop_.now(), options_.pool.connect_timeout);
  pool_->acquire(deadline, [this](Result<pool::Lease> lease) {
    if (!lease) return end(fail(std::move(lease.error())));
    end(TrialReport{lease->connection().server_version(), latency_});
  });
}

void Trial::end(Result<TrialReport> report) {
  std::exchange(tried_, nullptr)(std::move(report));
  pool_->drain(finished_);
}

void Trial::on_connect(base::Duration took, const Error* /*error*/) {
  latency_ = std::chrono::duration_cast<std::chrono::microseconds>(took);
}

}  // namespace sluice::manager
