#include "gateway/transaction_service.h"

#include <memory>
#include <utility>
#include <vector>

#include "gateway/buffered_result.h"
#include "gateway/holders.h"
#include "gateway/trace_comment.h"
#include "json/answer_format.h"
#include "json/writer.h"

namespace sluice::gateway {
namespace {

/// The results of a transaction as they come, one statement after the other. Together they may be
/// as large as one result. Used by one thread at a time: the home worker, then the request's.
class Results final : public RowSink {
 public:
  Results(std::vector<json::AnswerFormat> formats, std::int64_t max_bytes, InFlight& in_flight)
      : formats_(std::move(formats)), bytes_left_(max_bytes), charge_(in_flight) {
    begin();
  }

  void on_columns(const std::vector<Column>& columns) override { encoder_->on_columns(columns); }
  RowVerdict on_row(std::span<const Cell> cells) override { return encoder_->on_row(cells); }
  [[nodiscard]] std::size_t bytes() const override { return encoder_->bytes(); }

  void statement_done(const Completion& completion) {
    bytes_left_ -= static_cast<std::int64_t>(encoder_->bytes());
    cut_ = cut_ || completion.truncated;
    parts_.push_back(encoder_->finish_part(completion));
    if (parts_.size() < formats_.size()) begin();
  }

  [[nodiscard]] ByteCharge take_charge() { return std::move(charge_); }
  [[nodiscard]] bool starved() const { return encoder_->starved(); }
  [[nodiscard]] bool cut() const { return cut_; }
  [[nodiscard]] std::size_t statements_done() const { return parts_.size(); }

  [[nodiscard]] std::string finish(std::string_view db_id, bool committed,
                                   std::chrono::microseconds elapsed, std::string_view host) const {
    json::Writer writer;
    writer.begin_object().field("db_id", db_id);
    put_parts(writer);
    writer.field("committed", committed).field("elapsed_ms", elapsed);
    if (!host.empty()) writer.field("host", host);
    writer.end_object();
    return writer.take();
  }

  [[nodiscard]] std::string finish_bare() const {
    json::Writer writer;
    writer.begin_object();
    put_parts(writer);
    writer.end_object();
    return writer.take();
  }

 private:
  void begin() {
    encoder_ = json::make_encoder(formats_[parts_.size()], bytes_left_);
    encoder_->ask_before_growing(
        [this](std::size_t bytes) { return charge_.add(static_cast<std::int64_t>(bytes)); });
  }

  void put_parts(json::Writer& writer) const {
    writer.begin_array("results");
    for (const std::string& part : parts_) writer.raw_element(part);
    writer.end_array();
  }

  const std::vector<json::AnswerFormat> formats_;  // of each statement
  std::int64_t bytes_left_;
  ByteCharge charge_;
  bool cut_ = false;
  std::unique_ptr<json::AnswerEncoder> encoder_;  // of the statement that runs
  std::vector<std::string> parts_;
};

/// What the slow-query log and the table of statements call it.
std::string joined_sql(const std::vector<Query>& statements) {
  std::string sql;
  for (const Query& statement : statements) {
    if (sql.size() >= manager::LiveCall::kLongestSql) break;
    sql += sql.empty() ? "" : "; ";
    sql += statement.sql;
  }
  return sql;
}

/// The statement that ran when the error came: the first one that is not done. None, if nothing had
/// begun, or all were done and the end of the transaction failed.
int failing_index(const Error& error, std::size_t done, std::size_t all) {
  const bool began = error.outcome != Outcome::kNotStarted || error.code == ErrorCode::kSqlError ||
                     error.code == ErrorCode::kInvalidRequest;
  return began && done < all ? static_cast<int>(done) : -1;
}

std::chrono::microseconds micros(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

}  // namespace

manager::CallHandle TransactionService::run(Order order,
                                            std::function<void(TransactionAnswer)> done) {
  const auto database = manager_.find(order.db_id, &order.loop);
  const auto max_bytes =
      database ? database->options.query.max_result_bytes : QueryLimits{}.max_result_bytes;
  auto results = std::make_shared<Results>(std::move(order.request.formats), max_bytes, in_flight_);
  const auto watched =
      watch_.begin(order.db_id, joined_sql(order.request.statements), order.origin);
  manager::TransactionCall call;
  call.db_id = order.db_id;
  call.statements = std::move(order.request.statements);
  if (order.trace_comment) {
    for (Query& statement : call.statements) append_trace_comment(statement.sql, order.origin);
  }
  const std::size_t all = call.statements.size();
  call.sinks.assign(all, results);
  call.options = order.request.options;
  call.dry_run = order.request.dry_run;
  call.statement_done = [results](std::size_t, const Completion& completion) {
    results->statement_done(completion);
  };
  call.reply_to = &order.loop;
  call.started_at = order.received_at;
  call.origin = order.origin;
  call.done = [this, watched, results, all, db_id = std::move(order.db_id),
               committed = !call.dry_run, bare = order.request.bare,
               received_at = order.received_at, done = std::move(done)](Result<Completion> result) {
    const auto before = std::chrono::steady_clock::now();
    watch_.end(watched, {db_id, result, received_at, before});
    if (!result) {
      show_holders(result.error());
      const int index = failing_index(result.error(), results->statements_done(), all);
      return done({fail(judged(std::move(result.error()), results->starved())), index});
    }
    QueryAnswer answer;
    answer.body =
        bare ? results->finish_bare()
             : results->finish(db_id, committed, micros(before - received_at), result->host);
    answer.charge = results->take_charge();
    answer.cut = results->cut();
    answer.timings = result->timings;
    answer.encode = micros(std::chrono::steady_clock::now() - before);
    done({std::move(answer), -1});
  };
  return manager_.transact(std::move(call));
}

}  // namespace sluice::gateway
