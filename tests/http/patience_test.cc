// Clients that are slow, stalled, impolite or too many, against a real server.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <vector>

#include "http/scripted_server.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Clock = std::chrono::steady_clock;

/// Every byte in a packet of its own.
bool dribble(TestClient& client, std::string_view bytes) {
  const int on = 1;
  ::setsockopt(client.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (const char& c : bytes) {
    if (!client.send({&c, 1})) return false;
  }
  return true;
}

std::optional<TestClient::Answer> ask(TestClient& client, const std::string& token) {
  if (!client.send(get_request("/token/" + token))) return std::nullopt;
  return client.read_answer();
}

// --- dribble -----------------------------------------------------------------------------------

TEST(Dribble, ReadsEveryKindOfRequestByteByByte) {
  ScriptedServer server;
  TestClient client = server.connect();
  const std::string requests =
      "\r\n" + get_request("/token/first") + post_request("/echo", "{\"a\":1}") +
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nA: b\r\n\r\n" +
      get_request("/token/last");
  ASSERT_TRUE(dribble(client, requests));
  for (const char* body : {"first", "{\"a\":1}", "abcdefg", "last"}) {
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer) << body;
    EXPECT_EQ(answer->body, body);
  }
}

struct SlowCase {
  const char* name;
  std::string beginning;  ///< what is sent at once, before the dribble
  int status;             ///< 0: the connection is closed without a word
};

class Slowloris : public ::testing::TestWithParam<SlowCase> {};

// As many as the server has room for would shut everybody else out, if they were let.
TEST_P(Slowloris, IsEndedByTheConfiguredLimitWhileOthersAreServed) {
  ServerOptions options = ScriptedServer::default_options();
  options.head_timeout = options.body_timeout = options.idle_timeout = 400ms;
  ScriptedServer server(options);
  std::vector<TestClient> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(server.connect());
    ASSERT_TRUE(slow.back().send(GetParam().beginning));
  }
  const auto begun = Clock::now();
  TestClient other = server.connect();
  for (int i = 0; Clock::now() < begun + 300ms; ++i) {
    if (!GetParam().beginning.empty()) {
      for (TestClient& client : slow) ASSERT_TRUE(client.send("x")) << "it was ended too early";
    }
    ASSERT_TRUE(ask(other, "quick"));
    std::this_thread::sleep_for(20ms);
  }
  for (TestClient& client : slow) {
    const auto rest = client.read_all();
    ASSERT_TRUE(rest) << "it was never ended";
    if (GetParam().status == 0) {
      EXPECT_THAT(*rest, IsEmpty());
    } else {
      EXPECT_THAT(*rest, StartsWith("HTTP/1.1 " + std::to_string(GetParam().status)));
    }
  }
  EXPECT_TRUE(ask(other, "still"));
}

INSTANTIATE_TEST_SUITE_P(
    EveryPart, Slowloris,
    ::testing::Values(SlowCase{"says nothing", "", 0}, SlowCase{"target", "GET /", 408},
                      SlowCase{"header", "GET / HTTP/1.1\r\nHost: localhost\r\nA: ", 408},
                      SlowCase{"body",
                               "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                               "application/json\r\nContent-Length: 1000\r\n\r\n",
                               408},
                      SlowCase{"chunk",
                               "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                               "application/json\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n",
                               408}),
    [](const auto& each) {
      std::string name = each.param.name;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

// --- pipelining --------------------------------------------------------------------------------

TEST(Pipelining, KeepsTheOrderBehindASlowFirstAnswer) {
  ScriptedServer server;
  TestClient client = server.connect();
  std::string requests = get_request("/late/first");
  for (int i = 0; i < 1'000; ++i) requests += get_request("/token/" + std::to_string(i));
  std::thread sender([&] { client.send(requests); });
  const auto first = client.read_answer();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->body, "first");
  for (int i = 0; i < 1'000; ++i) {
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer) << i;
    ASSERT_EQ(answer->body, std::to_string(i));
  }
  sender.join();
}

TEST(Pipelining, KeepsTheOrderOfMixedMethods) {
  ScriptedServer server;
  TestClient client = server.connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    requests += get_request("/token/" + std::to_string(i));
    requests += post_request("/echo", "[" + std::to_string(i) + "]");
  }
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < 100; ++i) {
    for (const auto& body : {std::to_string(i), "[" + std::to_string(i) + "]"}) {
      const auto answer = client.read_answer();
      ASSERT_TRUE(answer) << i;
      ASSERT_EQ(answer->body, body);
    }
  }
}

TEST(Pipelining, AnswersNothingAfterARefusedRequest) {
  ScriptedServer server;
  TestClient client = server.connect();
  client.send(get_request("/late/a") + "broken\r\n\r\n" + get_request("/token/never"));
  const auto all = client.read_all();
  ASSERT_TRUE(all);
  EXPECT_THAT(*all, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(*all, HasSubstr("HTTP/1.1 400"));
  EXPECT_EQ(server.tokens(), 0U);
}

// --- half-close --------------------------------------------------------------------------------

TEST(HalfClose, AnswersAllThatWasPipelinedBeforeIt) {
  ScriptedServer server;
  TestClient client = server.connect();
  std::string requests = get_request("/late/0");
  for (int i = 1; i < 50; ++i) requests += get_request("/token/" + std::to_string(i));
  client.send(requests);
  client.finish_sending();
  for (int i = 0; i < 50; ++i) {
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer) << i;
    ASSERT_EQ(answer->body, std::to_string(i));
  }
  EXPECT_THAT(client.read_all(), ::testing::Optional(IsEmpty()));
}

TEST(HalfClose, InTheMiddleOfARequestEndsItUnanswered) {
  ScriptedServer server;
  const std::string whole = post_request("/echo", "[1]");
  for (const std::string& part :
       {std::string("GET /tok"), std::string("GET / HTTP/1.1\r\nHost: loc"),
        whole.substr(0, whole.size() - 1),
        std::string("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n5\r\nab")}) {
    TestClient client = server.connect();
    client.send(part);
    client.finish_sending();
    EXPECT_THAT(client.read_all(), ::testing::Optional(IsEmpty())) << part;
  }
  EXPECT_TRUE(eventually([&] { return server.server().busy_connections() == 0; }));
}

// --- too many ----------------------------------------------------------------------------------

// However clients come and go, a place is never lost and never given twice.
TEST(ConnectionCap, GivesEveryPlaceBack) {
  constexpr int kPlaces = 8;
  ServerOptions options = ScriptedServer::default_options();
  options.max_connections = kPlaces;
  ScriptedServer server(options);
  for (int round = 0; round < 20; ++round) {
    std::vector<TestClient> clients;
    for (int i = 0; i < 3 * kPlaces; ++i) clients.push_back(server.connect());
    int served = 0;
    for (TestClient& client : clients) {
      const auto answer = ask(client, "a");
      if (!answer) continue;  // over even the number that is told so
      ASSERT_TRUE(answer->status == 200 || answer->status == 503) << answer->head;
      served += answer->status == 200;
    }
    ASSERT_LE(served, kPlaces);
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (i % 2 == 0) clients[i].reset();
    }
  }
  ASSERT_TRUE(eventually([&] {
    std::vector<TestClient> clients;
    int served = 0;
    for (int i = 0; i < kPlaces; ++i) {
      clients.push_back(server.connect());
      const auto answer = ask(clients.back(), "b");
      served += answer && answer->status == 200;
    }
    return served == kPlaces;
  }));
}

// --- stalled readers ---------------------------------------------------------------------------

/// Sends requests as long as the server takes them, and reads nothing. False: that never ended.
bool stuff(TestClient& client, const std::string& request) {
  ::fcntl(client.fd(), F_SETFL, ::fcntl(client.fd(), F_GETFL) | O_NONBLOCK);
  std::string many;
  while (many.size() < 64 * 1024) many += request;
  std::size_t at = 0;
  for (const auto until = Clock::now() + 10s; Clock::now() < until;) {
    const auto count = ::send(client.fd(), many.data() + at, many.size() - at, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) return true;
    if (count < 0) std::this_thread::sleep_for(1ms);
    at = (at + static_cast<std::size_t>(std::max<ssize_t>(count, 0))) % many.size();
  }
  return false;
}

// What is asked for but not taken must wait with the client, not in our memory.
TEST(StalledReader, IsReadFromNoFurtherAndDroppedInTime) {
  ServerOptions options = ScriptedServer::default_options();
  options.write_timeout = 1s;
  options.workers = 1;
  ScriptedServer server(options);
  TestClient stalled = server.connect();
  const int small = 4'096;
  ::setsockopt(stalled.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  TestClient other = server.connect();
  bool dropped = false;
  std::thread stuffing(
      [&] { dropped = stuff(stalled, get_request("/token/" + std::string(800, 't'))); });
  int answered = 0;
  while (answered < 50 && ask(other, "quick")) ++answered;
  stuffing.join();
  EXPECT_EQ(answered, 50) << "others are served";
  EXPECT_TRUE(dropped);
  // Answers of 1 KB fill the kernel's buffers, of at most 4 MB, and 1 MiB of ours.
  EXPECT_GT(server.tokens(), 60U);
  EXPECT_LT(server.tokens(), 12'000U) << "more than fits was asked for";
  EXPECT_TRUE(eventually([&] { return server.server().busy_connections() == 0; }));
}

}  // namespace
}  // namespace sluice::http
