// Answers that clients ask to have compressed: whole ones, in slices, and piece by piece.
#include <gmock/gmock.h>
#include <zlib.h>

#include <cstdint>

#include "unit/http/streaming_fixture.h"

namespace sluice::http {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t kUnlimited = 1'000'000'000;

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
  EXPECT_THAT(client_.received,
              AllOf(Not(HasSubstr("Content-Encoding")), Not(HasSubstr("Accept-Encoding"))));
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
  EXPECT_THAT(client_.received,
              AllOf(Not(HasSubstr("Content-Encoding")), Not(HasSubstr("Accept-Encoding"))));
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
