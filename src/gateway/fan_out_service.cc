#include "gateway/fan_out_service.h"

#include <utility>
#include <vector>

#include "gateway/fan_out_legs.h"
#include "gateway/fan_out_stream.h"
#include "gateway/holders.h"
#include "gateway/trace_comment.h"

namespace sluice::gateway {
namespace {

std::chrono::microseconds micros(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

/// Legs that become one answer.
class Assembly final : public FanOutLegs {
 public:
  using Done = std::function<void(Result<FanOutAnswer>)>;
  Assembly(json::FanOutRequest request, std::vector<std::string> db_ids, InFlight& in_flight,
           Done done)
      : FanOutLegs(std::move(request), std::move(db_ids), in_flight), done_(std::move(done)) {}

  void finish(std::chrono::microseconds elapsed) override {
    FanOutAnswer answer{
        verdict().status, json::fan_out_document(legs(), request().merge, elapsed), {}};
    for (std::size_t i = 0; i < legs().size(); ++i) answer.charge.absorb(take_charge(i));
    done_(std::move(answer));
  }

 private:
  const Done done_;
};

manager::FanOutRun::Order run_of(const FanOutService::Order& order, std::vector<std::string> ids) {
  const FanOut& wanted = order.request.fan_out;
  manager::FanOutRun::Order run;
  run.db_ids = std::move(ids);
  run.query = wanted.query;
  run.query.read_only |= !wanted.write;
  run.concurrency = wanted.concurrency;
  run.started_at = order.received_at;
  run.origin = order.origin;
  if (wanted.deadline) run.deadline = base::Deadline::after(order.received_at, *wanted.deadline);
  return run;
}

}  // namespace

std::function<void()> FanOutService::run(Order order,
                                         std::function<void(Result<FanOutAnswer>)> done) {
  auto ids = manager::resolve_targets(order.request.fan_out.targets, manager_);
  if (!ids) {
    done(fail(std::move(ids.error())));
    return [] {};
  }
  auto legs = std::make_shared<Assembly>(order.request, *ids, in_flight_, std::move(done));
  return start(std::move(order), std::move(*ids), std::move(legs));
}

FanOutService::Running FanOutService::stream(Order order,
                                             std::shared_ptr<StreamReceiver> receiver) {
  auto ids = manager::resolve_targets(order.request.fan_out.targets, manager_);
  if (!ids) {
    receiver->refuse(ids.error());
    return {[] {}, [] {}};
  }
  auto legs = std::make_shared<FanOutStream>(order.request, *ids, in_flight_, std::move(receiver));
  const std::weak_ptr<FanOutStream> weak = legs;
  return {start(std::move(order), std::move(*ids), std::move(legs)), [weak] {
            if (const auto stream = weak.lock()) stream->drained();
          }};
}

std::function<void()> FanOutService::start(Order order, std::vector<std::string> db_ids,
                                           std::shared_ptr<FanOutLegs> legs) {
  auto run = run_of(order, db_ids);
  run.make_sink = [this, legs, db_ids, &loop = order.loop](std::size_t leg) {
    const auto database = manager_.find(db_ids[leg], &loop);
    const auto max_bytes =
        database ? database->options.query.max_result_bytes : QueryLimits{}.max_result_bytes;
    return legs->make_sink(leg, max_bytes);
  };
  run.leg_done = [this, legs, db_ids, sql = run.query.sql, origin = order.origin,
                  &loop = order.loop](std::size_t leg, Result<Completion> result,
                                      base::Duration elapsed) {
    const auto watched = watch_.begin(db_ids[leg], sql, origin);
    watch_.end(watched, {db_ids[leg], result, loop.now() - elapsed, loop.now()});
    if (!result) show_holders(result.error());
    legs->leg_done(leg, std::move(result), micros(elapsed));
  };
  if (order.trace_comment) append_trace_comment(run.query.sql, order.origin);
  run.done = [legs, &loop = order.loop, received_at = order.received_at] {
    legs->finish(micros(loop.now() - received_at));
  };
  const auto started = std::make_shared<manager::FanOutRun>(manager_, order.loop, std::move(run));
  started->start();
  return [weak = std::weak_ptr(started)] {
    if (const auto running = weak.lock()) running->cancel();
  };
}

}  // namespace sluice::gateway
