// What a connection does with requests: their order, their mistakes, what is answered.
#include <gmock/gmock.h>

#include "unit/http/http_connection_fixture.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using ::testing::_;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::FieldsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto kTick = 1ms;

TEST_F(HttpConnectionTest, AnswersAndStaysOpen) {
  send(get("/now", "X-Request-Id: abc-1\r\n"));
  EXPECT_THAT(client_.received,
              AllOf(StartsWith("HTTP/1.1 200 OK\r\nDate: "), HasSubstr(" GMT\r\n"),
                    HasSubstr("Content-Length: 4\r\n"), HasSubstr("X-Request-Id: abc-1\r\n"),
                    Not(HasSubstr("Connection:")), EndsWith("\r\n\r\nnow ")));
  send(post("/now", "{}"));
  EXPECT_THAT(client_.received, EndsWith("now {}"));
  EXPECT_FALSE(client_.closed);
  EXPECT_THAT(logged_,
              ElementsAre(FieldsAre(200, "/now", _, false), FieldsAre(200, "/now", _, false)));
}

TEST_F(HttpConnectionTest, ReadsOneByteAtATime) {
  for (char c : post("/now", "{\"a\":1}")) send({&c, 1});
  EXPECT_THAT(client_.received, EndsWith("now {\"a\":1}"));
}

TEST_F(HttpConnectionTest, ReplacesStrangeRequestIds) {
  send(get("/now", "X-Request-Id: a b\r\n"));
  send(get("/now", "X-Request-Id: " + std::string(129, 'a') + "\r\n"));
  EXPECT_THAT(client_.received, AllOf(Not(HasSubstr("a b")), Not(HasSubstr("aaaaaaaaa"))));
  EXPECT_EQ(count_of(client_.received, "X-Request-Id: "), 2u);
}

TEST_F(HttpConnectionTest, ClosesWhenTheClientAsksOrTheVersionSaysSo) {
  for (std::string request :
       {get("/now", "Connection: close\r\n"), std::string("GET /now HTTP/1.0\r\n\r\n")}) {
    open();
    send(request);
    EXPECT_THAT(client_.received, HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(client_.server_finished);
    EXPECT_FALSE(client_.closed) << "the client closes first, or its answer may be lost";
    client_finishes();
    EXPECT_TRUE(client_.closed);
  }
  open();
  send("GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client_.received, HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_FALSE(client_.server_finished);
}

TEST_F(HttpConnectionTest, ClosesALingeringConnectionAfterTwoSeconds) {
  send(get("/now", "Connection: close\r\n"));
  send("this is read and dropped");
  EXPECT_THAT(client_.to_server, IsEmpty());
  loop_.advance(2s - kTick);
  EXPECT_FALSE(client_.closed);
  loop_.advance(kTick);
  EXPECT_TRUE(client_.closed);
  EXPECT_EQ(answers(), 1u);
}

TEST_F(HttpConnectionTest, AnswersPipelinedRequestsInOrder) {
  send(get("/later") + get("/later") + get("/later") + get("/now"));
  ASSERT_EQ(waiting_.size(), 3u);
  answer(2, "third");
  answer(1, "second");
  EXPECT_THAT(client_.received, IsEmpty());
  answer(0, "first");
  const auto& text = client_.received;
  EXPECT_EQ(answers(), 4u);
  EXPECT_LT(text.find("first"), text.find("second"));
  EXPECT_LT(text.find("second"), text.find("third"));
  EXPECT_LT(text.find("third"), text.find("now"));
}

TEST_F(HttpConnectionTest, RunsRequestsWithEffectsOneAfterAnother) {
  send(post("/later", "1") + post("/later", "2") + get("/later"));
  ASSERT_EQ(waiting_.size(), 1u);
  answer(0, "a");
  ASSERT_EQ(waiting_.size(), 2u);
  EXPECT_EQ(waiting_[1]->request().body, "2");
  answer(1, "b");
  ASSERT_EQ(waiting_.size(), 3u);
  answer(2, "c");
  EXPECT_EQ(answers(), 3u);
}

TEST_F(HttpConnectionTest, StopsReadingWhenManyRequestsArePipelined) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += get("/later");
  send(many);
  EXPECT_EQ(waiting_.size(), 16u);
  for (std::size_t i = 0; i < 1000; ++i) answer(i, "x");
  EXPECT_EQ(answers(), 1000u);
}

TEST_F(HttpConnectionTest, StopsReadingWhileTheClientDoesNotTakeItsAnswers) {
  client_.takes = 100;
  send(get("/later"));
  answer(0, std::string(1'000'000, 'x'));
  const int reads = client_.reads;
  send(get("/now"));
  EXPECT_EQ(client_.reads, reads) << "must not read while so much is unsent";
  client_.takes = 10'000'000;
  connection_->on_ready({.writable = true});
  loop_.run_posted();
  EXPECT_EQ(answers(), 2u);
  EXPECT_EQ(count_of(client_.received, "x"), 1'000'000u);
}

TEST_F(HttpConnectionTest, RefusesAndClosesAfterAFramingError) {
  send("GET /now HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n" + get("/now"));
  EXPECT_THAT(
      client_.received,
      AllOf(StartsWith("HTTP/1.1 400 Bad Request\r\n"), HasSubstr("application/problem+json"),
            HasSubstr("\"code\":\"bad_request\""), HasSubstr("Connection: close")));
  EXPECT_EQ(count_of(client_.received, "HTTP/1.1 "), 1u) << "nothing after it may be a request";
  EXPECT_TRUE(client_.server_finished);
  EXPECT_EQ(logged_.size(), 1u);
}

TEST_F(HttpConnectionTest, RefusesAPipelinedErrorOnlyAfterTheAnswersBeforeIt) {
  send(get("/later") + "BAD\r\n\r\n");
  EXPECT_THAT(client_.received, IsEmpty());
  answer(0, "first");
  EXPECT_LT(client_.received.find("first"), client_.received.find("HTTP/1.1 400"));
  EXPECT_THAT(client_.received, Not(StartsWith("HTTP/1.1 400")));
}

TEST_F(HttpConnectionTest, SendsAnInterimAnswerWhenTheBodyIsAwaited) {
  send(
      "POST /now HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client_.received, "HTTP/1.1 100 Continue\r\n\r\n");
  send("{}");
  EXPECT_THAT(client_.received, EndsWith("now {}"));
}

TEST_F(HttpConnectionTest, HoldsAnInterimAnswerBackUntilItsTurn) {
  send(get("/later") +
       "POST /now HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
       "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(client_.received, IsEmpty());
  answer(0, "first");
  EXPECT_THAT(client_.received, AllOf(HasSubstr("first"), EndsWith("100 Continue\r\n\r\n")));
}

TEST_F(HttpConnectionTest, AnswersHeadWithTheLengthButNoBody) {
  send("HEAD /now HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client_.received, AllOf(HasSubstr("Content-Length: 4\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpConnectionTest, AnswersOptionsAndWrongMethodsWithWhatIsAllowed) {
  send("OPTIONS /now HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client_.received, AllOf(StartsWith("HTTP/1.1 204 "), HasSubstr("Allow: "),
                                      Not(HasSubstr("Content-Length"))));
  open();
  send("DELETE /now HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client_.received,
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, POST, HEAD, OPTIONS\r\n")));
  open();
  send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(client_.received, StartsWith("HTTP/1.1 204 "));
}

TEST_F(HttpConnectionTest, AnswersPreflightsOfListedOriginsOnly) {
  const auto preflight = [this](std::string origin) {
    open();
    send("OPTIONS /now HTTP/1.1\r\nHost: localhost\r\nOrigin: " + origin +
         "\r\nAccess-Control-Request-Method: POST\r\n"
         "Access-Control-Request-Headers: content-type\r\n\r\n");
    return client_.received;
  };
  EXPECT_THAT(preflight("https://app.example"),
              AllOf(HasSubstr("Access-Control-Allow-Origin: https://app.example\r\n"),
                    HasSubstr("Access-Control-Allow-Headers: content-type\r\n"),
                    HasSubstr("Vary: Origin\r\n")));
  EXPECT_THAT(preflight("https://evil.example"), Not(HasSubstr("Access-Control-")));
}

TEST_F(HttpConnectionTest, LeavesPagesAndTypesToRoutesThatHaveRulesOfTheirOwn) {
  std::vector<bool> trusted;
  router_.add(
      Pistache::Http::Method::Post, "/own",
      [&trusted](const std::shared_ptr<Exchange>& exchange) {
        trusted.push_back(exchange->request().from_trusted_page);
        exchange->concern("orders");
        Response response;
        response.body = exchange->request().path_parameters.at("db_id");
        exchange->respond(std::move(response));
      },
      Entry::kOwn);
  const auto post_from = [this](std::string origin) {
    open();
    send("POST /own HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n" + origin +
         "Content-Length: 2\r\n\r\n{}");
    return client_.received;
  };
  for (const char* origin : {"", "Origin: https://app.example\r\n", "Origin: http://localhost\r\n",
                             "Origin: https://evil.example\r\n"}) {
    EXPECT_THAT(post_from(origin),
                AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("orders"),
                      Not(HasSubstr("Access-Control-")), Not(HasSubstr("Vary:"))));
  }
  EXPECT_EQ(trusted, (std::vector<bool>{true, true, true, false}));
  open();
  send("POST /own HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client_.received, StartsWith("HTTP/1.1 421 "));
}

TEST_F(HttpConnectionTest, RefusesForeignHostsAndForeignPages) {
  send("GET /now HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_THAT(client_.received, StartsWith("HTTP/1.1 421 "));
  open();
  send(
      "POST /now HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
      "Content-Length: 0\r\n\r\n");
  EXPECT_THAT(client_.received, StartsWith("HTTP/1.1 403 "));
}

TEST_F(HttpConnectionTest, TakesOnlyJsonBodies) {
  send(
      "POST /now HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
      "Content-Length: 2\r\n\r\n{}");
  EXPECT_THAT(client_.received, StartsWith("HTTP/1.1 415 "));
  open();
  send(
      "POST /now HTTP/1.1\r\nHost: localhost\r\nContent-Type: Application/JSON ; charset=utf-8\r\n"
      "Content-Length: 2\r\n\r\n{}");
  EXPECT_EQ(answers(), 1u);
}

TEST_F(HttpConnectionTest, HidesWhatAHandlerThrows) {
  send(get("/throws") + get("/now"));
  EXPECT_THAT(client_.received, AllOf(StartsWith("HTTP/1.1 500 "), Not(HasSubstr("secret"))));
  EXPECT_EQ(answers(), 1u) << "the connection survives";
}

TEST_F(HttpConnectionTest, AnswersForAHandlerThatDropsTheRequest) {
  send(get("/drops"));
  EXPECT_THAT(client_.received, StartsWith("HTTP/1.1 500 "));
}

TEST_F(HttpConnectionTest, KeepsHandlersFromWritingHeaders) {
  router_.add(Method::Get, "/splits", [](auto exchange) {
    Response response;
    response.headers = {{"X-A", "b\r\nX-Evil: 1"}, {"Content-Length", "9"}, {"Bad Name", "x"}};
    exchange->respond(std::move(response));
  });
  send(get("/splits"));
  EXPECT_THAT(client_.received, AllOf(HasSubstr("X-A: b  X-Evil: 1\r\n"), Not(HasSubstr("Bad")),
                                      HasSubstr("Content-Length: 0\r\n")));
  EXPECT_EQ(count_of(client_.received, "Content-Length"), 1u);
}

}  // namespace
}  // namespace sluice::http
