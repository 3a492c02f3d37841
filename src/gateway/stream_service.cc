#include "gateway/stream_service.h"

#include <chrono>
#include <utility>

#include "gateway/holders.h"
#include "gateway/trace_comment.h"

namespace sluice::gateway {

StreamService::Running StreamService::run(QueryService::Order order,
                                          std::unique_ptr<json::StreamEncoder> encoder,
                                          std::shared_ptr<StreamReceiver> receiver) {
  const auto stream = std::make_shared<RowStream>(
      RowStream::Ends{std::move(encoder), std::move(receiver), order.loop, in_flight_});
  const auto watched = watch_.begin(order.db_id, order.request.query.sql, order.origin);
  manager::Call call;
  call.db_id = order.db_id;
  call.query = std::move(order.request.query);
  if (order.trace_comment) append_trace_comment(call.query.sql, order.origin);
  call.sink = stream;
  call.reply_to = &order.loop;
  call.started_at = order.received_at;
  call.origin = order.origin;
  call.session = std::move(order.session);
  call.done = [this, watched, stream, &loop = order.loop, db_id = std::move(order.db_id),
               received_at = order.received_at](Result<Completion> result) {
    const auto now = loop.now();
    watch_.end(watched, {db_id, result, received_at, now});
    if (!result) show_holders(result.error());
    stream->end(std::move(result),
                std::chrono::duration_cast<std::chrono::microseconds>(now - received_at));
  };
  return {stream, manager_.execute(std::move(call))};
}

}  // namespace sluice::gateway
