#include "gateway/query_service.h"

#include <memory>
#include <utility>

#include "gateway/buffered_result.h"
#include "gateway/holders.h"
#include "gateway/trace_comment.h"

namespace sluice::gateway {

manager::CallHandle QueryService::run(Order order, std::function<void(Result<QueryAnswer>)> done) {
  const auto database = manager_.find(order.db_id, &order.loop);
  const auto max_bytes =
      database ? database->options.query.max_result_bytes : QueryLimits{}.max_result_bytes;
  auto buffered = buffered_answer(in_flight_, order.request.format, max_bytes);
  const auto watched = watch_.begin(order.db_id, order.request.query.sql, order.origin);
  manager::Call call;
  call.db_id = order.db_id;
  call.query = std::move(order.request.query);
  if (order.trace_comment) append_trace_comment(call.query.sql, order.origin);
  call.sink = BufferedAnswer::sink(buffered);
  call.reply_to = &order.loop;
  call.started_at = order.received_at;
  call.origin = order.origin;
  call.session = std::move(order.session);
  call.done = [this, watched, buffered, db_id = std::move(order.db_id),
               received_at = order.received_at, done = std::move(done)](Result<Completion> result) {
    const auto before = std::chrono::steady_clock::now();
    watch_.end(watched, {db_id, result, received_at, before});
    if (!result) {
      show_holders(result.error());
      return done(fail(judged(std::move(result.error()), buffered->encoder.starved())));
    }
    const auto elapsed =
        std::chrono::duration_cast<std::chrono::microseconds>(before - received_at);
    QueryAnswer answer;
    answer.body = buffered->encoder.finish(db_id, *result, elapsed);
    answer.stable_bytes = buffered->encoder.stable_bytes();
    answer.charge = std::move(buffered->charge);
    answer.cut = result->truncated;
    answer.timings = result->timings;
    answer.encode = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - before);
    done(std::move(answer));
  };
  return manager_.execute(std::move(call));
}

}  // namespace sluice::gateway
