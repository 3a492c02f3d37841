#include "http/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::http {
namespace {

using Status = RequestParser::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::size_t kMaxHead = 1024;
constexpr std::size_t kMaxBody = 64;

struct Outcome {
  Status status = Status::kNeedMore;
  int refused_with = 0;
  ParsedRequest request;
  std::string rest;  ///< what the parser left for the next request
};

/// Feeds the bytes in pieces of the given size until the first request is complete or refused.
Outcome parse(std::string_view bytes, std::size_t piece) {
  RequestParser parser(kMaxHead, kMaxBody);
  Outcome outcome;
  while (!bytes.empty() && outcome.status == Status::kNeedMore) {
    std::string_view input = bytes.substr(0, piece);
    const std::size_t size = input.size();
    outcome.status = parser.feed(input);
    bytes.remove_prefix(size - input.size());
    if (outcome.status == Status::kNeedMore) {
      EXPECT_THAT(input, IsEmpty());
    }
  }
  outcome.rest = bytes;
  if (outcome.status == Status::kRefused) outcome.refused_with = parser.refusal().status;
  if (outcome.status == Status::kComplete) outcome.request = parser.take();
  return outcome;
}

Outcome parse(std::string_view bytes) { return parse(bytes, bytes.size()); }

std::string get(std::string_view headers) {
  return "GET /a HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n";
}

struct Case {
  const char* name;
  std::string bytes;
  int status;  ///< 0: is accepted
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

class Smuggling : public ::testing::TestWithParam<Case> {};

// However the bytes are cut, the verdict is the same.
TEST_P(Smuggling, IsJudgedTheSameWholeAndByteByByte) {
  for (std::size_t piece : {GetParam().bytes.size(), std::size_t{1}, std::size_t{7}}) {
    const Outcome outcome = parse(GetParam().bytes, piece);
    EXPECT_EQ(outcome.refused_with, GetParam().status) << "pieces of " << piece;
    if (GetParam().status == 0) {
      EXPECT_EQ(outcome.status, Status::kComplete);
    }
  }
}

std::string post(std::string_view headers, std::string_view body) {
  return "POST /a HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

std::string chunked(std::string_view body) { return post("Transfer-Encoding: chunked\r\n", body); }

const std::string kNul("\0", 1);

INSTANTIATE_TEST_SUITE_P(
    TransferEncoding, Smuggling,
    ::testing::Values(
        Case{"chunked", chunked("5\r\nhello\r\n0\r\n\r\n"), 0},
        Case{"chunked in capitals", post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), 0},
        Case{"gzip", post("Transfer-Encoding: gzip\r\n", "0\r\n\r\n"), 400},
        Case{"xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
        Case{"list", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
        Case{"gzip first", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
        Case{"identity", post("Transfer-Encoding: identity\r\n", "0\r\n\r\n"), 400},
        Case{"empty", post("Transfer-Encoding:\r\n", "0\r\n\r\n"), 400},
        Case{"quoted", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
        Case{"parameter", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), 400},
        Case{"vertical tab", post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), 400},
        Case{"repeated",
             post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
             400},
        Case{"with length",
             post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        Case{"before length",
             post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
        Case{"blank before colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
        Case{"folded", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
        Case{"in HTTP/1.0", "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             400}));

INSTANTIATE_TEST_SUITE_P(
    ContentLength, Smuggling,
    ::testing::Values(
        Case{"exact", post("Content-Length: 5\r\n", "hello"), 0},
        Case{"zero", post("Content-Length: 0\r\n", ""), 0},
        Case{"leading zeros", post("Content-Length: 0005\r\n", "hello"), 0},
        Case{"negative", post("Content-Length: -1\r\n", "hello"), 400},
        Case{"plus", post("Content-Length: +5\r\n", "hello"), 400},
        Case{"hexadecimal", post("Content-Length: 0x5\r\n", "hello"), 400},
        Case{"trailing letters", post("Content-Length: 5abc\r\n", "hello"), 400},
        Case{"letters", post("Content-Length: abc\r\n", "hello"), 400},
        Case{"empty", post("Content-Length:\r\n", "hello"), 400},
        Case{"list of equals", post("Content-Length: 5, 5\r\n", "hello"), 400},
        Case{"repeated equals", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
        Case{"conflicting", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), 400},
        Case{"at the limit", post("Content-Length: 64\r\n", std::string(64, 'x')), 0},
        Case{"over the limit", post("Content-Length: 65\r\n", std::string(65, 'x')), 413},
        Case{"2^64 + 5", post("Content-Length: 18446744073709551621\r\n", "hello"), 413}));

INSTANTIATE_TEST_SUITE_P(
    Chunks, Smuggling,
    ::testing::Values(
        Case{"two", chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), 0},
        Case{"extension", chunked("5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n"), 0},
        Case{"trailer", chunked("5\r\nhello\r\n0\r\nX-A: b\r\n\r\n"), 0},
        Case{"no size", chunked("\r\nhello\r\n0\r\n\r\n"), 400},
        Case{"negative", chunked("-5\r\nhello\r\n0\r\n\r\n"), 400},
        Case{"prefix 0x", chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400},
        Case{"blank first", chunked(" 5\r\nhello\r\n0\r\n\r\n"), 400},
        Case{"blanks after", chunked("5 \t\r\nhello\r\n0\r\n\r\n"), 0},
        Case{"blank before extension", chunked("5 ;a\r\nhello\r\n0\r\n\r\n"), 0},
        Case{"two sizes", chunked("5 6\r\nhello\r\n0\r\n\r\n"), 400},
        Case{"underscore", chunked("0_5\r\nhello\r\n0\r\n\r\n"), 400},
        Case{"overflow", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), 400},
        Case{"size ends with LF", chunked("5\nhello\r\n0\r\n\r\n"), 400},
        Case{"size ends with CR", chunked("5\rhello\r\n0\r\n\r\n"), 400},
        Case{"LF in extension", chunked("5;a\nb\r\nhello\r\n0\r\n\r\n"), 400},
        Case{"data longer than said", chunked("4\r\nhello\r\n0\r\n\r\n"), 400},
        Case{"data ends with LF", chunked("5\r\nhello\n0\r\n\r\n"), 400},
        Case{"trailer folded", chunked("0\r\n b: c\r\n\r\n"), 400},
        Case{"trailer with LF", chunked("0\r\nA: b\n\r\n"), 400},
        Case{"trailer with NUL", chunked("0\r\nA: " + kNul + "\r\n\r\n"), 400},
        Case{"trailer without colon", chunked("0\r\nabc\r\n\r\n"), 400},
        Case{"endless extension", chunked("5;" + std::string(5000, 'a')), 400},
        Case{"endless trailers", chunked("0\r\nA: " + std::string(5000, 'a')), 400},
        Case{"at the limit", chunked("40\r\n" + std::string(64, 'x') + "\r\n0\r\n\r\n"), 0},
        Case{"over the limit", chunked("41\r\n" + std::string(65, 'x') + "\r\n0\r\n\r\n"), 413},
        Case{"over the limit together",
             chunked("40\r\n" + std::string(64, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n"), 413}));

INSTANTIATE_TEST_SUITE_P(
    Heads, Smuggling,
    ::testing::Values(
        Case{"plain", get(""), 0}, Case{"empty line first", "\r\n" + get(""), 0},
        Case{"two empty lines first", "\r\n\r\n" + get(""), 400},
        Case{"tab around value", get("A:\tb\t\r\n"), 0}, Case{"obs-text", get("A: \xe4\r\n"), 0},
        Case{"empty value", get("A:\r\n"), 0}, Case{"folded", get("A: b\r\n c\r\n"), 400},
        Case{"folded first line", "GET /a HTTP/1.1\r\n Host: x\r\n\r\n", 400},
        Case{"blank before colon", get("A : b\r\n"), 400}, Case{"no colon", get("A\r\n"), 400},
        Case{"empty name", get(": b\r\n"), 400}, Case{"name with paren", get("A(b: c\r\n"), 400},
        Case{"name with NUL", get("A" + kNul + ": b\r\n"), 400},
        Case{"value with NUL", get("A: b" + kNul + "\r\n"), 400},
        Case{"value with CR", get("A: b\rc\r\n"), 400},
        Case{"value with LF", get("A: b\nC: d\r\n"), 400},
        Case{"value with DEL", get("A: \x7f\r\n"), 400},
        Case{"value with escape", get("A: \x1b[0m\r\n"), 400},
        Case{"LF only", "GET /a HTTP/1.1\nHost: x\n\n", 400},
        Case{"CR CR LF", "GET /a HTTP/1.1\r\r\nHost: x\r\n\r\n", 400},
        Case{"TLS greeting", "\x16\x03\x01\x02", 400},
        Case{"no Host", "GET /a HTTP/1.1\r\n\r\n", 400},
        Case{"no Host in HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n", 0},
        Case{"two Hosts", get("Host: x\r\n"), 400},
        Case{"two different Hosts", get("HOST: y\r\n"), 400},
        Case{"Host with path", "GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
        Case{"Host with user", "GET /a HTTP/1.1\r\nHost: a@x\r\n\r\n", 400},
        Case{"Host list", "GET /a HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
        Case{"Host with bad port", "GET /a HTTP/1.1\r\nHost: x:y\r\n\r\n", 400},
        Case{"Host IPv6", "GET /a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
        Case{"expect something else", get("Expect: miracles\r\n"), 417},
        Case{"head too large", get("A: " + std::string(kMaxHead, 'a') + "\r\n"), 431},
        Case{"endless request line", "GET /" + std::string(kMaxHead, 'a'), 431}));

INSTANTIATE_TEST_SUITE_P(
    RequestLines, Smuggling,
    ::testing::Values(Case{"absolute", "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n", 0},
                      Case{"absolute without host", "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n",
                           400},
                      Case{"other scheme", "GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                      Case{"relative", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                      Case{"star", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 0},
                      Case{"star with GET", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                      Case{"blank in target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                      Case{"two blanks", "GET  /a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                      Case{"tab", "GET\t/a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                      Case{"trailing blank", "GET /a HTTP/1.1 \r\nHost: x\r\n\r\n", 400},
                      Case{"fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                      Case{"byte above 127", "GET /\xe4 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                      Case{"no version", "GET /a\r\nHost: x\r\n\r\n", 400},
                      Case{"lower case", "GET /a http/1.1\r\nHost: x\r\n\r\n", 400},
                      Case{"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\n", 505},
                      Case{"HTTP/1.2", "GET /a HTTP/1.2\r\nHost: x\r\n\r\n", 505},
                      Case{"HTTP/0.9", "GET /a HTTP/0.9\r\n\r\n", 505},
                      Case{"HTTP/1.10", "GET /a HTTP/1.10\r\nHost: x\r\n\r\n", 400},
                      Case{"unknown method", "BREW /a HTTP/1.1\r\nHost: x\r\n\r\n", 501},
                      Case{"method in lower case", "get /a HTTP/1.1\r\nHost: x\r\n\r\n", 501},
                      Case{"CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 501},
                      Case{"TRACE", "TRACE /a HTTP/1.1\r\nHost: x\r\n\r\n", 501},
                      Case{"method with brace", "G{T /a HTTP/1.1\r\nHost: x\r\n\r\n", 400}));

TEST(RequestParser, ReadsAWholeRequest) {
  const Outcome outcome = parse(
      "POST /q/a%20b?c=d HTTP/1.1\r\nHOST: db.example:80\r\nX-Thing:  Two words \r\n"
      "Content-Length: 5\r\n\r\nhelloGET");
  ASSERT_EQ(outcome.status, Status::kComplete);
  EXPECT_EQ(outcome.request.method, Pistache::Http::Method::Post);
  EXPECT_EQ(outcome.request.target, "/q/a%20b?c=d");
  EXPECT_EQ(outcome.request.host, "db.example:80");
  EXPECT_EQ(outcome.request.body, "hello");
  EXPECT_THAT(outcome.request.headers,
              ElementsAre(Pair("host", "db.example:80"), Pair("x-thing", "Two words"),
                          Pair("content-length", "5")));
  EXPECT_EQ(outcome.rest, "GET");
}

TEST(RequestParser, DecodesChunksAndDropsTrailers) {
  for (std::size_t piece : {1, 3, 1000}) {
    const Outcome outcome = parse(
        chunked("5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nAuthorization: admin\r\n\r\nGET"), piece);
    ASSERT_EQ(outcome.status, Status::kComplete);
    EXPECT_EQ(outcome.request.body, "hello world");
    EXPECT_EQ(outcome.request.headers.size(), 2u) << "the trailer must not be a header";
    EXPECT_THAT(outcome.rest, HasSubstr("GET"));
  }
}

TEST(RequestParser, KeepsAliveAsTheVersionAndTheClientSay) {
  const auto keep_alive = [](std::string_view version, std::string_view connection) {
    return parse("GET / " + std::string(version) + "\r\nHost: x\r\n" + std::string(connection) +
                 "\r\n")
        .request.keep_alive;
  };
  EXPECT_TRUE(keep_alive("HTTP/1.1", ""));
  EXPECT_FALSE(keep_alive("HTTP/1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1", "Connection: x, Close ,y\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1", "Connection: close\r\nConnection: keep-alive\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.0", ""));
  EXPECT_TRUE(keep_alive("HTTP/1.0", "Connection: Keep-Alive\r\n"));
}

TEST(RequestParser, LetsTheTargetsHostReplaceTheHostHeader) {
  const Outcome outcome = parse("GET http://real:1/a?b HTTP/1.1\r\nHost: other\r\n\r\n");
  EXPECT_EQ(outcome.request.host, "real:1");
  EXPECT_EQ(outcome.request.target, "/a?b");
}

TEST(RequestParser, TellsOnceThatTheClientWaitsForAnInterimAnswer) {
  RequestParser parser(kMaxHead, kMaxBody);
  const std::string head = post("Content-Length: 5\r\nExpect: 100-Continue\r\n", "");
  std::string_view input = head;
  ASSERT_EQ(parser.feed(input), Status::kNeedMore);
  EXPECT_TRUE(parser.take_expectation());
  EXPECT_FALSE(parser.take_expectation());
}

TEST(RequestParser, ForgetsTheExpectationOfAClientThatDidNotWait) {
  RequestParser parser(kMaxHead, kMaxBody);
  const std::string bytes = post("Content-Length: 5\r\nExpect: 100-continue\r\n", "he");
  std::string_view input = bytes;
  ASSERT_EQ(parser.feed(input), Status::kNeedMore);
  EXPECT_FALSE(parser.take_expectation());
}

TEST(RequestParser, RefusesATooLargeBodyBeforeItIsSent) {
  const Outcome outcome = parse(post("Content-Length: 1000\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(outcome.refused_with, 413);
}

TEST(RequestParser, ReadsRequestAfterRequest) {
  RequestParser parser(kMaxHead, kMaxBody);
  const std::string bytes = chunked("1\r\na\r\n0\r\n\r\n") + get("") + "\r\n" + get("A: b\r\n");
  std::string_view input = bytes;
  ASSERT_EQ(parser.feed(input), Status::kComplete);
  EXPECT_EQ(parser.take().body, "a");
  EXPECT_FALSE(parser.started());
  ASSERT_EQ(parser.feed(input), Status::kComplete);
  EXPECT_THAT(parser.take().headers, ElementsAre(Pair("host", "x")));
  ASSERT_EQ(parser.feed(input), Status::kComplete);
  EXPECT_THAT(parser.take().headers, ElementsAre(Pair("host", "x"), Pair("a", "b")));
  EXPECT_THAT(input, IsEmpty());
}

}  // namespace
}  // namespace sluice::http
