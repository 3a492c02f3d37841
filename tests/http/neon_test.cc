// POST /sql over real sockets, in front of scripted databases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/scripted_gateway.h"

namespace sluice::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string sql_request(const std::string& body, const std::string& headers = "",
                        const std::string& db_id = "d") {
  return "POST /sql HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain;charset=UTF-8\r\n"
         "Neon-Connection-String: postgresql://u:p@h/" +
         db_id + "?x=y\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

class NeonTest : public ::testing::Test {
 protected:
  NeonTest() {
    ask(post_request("/databases/connect",
                     R"({"host": "127.0.0.1", "database": "echo", "user": "u", "password": "p",
                         "db_id": "d"})"));
  }
  TestClient::Answer ask(const std::string& request) {
    EXPECT_TRUE(client.send(request));
    auto answer = client.read_answer();
    EXPECT_TRUE(answer);
    return answer ? *answer : TestClient::Answer();
  }

  ScriptedGateway gateway;
  TestClient client = gateway.connect();
};

TEST_F(NeonTest, AnswersAQueryAndABatch) {
  auto answer = ask(sql_request(R"({"query":"SELECT 1"})", "Neon-Array-Mode: true\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("rows":[["SELECT 1"]],"command":"SELECT","rowCount":1)"));
  answer = ask(sql_request(R"({"queries":[{"query":"SELECT 1"},{"query":"SELECT 2"}]})"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("rows":[{"statement":"SELECT 1"}])"));
  EXPECT_THAT(answer.body, HasSubstr(R"("rows":[{"statement":"SELECT 2"}])"));
}

TEST_F(NeonTest, TellsMistakesAsThisProtocolDoes) {
  const auto unknown = ask(sql_request(R"({"query":"SELECT 1"})", "", "nowhere"));
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.body, HasSubstr(R"("code":"3D000")"));
  const auto deep = ask(sql_request(std::string(1 << 20, '[')));
  EXPECT_EQ(deep.status, 400);
  EXPECT_THAT(deep.body, HasSubstr("deeper"));
}

TEST_F(NeonTest, AnyPageMayReadWhatNoHandlerAnswers) {
  auto answer = ask("GET /sql HTTP/1.1\r\nHost: localhost\r\nOrigin: https://a.example\r\n\r\n");
  EXPECT_EQ(answer.status, 405);
  EXPECT_THAT(answer.head, HasSubstr("Access-Control-Allow-Origin: *"));
  answer =
      ask("POST /sql HTTP/1.1\r\nHost: localhost\r\nOrigin: https://a.example\r\n"
          "Content-Length: 999999999\r\n\r\n");
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.head, HasSubstr("Access-Control-Allow-Origin: *"));
}

TEST_F(NeonTest, IsClosedToStrangePagesWhileThereAreNoKeys) {
  const auto answer =
      ask(sql_request(R"({"query":"SELECT 1"})", "Origin: https://evil.example\r\n"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.head, Not(HasSubstr("Access-Control")));
}

}  // namespace
}  // namespace sluice::http
