#include "gateway/fan_out_service.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <utility>
#include <vector>

#include "json/problem.h"
#include "json/result_encoder.h"

namespace sluice::gateway {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

std::chrono::microseconds micros(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

double milliseconds(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}

void string(Writer& writer, std::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void raw(Writer& writer, const std::string& json, rapidjson::Type type) {
  writer.RawValue(json.data(), json.size(), type);
}

/// The legs of one fan-out, and the document they become.
class Assembly {
 public:
  Assembly(json::FanOutRequest request, std::vector<std::string> db_ids)
      : request_(std::move(request)), legs_(db_ids.size()) {
    for (std::size_t i = 0; i < db_ids.size(); ++i) legs_[i].db_id = std::move(db_ids[i]);
  }

  std::shared_ptr<RowSink> make_sink(std::size_t leg, std::int64_t max_bytes) {
    const auto column = request_.merge ? legs_[leg].db_id : std::string();
    legs_[leg].encoder = std::make_shared<json::ResultEncoder>(request_.format, max_bytes, column);
    return legs_[leg].encoder;
  }

  void leg_done(std::size_t leg, Result<Completion> result, base::Duration elapsed) {
    legs_[leg].result = std::move(result);
    legs_[leg].elapsed = micros(elapsed);
  }

  FanOutAnswer finish(std::chrono::microseconds elapsed) {
    std::size_t successes = 0;
    for (const Leg& leg : legs_) successes += leg.result ? 1 : 0;
    rapidjson::StringBuffer buffer;
    Writer writer(buffer);
    writer.StartObject();
    if (request_.merge) write_merged(writer);
    write_successes(writer);
    write_failures(writer);
    writer.Key("elapsed_ms");
    writer.Double(milliseconds(elapsed));
    writer.EndObject();
    return {status(successes), {buffer.GetString(), buffer.GetSize()}};
  }

 private:
  struct Leg {
    std::string db_id;
    std::shared_ptr<json::ResultEncoder> encoder;
    Result<Completion> result;
    std::chrono::microseconds elapsed{0};
  };

  [[nodiscard]] int status(std::size_t successes) const {
    const auto wanted = static_cast<std::size_t>(request_.fan_out.min_successes);
    if (successes < wanted || (successes == 0 && !legs_.empty())) return 503;
    return successes == legs_.size() ? 200 : 207;
  }

  void write_merged(Writer& writer) {
    std::string rows = "[";
    std::int64_t count = 0;
    for (Leg& leg : legs_) {
      if (!leg.result || leg.encoder->rows() == 0) continue;
      if (rows.size() > 1) rows += ',';
      count += leg.encoder->rows();
      rows += leg.encoder->take_bare_rows();
    }
    rows += ']';
    writer.Key("rows");
    raw(writer, rows, rapidjson::kArrayType);
    writer.Key("count");
    writer.Int64(count);
  }

  void write_successes(Writer& writer) {
    writer.Key("successes");
    writer.StartArray();
    for (Leg& leg : legs_) {
      if (!leg.result) continue;
      writer.StartObject();
      writer.Key("db_id");
      string(writer, leg.db_id);
      if (!request_.merge) {
        writer.Key("rows");
        raw(writer, leg.encoder->take_rows(), rapidjson::kArrayType);
      }
      write_completion(writer, *leg.result);
      writer.Key("elapsed_ms");
      writer.Double(milliseconds(leg.elapsed));
      writer.EndObject();
    }
    writer.EndArray();
  }

  static void write_completion(Writer& writer, const Completion& completion) {
    writer.Key("count");
    writer.Int64(completion.rows);
    writer.Key("affected");
    completion.affected ? writer.Int64(*completion.affected) : writer.Null();
    writer.Key("truncated");
    writer.Bool(completion.truncated);
    if (!completion.truncated) return;
    writer.Key("committed");
    writer.Bool(completion.committed);
  }

  void write_failures(Writer& writer) {
    writer.Key("failures");
    writer.StartArray();
    for (const Leg& leg : legs_) {
      if (leg.result) continue;
      writer.StartObject();
      writer.Key("db_id");
      string(writer, leg.db_id);
      writer.Key("error");
      raw(writer, json::error_to_json(leg.result.error()), rapidjson::kObjectType);
      writer.Key("elapsed_ms");
      writer.Double(milliseconds(leg.elapsed));
      writer.EndObject();
    }
    writer.EndArray();
  }

  json::FanOutRequest request_;
  std::vector<Leg> legs_;
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
  if (wanted.deadline) run.deadline = base::Deadline::after(order.received_at, *wanted.deadline);

  auto assembly = std::make_shared<Assembly>(std::move(order.request), *ids);
  run.make_sink = [this, assembly, ids = *ids, &loop = order.loop](std::size_t leg) {
    const auto database = manager_.find(ids[leg], &loop);
    const auto max_bytes =
        database ? database->options.query.max_result_bytes : QueryLimits{}.max_result_bytes;
    return assembly->make_sink(leg, max_bytes);
  };
  run.leg_done = [assembly](std::size_t leg, Result<Completion> result, base::Duration elapsed) {
    assembly->leg_done(leg, std::move(result), elapsed);
  };
  run.done = [assembly, &loop = order.loop, received_at = order.received_at,
              done = std::move(done)] { done(assembly->finish(micros(loop.now() - received_at))); };
  const auto started = std::make_shared<manager::FanOutRun>(manager_, order.loop, std::move(run));
  started->start();
  return [weak = std::weak_ptr(started)] {
    if (const auto running = weak.lock()) running->cancel();
  };
}

}  // namespace sluice::gateway
