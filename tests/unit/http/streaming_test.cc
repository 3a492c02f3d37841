// Answers whose body comes in pieces: framing, order, back-pressure, slow and absent readers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>

#include "http/http_connection.h"
#include "support/simulated_loop.h"
#include "unit/http/scripted_stream.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using Pistache::Http::Method;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto kTick = 1ms;
constexpr std::size_t kUnlimited = 1'000'000'000;

std::string body_of(const std::string& received) {
  return received.substr(received.find("\r\n\r\n") + 4);
}

std::string unzipped(const std::string& compressed) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string text(10'000'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  inflate(&stream, Z_SYNC_FLUSH);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

/// What chunks hold; "…" stands for a last chunk that is missing.
std::string unchunked(std::string_view body) {
  std::string text;
  while (!body.empty()) {
    const std::size_t size = std::stoul(std::string(body.substr(0, body.find('\r'))), nullptr, 16);
    body.remove_prefix(body.find('\n') + 1);
    if (size == 0) return text;
    text += body.substr(0, size);
    body.remove_prefix(size + 2);
  }
  return text + "…";
}

class StreamingTest : public ::testing::Test {
 protected:
  StreamingTest() {
    options_.min_read_bytes_per_second = 10;
    const auto later = [this](std::shared_ptr<Exchange> exchange) {
      exchange->on_client_gone([this] { ++gone_; });
      waiting_.push_back(std::move(exchange));
    };
    router_.add(Method::Get, "/later", later);
    router_.add(Method::Post, "/later", later);
    open();
  }
  ~StreamingTest() override { connection_->abort(); }

  void open() {
    client_ = ScriptedClient();
    waiting_.clear();
    connection_ = std::make_shared<HttpConnection>(
        context_, std::make_unique<ScriptedStream>(client_), "192.0.2.1:1");
    connection_->open();
  }
  void send(std::string_view bytes) {
    client_.to_server += bytes;
    connection_->on_ready({.readable = true});
    loop_.run_posted();
  }
  void client_takes(std::size_t bytes) {
    client_.takes = bytes;
    connection_->on_ready({.writable = true});
    loop_.run_posted();
  }
  static std::string get(std::string_view headers = "", int version_minor = 1) {
    return "GET /later HTTP/1." + std::to_string(version_minor) + "\r\nHost: localhost\r\n" +
           std::string(headers) + "\r\n";
  }
  Exchange& exchange(std::size_t which = 0) { return *waiting_.at(which); }
  void begin(std::size_t which = 0) {
    Response head;
    head.content_type = "text/csv";
    exchange(which).begin(std::move(head));
  }
  [[nodiscard]] std::string body() const { return unchunked(body_of(client_.received)); }

  testing::SimulatedLoop loop_;
  ServerOptions options_;
  Router router_;
  Dispatcher dispatcher_{
      router_, SitePolicy({.bound_host = "127.0.0.1", .allowed_hosts = {}, .cors_origins = {}})};
  struct Logged {
    int status;
    std::size_t bytes;
    bool incomplete;
  };
  std::vector<Logged> logged_;
  std::function<void(const AccessRecord&)> access_log_ = [this](const AccessRecord& record) {
    logged_.push_back({record.status, record.response_bytes, record.incomplete});
  };
  std::atomic<int> busy_{0};
  ConnectionContext context_{.loop = loop_,
                             .options = options_,
                             .dispatcher = dispatcher_,
                             .access_log = access_log_,
                             .busy_connections = busy_,
                             .random = base::Random(1)};
  std::vector<std::shared_ptr<Exchange>> waiting_;
  ScriptedClient client_;
  std::shared_ptr<HttpConnection> connection_;
  int gone_ = 0;
};

TEST_F(StreamingTest, SendsEachPieceAtOnceAsAChunk) {
  send(get());
  begin();
  EXPECT_TRUE(exchange().write("one"));
  EXPECT_THAT(client_.received,
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"),
                    Not(HasSubstr("Content-Length")), Not(HasSubstr("Connection:")),
                    EndsWith("\r\n\r\n3\r\none\r\n")));
  EXPECT_TRUE(exchange().write(std::string(26, 'x')));
  EXPECT_THAT(client_.received, EndsWith("1a\r\n" + std::string(26, 'x') + "\r\n"));
  EXPECT_TRUE(logged_.empty());
  exchange().finish();
  EXPECT_THAT(client_.received, EndsWith("\r\n0\r\n\r\n"));
  ASSERT_EQ(logged_.size(), 1U);
  EXPECT_EQ(logged_[0].bytes, 29U);
  EXPECT_FALSE(logged_[0].incomplete);
  EXPECT_EQ(busy_, 0);
}

TEST_F(StreamingTest, TakesTheNextRequestAfterwards) {
  send(get());
  begin();
  exchange().write("one");
  exchange().finish();
  send(get());
  begin(1);
  exchange(1).finish();
  EXPECT_EQ(logged_.size(), 2U);
  EXPECT_FALSE(client_.closed);
}

TEST_F(StreamingTest, AnEmptyPieceDoesNotEndTheBody) {
  send(get());
  begin();
  exchange().write("");
  EXPECT_THAT(client_.received, EndsWith("\r\n\r\n"));
  exchange().write("x");
  exchange().finish();
  EXPECT_EQ(body(), "x");
}

TEST_F(StreamingTest, AnswersHttp10UntilTheConnectionCloses) {
  send(get("Connection: keep-alive\r\n", 0));
  begin();
  exchange().write("one");
  EXPECT_THAT(client_.received,
              AllOf(HasSubstr("Connection: close\r\n"), Not(HasSubstr("Transfer-Encoding")),
                    EndsWith("\r\n\r\none")));
  EXPECT_FALSE(client_.server_finished);
  exchange().finish();
  EXPECT_TRUE(client_.server_finished);
  EXPECT_FALSE(client_.spoiled);
}

TEST_F(StreamingTest, LeavesABodyThatIsBrokenOffWithoutItsEnd) {
  send(get());
  begin();
  exchange().write("one");
  exchange().break_off();
  EXPECT_EQ(body(), "one…");
  EXPECT_TRUE(client_.server_finished);
  ASSERT_EQ(logged_.size(), 1U);
  EXPECT_TRUE(logged_[0].incomplete);
  EXPECT_EQ(gone_, 0);
}

TEST_F(StreamingTest, SendsWhatWasWrittenBeforeItBreaksOff) {
  client_.takes = 10;
  send(get());
  begin();
  exchange().write("the last words");
  exchange().break_off();
  EXPECT_FALSE(client_.server_finished);
  client_takes(kUnlimited);
  EXPECT_EQ(body(), "the last words…");
  EXPECT_TRUE(client_.server_finished);
}

TEST_F(StreamingTest, ResetsAnHttp10ConnectionThatIsBrokenOff) {
  send(get("", 0));
  begin();
  exchange().write("one");
  exchange().break_off();
  EXPECT_TRUE(client_.spoiled) << "a plain end would look like success";
  EXPECT_TRUE(client_.closed);
}

TEST_F(StreamingTest, ABodyThatIsDroppedIsBrokenOff) {
  send(get());
  begin();
  exchange().write("one");
  waiting_.clear();
  loop_.run_posted();
  EXPECT_EQ(body(), "one…");
  EXPECT_TRUE(client_.server_finished);
}

TEST_F(StreamingTest, KeepsTheOrderOfPipelinedRequests) {
  send(get() + get() + get());
  ASSERT_EQ(waiting_.size(), 3U);
  begin(1);
  exchange(1).write("second");
  Response third;
  third.body = "third";
  exchange(2).respond(std::move(third));
  EXPECT_THAT(client_.received, IsEmpty());
  begin(0);
  exchange(0).write("first");
  EXPECT_THAT(client_.received, Not(HasSubstr("second")));
  exchange(0).finish();
  EXPECT_THAT(client_.received, AllOf(HasSubstr("second"), Not(HasSubstr("third"))));
  exchange(1).write("and its end");
  exchange(1).finish();
  EXPECT_THAT(client_.received, EndsWith("third"));
  EXPECT_LT(client_.received.find("first"), client_.received.find("second"));
}

TEST_F(StreamingTest, APostBehindAStreamWaitsForItsEnd) {
  send(get() +
       "POST /later HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
       "Content-Length: 2\r\n\r\n{}");
  begin();
  exchange().write("one");
  EXPECT_EQ(waiting_.size(), 1U);
  exchange().finish();
  EXPECT_EQ(waiting_.size(), 2U);
}

TEST_F(StreamingTest, WhoeverIsBehindABrokenOffStreamIsNotAnswered) {
  send(get() + get());
  begin();
  exchange().break_off();
  EXPECT_EQ(gone_, 1) << "the second one is told";
  begin(1);
  exchange(1).write("x");
  exchange(1).finish();
  EXPECT_THAT(client_.received, Not(HasSubstr("x\r\n")));
}

TEST_F(StreamingTest, SendsOnlyTheHeadForHead) {
  send("HEAD /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
  begin();
  EXPECT_TRUE(exchange().write("one"));
  exchange().finish();
  EXPECT_THAT(client_.received,
              AllOf(HasSubstr("Transfer-Encoding: chunked"), EndsWith("\r\n\r\n")));
  EXPECT_THAT(body_of(client_.received), IsEmpty());
}

TEST_F(StreamingTest, SaysCloseWhenTheServerDrains) {
  context_.draining = true;
  send(get());
  begin();
  exchange().write("one");
  EXPECT_THAT(client_.received, HasSubstr("Connection: close\r\n"));
  exchange().finish();
  EXPECT_TRUE(client_.server_finished);
}

// --- back-pressure -----------------------------------------------------------------------------

TEST_F(StreamingTest, AsksForAPauseAndTellsWhenThereIsRoom) {
  int drained = 0;
  client_.takes = 1000;
  send(get());
  begin();
  exchange().on_drained([&drained] { ++drained; });
  int pieces = 1;
  while (exchange().write(std::string(16 * 1024, 'x'))) ++pieces;
  EXPECT_EQ(pieces, 17) << "at most 256 KiB wait";
  client_takes(100'000);
  EXPECT_EQ(drained, 0);
  client_takes(200'000);
  EXPECT_EQ(drained, 1);
  client_takes(kUnlimited);
  EXPECT_EQ(drained, 1);
  exchange().finish();
  EXPECT_EQ(body(), std::string(pieces * 16 * 1024, 'x'));
}

TEST_F(StreamingTest, ABodyThatWaitsForItsTurnAsksForAPauseToo) {
  int drained = 0;
  send(get() + get());
  begin(1);
  exchange(1).on_drained([&drained] { ++drained; });
  while (exchange(1).write(std::string(16 * 1024, 'x'))) {
  }
  EXPECT_EQ(drained, 0);
  begin(0);
  exchange(0).finish();
  EXPECT_EQ(drained, 1);
}

TEST_F(StreamingTest, TellsWhenTheClientLeaves) {
  client_.takes = 10;
  send(get());
  begin();
  exchange().write("a piece");
  client_.broken = true;
  connection_->on_ready({.readable = true, .peer_finished = true, .broken = true});
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(exchange().departure(), Departure::kLeft);
  EXPECT_TRUE(exchange().write("more")) << "nobody waits for a client that has left";
  exchange().finish();
  ASSERT_EQ(logged_.size(), 1U);
  EXPECT_TRUE(logged_[0].incomplete);
  EXPECT_EQ(logged_[0].status, 200);
}

TEST_F(StreamingTest, AHalfClosedClientGetsNoInterimAnswerInsideItsBody) {
  send(get());
  begin();
  exchange().write("one");
  client_.finished = true;
  connection_->on_ready({.readable = true, .peer_finished = true});
  loop_.advance(1s);
  exchange().finish();
  EXPECT_EQ(body(), "one");
}

// --- slow readers ------------------------------------------------------------------------------

class SlowReaderTest : public StreamingTest {
 protected:
  /// A client that has stopped reading, and half a megabyte for it.
  void stuff() {
    client_.takes = 100;
    send(get());
    begin();
    exchange().write(std::string(500'000, 'x'));
  }
};

TEST_F(SlowReaderTest, IsDroppedAfterTheTimeWithoutProgress) {
  stuff();
  loop_.advance(options_.write_timeout - kTick);
  EXPECT_EQ(gone_, 0);
  EXPECT_EQ(exchange().departure(), Departure::kNone);
  EXPECT_FALSE(client_.closed);
  loop_.advance(kTick);
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(exchange().departure(), Departure::kGivenUp);
  EXPECT_TRUE(client_.closed);
}

TEST_F(SlowReaderTest, IsGivenItsTimeAnewByEveryByteThatItTakes) {
  stuff();
  for (int i = 0; i < 3; ++i) {
    loop_.advance(options_.write_timeout - kTick);
    client_takes(1000);
  }
  EXPECT_FALSE(client_.closed);
  loop_.advance(options_.write_timeout);
  EXPECT_TRUE(client_.closed);
}

TEST_F(SlowReaderTest, IsTriedOnceMoreBeforeItIsDropped) {
  stuff();
  loop_.advance(options_.write_timeout - kTick);
  client_.takes = 5000;  // the poller has not told, as there is too little room
  loop_.advance(kTick);
  EXPECT_FALSE(client_.closed);
  EXPECT_GT(client_.received.size(), 5000U);
}

TEST_F(SlowReaderTest, IsDroppedWhenItTakesTooLittleOnAverage) {
  stuff();
  client_takes(599);  // a minute at 10 bytes a second is 600
  loop_.advance(20s);
  for (int i = 0; i < 3; ++i) {
    client_takes(0);
    loop_.advance(9s);
  }
  EXPECT_TRUE(client_.closed) << "it stopped for 30 s";
}

TEST_F(SlowReaderTest, IsKeptAsLongAsItTakesEnough) {
  stuff();
  for (int i = 0; i < 60; ++i) {
    client_takes(10 * 10 + 1);
    loop_.advance(10s);
  }
  EXPECT_FALSE(client_.closed) << "ten minutes at a little more than the least";
}

TEST_F(SlowReaderTest, IsDroppedWhenItDribblesLessThanTheLeast) {
  stuff();
  auto waited = 0s;
  while (!client_.closed && waited < 10min) {
    client_takes(10 * 10 - 10);
    loop_.advance(10s);
    waited += 10s;
  }
  EXPECT_EQ(waited, 60s);
  EXPECT_EQ(gone_, 1);
}

// --- gzip --------------------------------------------------------------------------------------

class GzipTest : public StreamingTest {
 protected:
  static constexpr const char* kAsks = "Accept-Encoding: br, gzip;q=0.8\r\n";

  void answer(std::string body, std::string type = "application/json") {
    Response response;
    response.body = std::move(body);
    response.content_type = std::move(type);
    exchange().respond(std::move(response));
    loop_.run_posted();
  }
};

TEST_F(GzipTest, CompressesAnAnswerOfAKibibyteWhenAsked) {
  const std::string body(1024, 'x');
  send(get(kAsks));
  answer(body);
  EXPECT_THAT(client_.received,
              AllOf(HasSubstr("Content-Encoding: gzip\r\n"), HasSubstr("Vary: Accept-Encoding\r\n"),
                    HasSubstr("Content-Length: ")));
  EXPECT_EQ(unzipped(body_of(client_.received)), body);
}

TEST_F(GzipTest, LeavesASmallerOneAsItIs) {
  send(get(kAsks));
  answer(std::string(1023, 'x'));
  EXPECT_THAT(client_.received, AllOf(Not(HasSubstr("Content-Encoding")), Not(HasSubstr("Vary"))));
}

TEST_F(GzipTest, LeavesOneAsItIsUnlessAskedButSaysThatItDepends) {
  for (const char* header : {"", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip;q=0\r\n",
                             "Accept-Encoding: gzip;q=0.5, identity\r\n"}) {
    open();
    send(get(header));
    answer(std::string(2000, 'x'));
    EXPECT_THAT(client_.received,
                AllOf(Not(HasSubstr("Content-Encoding")), HasSubstr("Vary: Accept-Encoding\r\n")))
        << header;
  }
}

TEST_F(GzipTest, LeavesWhatIsNoTextAsItIs) {
  send(get(kAsks));
  answer(std::string(2000, 'x'), "font/woff2");
  EXPECT_THAT(client_.received, AllOf(Not(HasSubstr("Content-Encoding")), Not(HasSubstr("Vary"))));
}

class TaggedGzipTest : public GzipTest {
 protected:
  std::string head_of(int status, std::size_t size, const char* headers = kAsks) {
    open();
    send(get(headers));
    Response response;
    response.status = status;
    response.body = std::string(size, 'x');
    response.headers.emplace_back("ETag", "W/\"abc\"");
    exchange().respond(std::move(response));
    loop_.run_posted();
    EXPECT_EQ(body_of(client_.received).empty(), status == 304);
    return client_.received.substr(0, client_.received.find("\r\n\r\n") + 4);
  }
};

TEST_F(TaggedGzipTest, GivesWhatIsCompressedATagOfItsOwn) {
  const auto tagged_as_gzip =
      AllOf(HasSubstr("ETag: W/\"abc-gzip\"\r\n"), HasSubstr("Vary: Accept-Encoding\r\n"));
  EXPECT_THAT(head_of(200, 2000), tagged_as_gzip);
  EXPECT_THAT(head_of(200, 100'000), tagged_as_gzip) << "in slices";
}

TEST_F(TaggedGzipTest, GivesWhatIsNotTheTagThatItHas) {
  EXPECT_THAT(head_of(200, 1023), HasSubstr("ETag: W/\"abc\"\r\n"));
  EXPECT_THAT(head_of(200, 2000, ""),
              AllOf(HasSubstr("ETag: W/\"abc\"\r\n"), HasSubstr("Vary: Accept-Encoding\r\n")));
}

TEST_F(TaggedGzipTest, A304HasTheHeadOfTheAnswerThatItSaves) {
  EXPECT_THAT(head_of(304, 2000),
              AllOf(HasSubstr("ETag: W/\"abc-gzip\"\r\n"), HasSubstr("Vary: Accept-Encoding\r\n"),
                    Not(HasSubstr("Content-"))));
  EXPECT_THAT(head_of(304, 2000, ""),
              AllOf(HasSubstr("ETag: W/\"abc\"\r\n"), HasSubstr("Vary: Accept-Encoding\r\n")));
  EXPECT_THAT(head_of(304, 1023),
              AllOf(HasSubstr("ETag: W/\"abc\"\r\n"), Not(HasSubstr("Accept-Encoding"))));
}

TEST_F(GzipTest, CanBeSwitchedOff) {
  options_.gzip = false;
  send(get(kAsks));
  answer(std::string(2000, 'x'));
  EXPECT_THAT(client_.received, Not(HasSubstr("Content-Encoding")));
}

TEST_F(GzipTest, CompressesALargeBodySliceBySlice) {
  std::string body;
  for (std::int64_t i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i * 7919) + ",";
  send(get(kAsks) + get());
  Response response;
  response.body = body;
  exchange().respond(std::move(response));
  const std::size_t at_first = client_.received.size();
  EXPECT_LT(at_first, 100'000U) << "the rest waits for the loop's next turns";
  loop_.run_posted();
  const std::string compressed = unchunked(body_of(client_.received));
  EXPECT_EQ(unzipped(compressed), body);
  EXPECT_EQ(waiting_.size(), 2U) << "the next request was taken meanwhile";
  EXPECT_EQ(gone_, 0);
}

TEST_F(GzipTest, PausesCompressingWhileTheClientDoesNotRead) {
  std::string body;
  for (std::int64_t i = 0; body.size() < 9'000'000; ++i) body += std::to_string(i * 7919) + ",";
  client_.takes = 100;
  send(get(kAsks));
  Response response;
  response.body = body;
  exchange().respond(std::move(response));
  loop_.run_posted();
  waiting_.clear();
  loop_.run_posted();
  client_takes(kUnlimited);
  loop_.run_posted();
  EXPECT_EQ(unzipped(unchunked(body_of(client_.received))), body);
}

TEST_F(GzipTest, EveryPieceOfAStreamCanBeReadAtOnce) {
  send(get(kAsks));
  begin();
  exchange().write("one\n");
  EXPECT_THAT(client_.received, HasSubstr("Content-Encoding: gzip\r\n"));
  std::string chunks = body();
  EXPECT_THAT(chunks, EndsWith("…"));
  chunks.erase(chunks.size() - std::string_view("…").size());
  EXPECT_EQ(unzipped(chunks), "one\n");
  exchange().write("two\n");
  exchange().finish();
  EXPECT_EQ(unzipped(body()), "one\ntwo\n");
}

}  // namespace
}  // namespace sluice::http
