#include "gateway/fan_out_service.h"

#include <utility>
#include <vector>

#include "gateway/buffered_result.h"
#include "gateway/holders.h"
#include "gateway/trace_comment.h"
#include "json/fan_out_document.h"
#include "json/result_encoder.h"

namespace sluice::gateway {
namespace {

std::chrono::microseconds micros(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

/// The legs of one fan-out, and the answer they become.
class Assembly {
 public:
  Assembly(json::FanOutRequest request, std::vector<std::string> db_ids, InFlight& in_flight)
      : request_(std::move(request)),
        in_flight_(in_flight),
        legs_(db_ids.size()),
        results_(db_ids.size()) {
    for (std::size_t i = 0; i < db_ids.size(); ++i) legs_[i].db_id = std::move(db_ids[i]);
  }

  std::shared_ptr<RowSink> make_sink(std::size_t leg, std::int64_t max_bytes) {
    const auto column = request_.merge ? legs_[leg].db_id : std::string();
    auto& result = results_[leg];
    result = std::make_shared<LegResult>(in_flight_, request_.format, max_bytes, column);
    legs_[leg].encoder = std::shared_ptr<json::ResultEncoder>(result, &result->own);
    return legs_[leg].encoder;
  }

  void leg_done(std::size_t leg, Result<Completion> result, base::Duration elapsed) {
    if (!result && results_[leg]) {
      result = fail(judged(std::move(result.error()), results_[leg]->own.starved()));
    }
    legs_[leg].result = std::move(result);
    legs_[leg].elapsed = micros(elapsed);
  }

  FanOutAnswer finish(std::chrono::microseconds elapsed) {
    FanOutAnswer answer{status(), json::fan_out_document(legs_, request_.merge, elapsed), {}};
    for (const auto& result : results_) {
      if (result) answer.charge.absorb(std::move(result->charge));
    }
    return answer;
  }

 private:
  using LegResult = BufferedResult<json::ResultEncoder>;

  [[nodiscard]] int status() const {
    std::size_t successes = 0;
    for (const json::LegOutcome& leg : legs_) successes += leg.result ? 1 : 0;
    const auto wanted = static_cast<std::size_t>(request_.fan_out.min_successes);
    if (successes < wanted || (successes == 0 && !legs_.empty())) return 503;
    return successes == legs_.size() ? 200 : 207;
  }

  json::FanOutRequest request_;
  InFlight& in_flight_;
  std::vector<json::LegOutcome> legs_;
  std::vector<std::shared_ptr<LegResult>> results_;  // of legs that were sent
};

}  // namespace

std::function<void()> FanOutService::run(Order order,
                                         std::function<void(Result<FanOutAnswer>)> done) {
  auto ids = manager::resolve_targets(order.request.fan_out.targets, manager_);
  if (!ids) {
    done(fail(std::move(ids.error())));
    return [] {};
  }
  const FanOut& wanted = order.request.fan_out;
  manager::FanOutRun::Order run;
  run.db_ids = *ids;
  run.query = wanted.query;
  run.query.read_only |= !wanted.write;
  run.concurrency = wanted.concurrency;
  run.started_at = order.received_at;
  run.origin = order.origin;
  if (wanted.deadline) run.deadline = base::Deadline::after(order.received_at, *wanted.deadline);

  auto assembly = std::make_shared<Assembly>(std::move(order.request), *ids, in_flight_);
  run.make_sink = [this, assembly, ids = *ids, &loop = order.loop](std::size_t leg) {
    const auto database = manager_.find(ids[leg], &loop);
    const auto max_bytes =
        database ? database->options.query.max_result_bytes : QueryLimits{}.max_result_bytes;
    return assembly->make_sink(leg, max_bytes);
  };
  run.leg_done = [this, assembly, ids = *ids, sql = run.query.sql, origin = order.origin,
                  &loop = order.loop](std::size_t leg, Result<Completion> result,
                                      base::Duration elapsed) {
    const auto watched = watch_.begin(ids[leg], sql, origin);
    watch_.end(watched, {ids[leg], result, loop.now() - elapsed, loop.now()});
    if (!result) show_holders(result.error());
    assembly->leg_done(leg, std::move(result), elapsed);
  };
  if (order.trace_comment) append_trace_comment(run.query.sql, order.origin);
  run.done = [assembly, &loop = order.loop, received_at = order.received_at,
              done = std::move(done)] { done(assembly->finish(micros(loop.now() - received_at))); };
  const auto started = std::make_shared<manager::FanOutRun>(manager_, order.loop, std::move(run));
  started->start();
  return [weak = std::weak_ptr(started)] {
    if (const auto running = weak.lock()) running->cancel();
  };
}

}  // namespace sluice::gateway
