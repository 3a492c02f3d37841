// What can be read in two ways, sent to a real server: what is answered, that the connection ends
// where framing is in doubt, and that no request ever comes out of another one's body. The parser's
// own verdicts, for every cut of the bytes, are in unit/http/request_parser_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "http/scripted_server.h"

namespace sluice::http {
namespace {

using ::testing::Not;

using Statuses = std::vector<int>;

/// The request that a body pretends to be, and the honest one that follows everything.
const std::string kHidden = "GET /token/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kNext = get_request("/token/next", "Connection: close\r\n");
const std::string kNul("\0", 1);

struct Case {
  const char* name;
  std::string bytes;  ///< is followed by kNext
  Statuses statuses;  ///< of all answers; when kNext is answered, its 200 is the last
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

std::string post(std::string_view headers, std::string_view body) {
  return "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

std::string length(std::string_view value) {
  return post("Content-Length:" + std::string(value) + "\r\n", kHidden);
}
std::string coding(std::string_view value) {
  return post("Transfer-Encoding:" + std::string(value) + "\r\n", "0\r\n\r\n" + kHidden);
}
std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked\r\n", std::string(body));
}
std::string get(std::string_view headers) { return get_request("/token/a", headers); }
std::string line(std::string_view line) {
  return std::string(line) + "\r\nHost: localhost\r\n\r\n";
}
std::string headers(int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += "X-" + std::to_string(i) + ": value\r\n";
  return all;
}
/// A chunk of the hidden request, whose size is written in the given way.
std::string chunk(std::string_view size, std::string_view end = "\r\n") {
  return std::string(size) + "\r\n" + kHidden + std::string(end) + "0\r\n\r\n";
}

const std::string kSize = [] {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%zx", kHidden.size());
  return std::string(text.data());
}();
const std::string kLength = std::to_string(kHidden.size());

class Smuggling : public ::testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<ScriptedServer>(); }
  static void TearDownTestSuite() { server_.reset(); }

  /// Sends everything in pieces of that size, and reads every answer until the end.
  static std::vector<TestClient::Answer> answers(std::string_view bytes, std::size_t piece) {
    TestClient client = server_->connect();
    while (!bytes.empty() && client.send(bytes.substr(0, piece))) {
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    std::vector<TestClient::Answer> all;
    while (auto answer = client.read_answer()) all.push_back(std::move(*answer));
    return all;
  }

  static inline std::unique_ptr<ScriptedServer> server_;
};

TEST_P(Smuggling, NeverMakesARequestOfABody) {
  const std::string bytes = GetParam().bytes + kNext;
  for (const std::size_t piece : {bytes.size(), std::size_t{7}}) {
    Statuses statuses;
    for (const auto& answer : answers(bytes, piece)) {
      statuses.push_back(answer.status);
      EXPECT_THAT(answer.body, Not("smuggled")) << "pieces of " << piece;
    }
    EXPECT_EQ(statuses, GetParam().statuses) << "pieces of " << piece;
  }
}

const Statuses kRefused = {400};
const Statuses kBoth = {200, 200};

INSTANTIATE_TEST_SUITE_P(
    TransferEncodings, Smuggling,
    ::testing::Values(
        // The body ends at once; what follows is a request of its own, and no smuggled one.
        Case{"chunked in capitals", post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n"), kBoth},
        Case{"gzip", coding(" gzip"), kRefused}, Case{"xchunked", coding(" xchunked"), kRefused},
        Case{"chunkedx", coding(" chunkedx"), kRefused},
        Case{"chunked, gzip", coding(" chunked, gzip"), kRefused},
        Case{"gzip, chunked", coding(" gzip, chunked"), kRefused},
        Case{"chunked, chunked", coding(" chunked, chunked"), kRefused},
        Case{"identity", coding(" identity"), kRefused},
        Case{"chunked, identity", coding(" chunked, identity"), kRefused},
        Case{"empty", coding(""), kRefused}, Case{"comma", coding(" ,chunked"), kRefused},
        Case{"quoted", coding(" \"chunked\""), kRefused},
        Case{"parameter", coding(" chunked;q=1"), kRefused},
        Case{"vertical tab", coding(" \vchunked"), kRefused},
        Case{"NUL after", coding(" chunked" + kNul), kRefused},
        Case{"folded", coding("\r\n chunked"), kRefused},
        Case{"folded later", coding(" chunked\r\n , identity"), kRefused},
        Case{"repeated", coding(" chunked\r\nTransfer-Encoding: chunked"), kRefused},
        Case{"repeated otherwise", coding(" chunked\r\nTransfer-Encoding: x"), kRefused},
        Case{"blank before the colon",
             post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n" + kHidden), kRefused},
        Case{"tab before the colon",
             post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n" + kHidden), kRefused},
        Case{"blank before the name",
             post(" Transfer-Encoding: chunked\r\n", "0\r\n\r\n" + kHidden), kRefused},
        Case{"bare CR before", post("A: b\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + kHidden),
             kRefused},
        Case{"bare LF before", post("A: b\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + kHidden),
             kRefused},
        Case{"and a length", coding(" chunked\r\nContent-Length: 5"), kRefused},
        Case{"after a length",
             post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + kHidden),
             kRefused},
        Case{"in HTTP/1.0",
             "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + kHidden,
             kRefused}));

INSTANTIATE_TEST_SUITE_P(
    ContentLengths, Smuggling,
    ::testing::Values(
        Case{"exact", length(" " + kLength), kBoth},
        Case{"leading zeros", length(" 000" + kLength), kBoth},
        Case{"tab around", length("\t" + kLength + "\t"), kBoth},
        Case{"negative", length(" -1"), kRefused}, Case{"plus", length(" +" + kLength), kRefused},
        Case{"hexadecimal", length(" 0x" + kSize), kRefused},
        Case{"hexadecimal without prefix", length(" 3f"), kRefused},
        Case{"exponent", length(" 1e1"), kRefused}, Case{"point", length(" 5.0"), kRefused},
        Case{"underscore", length(" 5_0"), kRefused},
        Case{"blank within", length(" 5 0"), kRefused}, Case{"empty", length(""), kRefused},
        Case{"quoted", length(" \"5\""), kRefused},
        Case{"NUL after", length(" 5" + kNul), kRefused},
        Case{"list of equals", length(" 5, 5"), kRefused},
        Case{"list of others", length(" 5, 6"), kRefused},
        Case{"repeated", length(" " + kLength + "\r\nContent-Length: " + kLength), kRefused},
        Case{"repeated otherwise", length(" 0\r\nContent-Length: " + kLength), kRefused},
        Case{"repeated in other letters", length(" 0\r\ncontent-LENGTH: " + kLength), kRefused},
        Case{"folded", length("\r\n " + kLength), kRefused},
        Case{"blank before the colon", post("Content-Length : 0\r\n", kHidden), kRefused},
        Case{"2^64", length(" 18446744073709551616"), Statuses{413}},
        Case{"2^64 + 5", length(" 18446744073709551621"), Statuses{413}},
        Case{"2^32 + 5", length(" 4294967301"), Statuses{413}},
        Case{"over the limit", length(" 1048577"), Statuses{413}}));

INSTANTIATE_TEST_SUITE_P(
    Chunks, Smuggling,
    ::testing::Values(
        Case{"one", chunked(chunk(kSize)), kBoth},
        Case{"zeros", chunked(chunk("000" + kSize)), kBoth},
        Case{"extension", chunked(chunk(kSize + ";a=b;c=\"d\"")), kBoth},
        Case{"trailer", chunked(kSize + "\r\n" + kHidden + "\r\n0\r\nX-A: b\r\n\r\n"), kBoth},
        Case{"trailer that looks like framing",
             chunked("0\r\nContent-Length: 500\r\nTransfer-Encoding: gzip\r\n\r\n"), kBoth},
        Case{"extension with LF", chunked(chunk("0;\n" + kSize)), kRefused},
        Case{"extension with CR", chunked(chunk(kSize + ";a\rb")), kRefused},
        Case{"no size", chunked("\r\n" + kHidden), kRefused},
        Case{"negative", chunked(chunk("-" + kSize)), kRefused},
        Case{"plus", chunked(chunk("+" + kSize)), kRefused},
        Case{"prefix 0x", chunked(chunk("0x" + kSize)), kRefused},
        Case{"blank before", chunked(chunk(" " + kSize)), kRefused},
        Case{"two sizes", chunked(chunk(kSize + " 0")), kRefused},
        Case{"two sizes with a tab", chunked(chunk("0\t" + kSize)), kRefused},
        Case{"other digits", chunked(chunk("g")), kRefused},
        Case{"2^64 + 5", chunked(chunk("10000000000000005")), kRefused},
        Case{"2^64 - 1", chunked(chunk("ffffffffffffffff")), kRefused},
        Case{"2^60 - 1", chunked(chunk("fffffffffffffff")), Statuses{413}},
        Case{"size ends with LF", chunked(kSize + "\n" + kHidden + "\r\n0\r\n\r\n"), kRefused},
        Case{"data ends with LF", chunked(chunk(kSize, "\n")), kRefused},
        Case{"data ends with nothing", chunked(chunk(kSize, "")), kRefused},
        Case{"data ends with others", chunked(chunk(kSize, "XX")), kRefused},
        Case{"data is longer", chunked(chunk("5")), kRefused},
        Case{"last chunk with LF", chunked("0\n\n" + kHidden), kRefused},
        Case{"trailer without colon", chunked("0\r\nabc\r\n\r\n" + kHidden), kRefused},
        Case{"trailer folded", chunked("0\r\n b: c\r\n\r\n" + kHidden), kRefused},
        Case{"trailer with bare LF", chunked("0\r\nA: b\n\r\n" + kHidden), kRefused},
        Case{"trailer that is a request", chunked("0\r\n" + kHidden), kRefused},
        Case{"endless extension", chunked("5;" + std::string(5'000, 'a')), kRefused},
        Case{"endless trailers", chunked("0\r\nA: " + std::string(5'000, 'a')), kRefused}));

INSTANTIATE_TEST_SUITE_P(
    Hosts, Smuggling,
    ::testing::Values(
        Case{"none", "GET /token/a HTTP/1.1\r\n\r\n", kRefused},
        // HTTP/1.0 ends after its answer.
        Case{"none in HTTP/1.0", "GET /token/a HTTP/1.0\r\n\r\n", Statuses{200}},
        Case{"two", get("Host: localhost\r\n"), kRefused},
        Case{"two others", get("host: evil.example\r\n"), kRefused},
        Case{"empty", "GET /token/a HTTP/1.1\r\nHost:\r\n\r\n", kBoth},
        Case{"foreign", "GET /token/a HTTP/1.1\r\nHost: evil.example\r\n\r\n", Statuses{421, 200}},
        Case{"with a path", "GET /token/a HTTP/1.1\r\nHost: localhost/x\r\n\r\n", kRefused},
        Case{"with a user", "GET /token/a HTTP/1.1\r\nHost: a@localhost\r\n\r\n", kRefused},
        Case{"with a blank", "GET /token/a HTTP/1.1\r\nHost: local host\r\n\r\n", kRefused},
        Case{"a list", "GET /token/a HTTP/1.1\r\nHost: localhost, b\r\n\r\n", kRefused},
        Case{"bad port", "GET /token/a HTTP/1.1\r\nHost: localhost:8o\r\n\r\n", kRefused},
        Case{"absolute target", "GET http://localhost/token/a HTTP/1.1\r\nHost: x\r\n\r\n", kBoth},
        Case{"foreign absolute target",
             "GET http://evil.example/token/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
             Statuses{421, 200}},
        Case{"absolute target without host",
             "GET http:///token/a HTTP/1.1\r\nHost: localhost\r\n\r\n", kRefused}));

INSTANTIATE_TEST_SUITE_P(
    Heads, Smuggling,
    ::testing::Values(
        Case{"leading CRLF", "\r\n" + get(""), kBoth},
        Case{"two leading CRLF", "\r\n\r\n" + get(""), kRefused},
        Case{"leading LF", "\n" + get(""), kRefused},
        Case{"leading blank", " " + get(""), kRefused},
        Case{"leading NUL", kNul + get(""), kRefused},
        Case{"folded", get("A: b\r\n c\r\n"), kRefused},
        Case{"folded with a tab", get("A: b\r\n\tc\r\n"), kRefused},
        Case{"blank before the colon", get("A : b\r\n"), kRefused},
        Case{"no colon", get("A\r\n"), kRefused}, Case{"empty name", get(": b\r\n"), kRefused},
        Case{"NUL in a name", get("A" + kNul + ": b\r\n"), kRefused},
        Case{"NUL in a value", get("A: b" + kNul + "\r\n"), kRefused},
        Case{"CR in a value", get("A: b\rHost: x\r\n"), kRefused},
        Case{"LF in a value", get("A: b\nHost: x\r\n"), kRefused},
        Case{"escape in a value", get("A: \x1b[0m\r\n"), kRefused},
        Case{"DEL in a value", get("A: \x7f\r\n"), kRefused},
        Case{"bytes above 127 in a value", get("A: \xc3\xa4\r\n"), kBoth},
        Case{"bytes above 127 in a name", get("\xc3\xa4: b\r\n"), kRefused},
        Case{"LF only", "GET /token/a HTTP/1.1\nHost: localhost\n\n", kRefused},
        Case{"CR CR LF", "GET /token/a HTTP/1.1\r\r\nHost: localhost\r\n\r\n", kRefused},
        Case{"expects miracles", get("Expect: miracles\r\n"), Statuses{417}},
        Case{"a very long value", get("A: " + std::string(20'000, 'a') + "\r\n"), Statuses{431}},
        Case{"two thousand headers", get(headers(2'000)), Statuses{431}},
        Case{"a very long target", get_request("/" + std::string(20'000, 'a')), Statuses{431}}));

INSTANTIATE_TEST_SUITE_P(
    RequestLines, Smuggling,
    ::testing::Values(
        Case{"asterisk", line("OPTIONS * HTTP/1.1"), Statuses{204, 200}},
        Case{"asterisk with GET", line("GET * HTTP/1.1"), kRefused},
        Case{"CONNECT", line("CONNECT localhost:80 HTTP/1.1"), Statuses{501}},
        Case{"TRACE", line("TRACE /token/a HTTP/1.1"), Statuses{501}},
        Case{"lower case", line("get /token/a HTTP/1.1"), Statuses{501}},
        Case{"unknown method with a body",
             "BREW /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n" + kHidden,
             Statuses{501}},
        Case{"odd method", line("G\"T /token/a HTTP/1.1"), kRefused},
        Case{"no method", line(" /token/a HTTP/1.1"), kRefused},
        Case{"two blanks", line("GET  /token/a HTTP/1.1"), kRefused},
        Case{"blank in the target", line("GET /token/a b HTTP/1.1"), kRefused},
        Case{"tabs", line("GET\t/token/a\tHTTP/1.1"), kRefused},
        Case{"NUL in the target", line("GET /token/a" + kNul + " HTTP/1.1"), kRefused},
        Case{"fragment", line("GET /token/a#b HTTP/1.1"), kRefused},
        Case{"other scheme", line("GET ftp://localhost/token/a HTTP/1.1"), kRefused},
        Case{"HTTP/0.9", "GET /token/a\r\n", kRefused},
        Case{"HTTP/0.9 with a version", line("GET /token/a HTTP/0.9"), Statuses{505}},
        Case{"HTTP/1.2", line("GET /token/a HTTP/1.2"), Statuses{505}},
        Case{"HTTP/01.1", line("GET /token/a HTTP/01.1"), kRefused},
        Case{"http/1.1", line("GET /token/a http/1.1"), kRefused},
        Case{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Statuses{505}},
        Case{"TLS greeting", "\x16\x03\x01\x02", kRefused},
        // Bytes that no length announced are the next request, and a bad one.
        Case{"data after a GET", get("") + "surprise\r\n\r\n", Statuses{200, 400}},
        Case{"body of a GET", get("Content-Length: " + kLength + "\r\n") + kHidden,
             Statuses{415, 200}}));

}  // namespace
}  // namespace sluice::http
