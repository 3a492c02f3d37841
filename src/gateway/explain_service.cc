#include "gateway/explain_service.h"

#include <memory>
#include <utility>

#include "base/utf8.h"
#include "json/fields.h"
#include "json/writer.h"

namespace sluice::gateway {
namespace {

/// The plan, whose lines come as rows.
class PlanSink final : public RowSink {
 public:
  explicit PlanSink(std::int64_t max_bytes) : max_bytes_(static_cast<std::size_t>(max_bytes)) {}

  void on_columns(const std::vector<Column>& /*columns*/) override {}
  RowVerdict on_row(std::span<const Cell> cells) override {
    if (!plan_.empty()) plan_ += '\n';
    plan_ += cells[0].text();
    return plan_.size() > max_bytes_ ? RowVerdict::kTooLarge : RowVerdict::kContinue;
  }
  [[nodiscard]] std::size_t bytes() const override { return plan_.size(); }
  [[nodiscard]] const std::string& plan() const { return plan_; }

 private:
  const std::size_t max_bytes_;
  std::string plan_;
};

std::string prefix_of(const json::ExplainRequest& request) {
  std::string prefix = "EXPLAIN (FORMAT ";
  prefix += request.as_text ? "TEXT" : "JSON";
  if (request.analyze) prefix += ", ANALYZE";
  if (request.buffers) prefix += ", BUFFERS";
  if (request.verbose) prefix += ", VERBOSE";
  return prefix += ") ";
}

/// The server counts from the beginning of the EXPLAIN; the caller knows the statement only.
void move_position(Error& error, std::size_t prefix) {
  if (!error.sql) return;
  const auto position = json::whole_number(error.sql->position);
  if (!position || *position <= static_cast<std::int64_t>(prefix)) return;
  auto moved = std::make_shared<SqlDiagnostics>(*error.sql);
  moved->position = std::to_string(*position - static_cast<std::int64_t>(prefix));
  error.sql = std::move(moved);
}

std::chrono::microseconds since(base::TimePoint then) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               then);
}

}  // namespace

/// One explanation on its way.
struct ExplainService::Run {
  Order order;
  std::function<void(Result<QueryAnswer>)> done;
  std::shared_ptr<PlanSink> sink;
  Query query;  ///< the EXPLAIN
  std::size_t prefix = 0;
  QueryWatch::Watched watched;

  void end(QueryWatch& watch, Result<Completion> result) const {
    const auto now = std::chrono::steady_clock::now();
    watch.end(watched, {order.db_id, result, order.received_at, now});
    if (!result) {
      move_position(result.error(), prefix);
      return done(fail(std::move(result.error())));
    }
    QueryAnswer answer;
    answer.body = document(result->host);
    answer.timings = result->timings;
    answer.encode = since(now);
    done(std::move(answer));
  }

  [[nodiscard]] std::string document(const std::string& host) const {
    json::Writer writer;
    writer.begin_object().field("db_id", order.db_id);
    writer.field("analyzed", order.request.analyze);
    if (order.request.as_text) {
      writer.field("plan", sink->plan());
    } else {
      writer.raw_field("plan", base::repaired_utf8(sink->plan()));
    }
    if (!host.empty()) writer.field("host", host);
    writer.field("elapsed_ms", since(order.received_at)).end_object();
    return writer.take();
  }
};

manager::CallHandle ExplainService::run(Order order,
                                        std::function<void(Result<QueryAnswer>)> done) {
  const auto database = manager_.find(order.db_id, &order.loop);
  const auto max_bytes =
      database ? database->options.query.max_result_bytes : QueryLimits{}.max_result_bytes;
  const std::string prefix = prefix_of(order.request);
  auto run = std::make_shared<Run>(
      Run{std::move(order), std::move(done), std::make_shared<PlanSink>(max_bytes), {}, 0, {}});
  run->prefix = prefix.size();
  run->query = std::move(run->order.request.query);
  run->query.sql.insert(0, prefix);
  run->watched = watch_.begin(run->order.db_id, run->query.sql, run->order.origin);
  return run->order.request.analyze ? analyze(run) : plan(run);
}

manager::CallHandle ExplainService::plan(const std::shared_ptr<Run>& run) {
  manager::Call call;
  call.db_id = run->order.db_id;
  call.query = std::move(run->query);
  call.query.read_only = true;  // it runs nothing
  call.sink = run->sink;
  call.reply_to = &run->order.loop;
  call.started_at = run->order.received_at;
  call.origin = run->order.origin;
  call.done = [this, run](Result<Completion> result) { run->end(watch_, std::move(result)); };
  return manager_.execute(std::move(call));
}

manager::CallHandle ExplainService::analyze(const std::shared_ptr<Run>& run) {
  manager::TransactionCall call;
  call.db_id = run->order.db_id;
  call.options.read_only = run->query.read_only;
  call.options.timeout = run->query.timeout;
  call.options.route = run->query.route;
  call.statements.push_back(std::move(run->query));
  call.sinks.push_back(run->sink);
  call.dry_run = true;
  call.reply_to = &run->order.loop;
  call.started_at = run->order.received_at;
  call.origin = run->order.origin;
  call.done = [this, run](Result<Completion> result) { run->end(watch_, std::move(result)); };
  return manager_.transact(std::move(call));
}

}  // namespace sluice::gateway
