#include "gateway/schema_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/utf8.h"
#include "gateway/schema_statement.h"
#include "json/writer.h"

namespace sluice::gateway {
namespace {

/// Sorts the entries into their lists, as they come.
class SchemaSink final : public RowSink {
 public:
  SchemaSink(std::size_t limit, std::int64_t max_bytes)
      : limit_(limit), max_bytes_(static_cast<std::size_t>(max_bytes)) {}

  void on_columns(const std::vector<Column>& /*columns*/) override {}

  RowVerdict on_row(std::span<const Cell> cells) override {
    const auto name = std::ranges::find(kSchemaLists, cells[0].text());
    if (name == kSchemaLists.end()) return RowVerdict::kContinue;
    List& list = lists_[static_cast<std::size_t>(name - kSchemaLists.begin())];
    if (list.count == limit_) {
      truncated_ = true;
      return RowVerdict::kContinue;
    }
    bytes_ += cells[1].size;
    if (bytes_ > max_bytes_) return RowVerdict::kTooLarge;
    list.json.append(list.count++ == 0 ? "" : ",").append(base::repaired_utf8(cells[1].text()));
    return RowVerdict::kContinue;
  }

  [[nodiscard]] std::size_t bytes() const override { return bytes_; }

  [[nodiscard]] std::string document(std::string_view db_id,
                                     const std::vector<std::string>& wanted) const {
    json::Writer writer;
    writer.begin_object().field("db_id", db_id);
    for (std::size_t i = 0; i < kSchemaLists.size(); ++i) {
      if (std::ranges::find(wanted, kSchemaLists[i]) == wanted.end()) continue;
      writer.raw_field(kSchemaLists[i], "[" + lists_[i].json + "]");
    }
    writer.field("truncated", truncated_).end_object();
    return writer.take();
  }

 private:
  struct List {
    std::string json;
    std::size_t count = 0;
  };
  const std::size_t limit_;
  const std::size_t max_bytes_;
  std::array<List, kSchemaLists.size()> lists_;
  std::size_t bytes_ = 0;
  bool truncated_ = false;
};

Param text_or_null(const std::optional<std::string>& text) {
  return text ? Param(*text) : Param(nullptr);
}

Query query_of(const SchemaFilter& filter) {
  std::vector<Param> lists(filter.lists.begin(), filter.lists.end());
  Query query;
  query.sql = kSchemaStatement;
  query.params = {text_or_null(filter.schema),
                  text_or_null(filter.table),
                  Param::array(std::move(lists)),
                  filter.system,
                  filter.limit,
                  text_or_null(filter.function),
                  text_or_null(filter.type)};
  query.read_only = true;
  return query;
}

Error judged(Error error) {
  if (error.code == ErrorCode::kResultTooLarge) {
    error.message +=
        "; ask for a part of the schema: schema, table, function, type, include or limit";
  }
  return error;
}

}  // namespace

manager::CallHandle SchemaService::run(Order order, std::function<void(Result<QueryAnswer>)> done) {
  const auto database = manager_.find(order.db_id, &order.loop);
  const auto max_bytes =
      database ? database->options.query.max_result_bytes : QueryLimits{}.max_result_bytes;
  auto sink = std::make_shared<SchemaSink>(order.filter.limit, max_bytes);
  const auto watched = watch_.begin(order.db_id, kSchemaStatement, order.origin);
  manager::Call call;
  call.db_id = order.db_id;
  call.query = query_of(order.filter);
  call.sink = sink;
  call.reply_to = &order.loop;
  call.started_at = order.received_at;
  call.origin = order.origin;
  call.done = [this, watched, sink, order = std::move(order),
               done = std::move(done)](Result<Completion> result) {
    const auto before = std::chrono::steady_clock::now();
    watch_.end(watched, {order.db_id, result, order.received_at, before});
    if (!result) return done(fail(judged(std::move(result.error()))));
    QueryAnswer answer;
    answer.body = sink->document(order.db_id, order.filter.lists);
    answer.timings = result->timings;
    answer.encode = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - before);
    done(std::move(answer));
  };
  return manager_.execute(std::move(call));
}

}  // namespace sluice::gateway
