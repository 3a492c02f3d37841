#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "app/access_log.h"
#include "app/log_line.h"
#include "app/log_observer.h"
#include "app/log_sink.h"
#include "app/repeat_filter.h"
#include "app/slow_query_log.h"

namespace sluice::app {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// 2026-01-28T12:34:56.000042Z
const std::chrono::system_clock::time_point kNow{microseconds(1'769'603'696'000'042)};

/// A log into memory.
class MemoryLog {
 public:
  explicit MemoryLog(const config::LogConfig& config = {})
      : stream_(open_memstream(&data_, &size_)),
        log_(std::make_unique<Log>(
            LogOptions{.config = config, .stream = stream_, .now = [] { return kNow; }})) {}
  ~MemoryLog() {
    log_.reset();
    std::fclose(stream_);
    std::free(data_);
  }
  MemoryLog(const MemoryLog&) = delete;
  MemoryLog& operator=(const MemoryLog&) = delete;

  Log& log() { return *log_; }
  /// Ends the log; every line that it wrote.
  std::vector<std::string> lines() {
    log_.reset();
    std::istringstream text(std::string(data_, size_));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
  std::unique_ptr<Log> log_;
};

std::string json(std::string_view message, const std::vector<LogField>& fields) {
  return json_line({kNow, LogLevel::kInfo, message, fields.data(), fields.size()});
}

TEST(LogLine, IsJsonWithTimeLevelAndMessageFirst) {
  EXPECT_EQ(json("hello", {{"db_id", "orders"},
                           {"status", 200},
                           {"duration_ms", 1.25},
                           {"retry", true},
                           {"bytes", std::size_t{7}}}),
            R"({"time":"2026-01-28T12:34:56.000042Z","level":"info","msg":"hello",)"
            R"("db_id":"orders","status":200,"duration_ms":1.25,"retry":true,"bytes":7})");
}

TEST(LogLine, ShowsTimesBeforeTheEpochAndAtItsEnd) {
  const auto time = std::chrono::system_clock::time_point(microseconds(-1));
  const std::string line = json_line({time, LogLevel::kInfo, "", nullptr, 0});
  EXPECT_NE(line.find("1969-12-31T23:59:59.999999Z"), std::string::npos) << line;
}

TEST(LogLine, EveryByteMakesValidJsonThatReadsBack) {
  std::string ascii;
  for (int byte = 0; byte < 128; ++byte) ascii += static_cast<char>(byte);
  const std::string line = json(ascii, {{"key\"\n", ascii}});
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
  ASSERT_FALSE(document.HasParseError()) << line;
  EXPECT_EQ(std::string(document["msg"].GetString(), document["msg"].GetStringLength()), ascii);
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(LogLine, WhatIsNoUtf8IsReplaced) {
  for (const std::string& bad : {std::string("\xff"), std::string("a\xc3"), std::string("\xc0\x80"),
                                 std::string("\xed\xa0\x80"), std::string("\xf5\x80\x80\x80")}) {
    const std::string line = json(bad + "é€😀", {});
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
    ASSERT_FALSE(document.HasParseError()) << line;
    EXPECT_NE(line.find("\xef\xbf\xbd"), std::string::npos);
    EXPECT_NE(line.find("é€😀"), std::string::npos);
  }
}

TEST(LogLine, NumbersThatJsonDoesNotKnowAreTexts) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string line =
      json("", {{"a", infinity}, {"b", -infinity}, {"c", infinity - infinity}});
  EXPECT_NE(line.find(R"("a":"Infinity","b":"-Infinity","c":"NaN"})"), std::string::npos) << line;
}

std::string text(std::string_view message, const std::vector<LogField>& fields) {
  return text_line({kNow, LogLevel::kWarn, message, fields.data(), fields.size()}, false);
}

TEST(LogLine, IsReadableAsText) {
  EXPECT_EQ(text("hello", {{"db_id", "orders"}, {"note", "two words"}, {"empty", ""}, {"n", 1}}),
            "12:34:56.000 WARN  hello db_id=orders note=\"two words\" empty=\"\" n=1");
}

TEST(LogLine, AsTextCannotBeForgedNorDriveTheTerminal) {
  const std::string line = text("a\nb\x1b[2J", {{"k", "x\r\ny"},
                                                {"c1",
                                                 "\xc2\x9b"
                                                 "2J"}});
  EXPECT_EQ(line.find_first_of("\n\r\x1b"), std::string::npos) << line;
  EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos) << line;
}

TEST(LogLine, HasColoursOnlyWhenAsked) {
  const LogRecord record{kNow, LogLevel::kError, "x", nullptr, 0};
  EXPECT_EQ(text_line(record, false).find('\x1b'), std::string::npos);
  EXPECT_NE(text_line(record, true).find("\x1b[31mERROR\x1b[0m"), std::string::npos);
}

TEST(Log, WritesWhatIsAtItsLevelOrAbove) {
  MemoryLog memory({.level = "warn"});
  memory.log().debug("d");
  memory.log().info("i");
  memory.log().warn("w");
  memory.log().error("e");
  memory.log().always(LogLevel::kDebug, "a");
  const auto lines = memory.lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[0].find(R"("level":"warn","msg":"w")"), std::string::npos);
  EXPECT_NE(lines[1].find(R"("level":"error","msg":"e")"), std::string::npos);
  EXPECT_NE(lines[2].find(R"("level":"debug","msg":"a")"), std::string::npos);
}

TEST(Log, IsJsonUnlessOnATerminalOrAskedForText) {
  MemoryLog automatic;
  automatic.log().info("x");
  EXPECT_TRUE(automatic.lines().at(0).starts_with("{"));
  MemoryLog as_text({.format = "text"});
  as_text.log().info("x");
  EXPECT_EQ(as_text.lines().at(0), "12:34:56.000 INFO  x");
}

TEST(Log, TellsIdenticalWarningsOnceAndHowManyFollowed) {
  MemoryLog memory;
  for (int i = 0; i < 4; ++i) memory.log().warn("slow", {{"db_id", "a"}, {"n", 1}});
  memory.log().warn("slow", {{"db_id", "b"}});
  for (int i = 0; i < 2; ++i) memory.log().info("same");
  const auto lines = memory.lines();
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_NE(lines[4].find(R"("msg":"slow","db_id":"a","n":1,"repeated":3})"), std::string::npos)
      << lines[4];
}

TEST(Log, TakesLinesFromManyThreadsWhole) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  MemoryLog memory;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int line = 0; line < kLines; ++line) memory.log().info("line", {{"n", line}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto lines = memory.lines();
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(kThreads * kLines));
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.starts_with("{") && line.ends_with("}")) << line;
  }
}

TEST(RepeatFilter, HoldsRepeatsBackForTenSeconds) {
  RepeatFilter filter;
  const RepeatFilter::Time start{};
  const LogRecord record{kNow, LogLevel::kWarn, "m", nullptr, 0};
  EXPECT_TRUE(filter.admit(record, start));
  EXPECT_FALSE(filter.admit({kNow + seconds(5), LogLevel::kWarn, "m", nullptr, 0}, start));
  EXPECT_TRUE(filter.admit({kNow, LogLevel::kWarn, "other", nullptr, 0}, start));
  EXPECT_TRUE(filter.expired(start + seconds(10) - milliseconds(1)).empty());
  const auto due = filter.expired(start + seconds(10));
  ASSERT_EQ(due.size(), 1u) << "what was not repeated is not told";
  EXPECT_EQ(due[0].times, 1);
  EXPECT_EQ(due[0].record.message, "m");
  EXPECT_TRUE(filter.admit(record, start + seconds(10)));
}

TEST(RepeatFilter, RemembersABoundedNumberOfRecords) {
  RepeatFilter filter;
  const RepeatFilter::Time start{};
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_TRUE(filter.admit({kNow, LogLevel::kWarn, std::to_string(i), nullptr, 0}, start));
  }
  EXPECT_TRUE(filter.admit({kNow, LogLevel::kWarn, "one more", nullptr, 0}, start));
  EXPECT_TRUE(filter.admit({kNow, LogLevel::kWarn, "one more", nullptr, 0}, start));
  EXPECT_FALSE(filter.admit({kNow, LogLevel::kWarn, "7", nullptr, 0}, start));
}

TEST(Log, ItsLevelCanChange) {
  MemoryLog memory;
  memory.log().debug("unheard");
  memory.log().set_level("debug");
  memory.log().debug("heard");
  EXPECT_EQ(memory.lines().size(), 1u);
}

TEST(Log, RemembersTheLastHundredTroubles) {
  MemoryLog memory;
  memory.log().info("no trouble");
  for (int i = 0; i < 101; ++i) memory.log().warn("trouble " + std::to_string(i));
  const auto troubles = memory.log().recent_troubles();
  ASSERT_EQ(troubles.size(), 100u);
  EXPECT_NE(troubles.front().find(R"("msg":"trouble 1")"), std::string::npos) << troubles.front();
  EXPECT_NE(troubles.back().find(R"("msg":"trouble 100")"), std::string::npos);
}

TEST(SlowQueryLog, TellsWhoRanWhatAndForHowLong) {
  MemoryLog memory({.level = "error"});
  const manager::Origin origin{"alice", "127.0.0.1", "r1", {}};
  gateway::SlowQuery slow;
  slow.db_id = "orders";
  slow.sql = "SELECT ?";
  slow.took = microseconds(1'500'250);
  slow.timings.queue = microseconds(250);
  slow.rows = 3;
  slow.origin = &origin;
  log_slow_query(memory.log(), slow);
  const auto lines = memory.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("msg":"slow query","db_id":"orders","duration_ms":1500.25,)"
                          R"("queue_ms":0.25,"rows":3,"error":"","request_id":"r1","trace_id":"",)"
                          R"("actor":"alice","client":"127.0.0.1","sql":"SELECT ?"})"),
            std::string::npos)
      << lines[0];
}

TEST(LogObserver, WarnsOncePerBreakerTransition) {
  MemoryLog memory;
  gateway::Events events;
  LogObserver(memory.log(), events, false)
      .on_breaker_transition({"orders", BreakerState::kClosed, BreakerState::kOpen, "failure_rate",
                              "31 of 40 calls failed"});
  const auto lines = memory.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("level":"warn","msg":"circuit breaker changed","db_id":"orders",)"
                          R"("from":"closed","to":"open","reason":"failure_rate",)"
                          R"("explanation":"31 of 40 calls failed"})"),
            std::string::npos)
      << lines[0];
  const auto recorded = events.read({}).events;
  ASSERT_EQ(recorded.size(), 1u);
  EXPECT_EQ(recorded[0].db_id, "orders");
  EXPECT_EQ(recorded[0].message, "closed → open: 31 of 40 calls failed");
}

TEST(LogObserver, TellsPoolEventsOnlyWhenAsked) {
  gateway::Events events;
  MemoryLog silent({.level = "debug"});
  LogObserver(silent.log(), events, false).on_pool_event("orders", PoolEvent::kConnected, "");
  EXPECT_TRUE(silent.lines().empty());
  MemoryLog memory;
  LogObserver(memory.log(), events, true).on_pool_event("orders", PoolEvent::kClosed, "idle");
  const auto lines = memory.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("level":"debug")"), std::string::npos);
  EXPECT_NE(lines[0].find(R"("db_id":"orders","event":"closed","detail":"idle")"),
            std::string::npos)
      << lines[0];
}

TEST(AccessLog, TellsTheRequestWithoutItsContents) {
  MemoryLog memory;
  http::Request request;
  request.method = Pistache::Http::Method::Post;
  request.path = "/query/orders";
  request.route = "/query/:db_id";
  request.path_parameters["db_id"] = "orders";
  request.parameters.emplace("token", "hunter2");
  request.headers = {{"authorization", "Bearer hunter2"}};
  request.body = "SELECT 'hunter2'";
  request.client = "127.0.0.1";
  request.request_id = "r1";
  const manager::Origin origin{"alice", request.client, request.request_id,
                               "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};
  log_access(memory.log(), {request, origin, 200, 17, microseconds(1'250)});
  const auto lines = memory.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("msg":"request","request_id":"r1","method":"POST",)"
                          R"("route":"/query/:db_id","status":200,"duration_ms":1.25,)"
                          R"("bytes":17,"client":"127.0.0.1","db_id":"orders","actor":"alice",)"
                          R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"})"),
            std::string::npos)
      << lines[0];
  EXPECT_EQ(lines[0].find("hunter2"), std::string::npos);
}

TEST(AccessLog, ADashboardThatIsOpenDoesNotFillTheLog) {
  MemoryLog memory;
  http::Request request;
  request.method = Pistache::Http::Method::Get;
  request.route = "/admin/snapshot";
  log_access(memory.log(), {request, {}, 200, 17, microseconds(1)});
  log_access(memory.log(), {request, {}, 403, 17, microseconds(1)});
  request.method = Pistache::Http::Method::Post;
  log_access(memory.log(), {request, {}, 201, 17, microseconds(1)});
  const auto lines = memory.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find(R"("status":403)"), std::string::npos);
  EXPECT_NE(lines[1].find(R"("status":201)"), std::string::npos);
}

}  // namespace
}  // namespace sluice::app
