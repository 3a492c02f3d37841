#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include "http/scripted_gateway.h"
#include "http/scripted_server.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;

struct Tally {
  std::atomic<std::int64_t> right{0};
  std::atomic<std::int64_t> wrong{0};
  std::atomic<std::int64_t> stuck{0};
  std::atomic<std::int64_t> left{0};  ///< without waiting for the answer
};

/// What clients ask, and what must come back, for a token of their own.
struct Question {
  std::string (*request)(const std::string& token);
  bool (*is_right)(const std::string& body, const std::string& token);
};

const Question kToken{
    [](const std::string& token) { return get_request("/token/" + token); },
    [](const std::string& body, const std::string& token) { return body == token; }};
const Question kQuery{[](const std::string& token) {
                        return post_request("/query/d",
                                            R"({"sql": ")" + token + R"(", "format": "scalar"})");
                      },
                      [](const std::string& body, const std::string& token) {
                        return body.find("\"value\":\"" + token + "\"") != std::string::npos;
                      }};

/// One client that asks, and sooner or later leaves in one of many ways.
class Guest {
 public:
  Guest(const std::string& address, unsigned seed, const Question& question, Tally& tally)
      : address_(address), random_(seed), seed_(seed), question_(question), tally_(tally) {}

  void visit() {
    TestClient client(address_);
    while (ask(client)) continue;
  }

 private:
  std::string next_token() { return std::to_string(seed_) + "x" + std::to_string(++serial_); }

  /// False when it has left.
  bool ask(TestClient& client) {
    const std::string token = next_token();
    const std::string request = question_.request(token);
    switch (random_() % 12) {
      case 0:
        client.send(request);
        return leave(client, true);
      case 1:
        client.send(request);
        return leave(client, false);
      case 2:
        client.send(request.substr(0, random_() % request.size()));
        return leave(client, true);
      case 3:
        client.send(request);
        client.finish_sending();
        return hear(client, token), false;
      case 4:
      case 5:
        return burst(client);
      default:
        return client.send(request) && hear(client, token);
    }
  }

  /// Several at once; sometimes it does not wait for all answers.
  bool burst(TestClient& client) {
    std::vector<std::string> tokens;
    std::string requests;
    for (unsigned i = 0; i < 2 + random_() % 8; ++i) {
      tokens.push_back(next_token());
      requests += question_.request(tokens.back());
    }
    client.send(requests);
    const bool all = random_() % 2 == 0;
    if (!all) tokens.resize(tokens.size() / 2);
    for (const auto& token : tokens) {
      if (!hear(client, token)) return false;
    }
    return all || leave(client, true);
  }

  bool leave(TestClient& client, bool rudely) {
    ++tally_.left;
    if (rudely) {
      client.reset();
    } else {
      client.close();
    }
    return false;
  }

  bool hear(TestClient& client, const std::string& token) {
    const auto answer = client.read_answer(false, 30s);
    if (!answer) {
      ++tally_.stuck;
      return false;
    }
    ++(question_.is_right(answer->body, token) ? tally_.right : tally_.wrong);
    return true;
  }

  const std::string& address_;
  std::mt19937 random_;
  const unsigned seed_;
  const Question& question_;
  Tally& tally_;
  std::uint64_t serial_ = 0;
};

/// How long a storm lasts: SLUICE_STORM_SECONDS, or a few.
std::chrono::seconds storm_time() {
  const char* text = std::getenv("SLUICE_STORM_SECONDS");
  return std::chrono::seconds(text ? std::atoi(text) : 3);
}

void storm(const std::string& address, const Question& question, Tally& tally) {
  constexpr unsigned kClients = 64;
  std::vector<std::thread> clients;
  const auto until = std::chrono::steady_clock::now() + storm_time();
  for (unsigned i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] {
      Guest guest(address, i, question, tally);
      while (std::chrono::steady_clock::now() < until) guest.visit();
    });
  }
  for (std::thread& client : clients) client.join();
  std::printf(
      "%lld s, %u clients: %lld answers right, %lld wrong, %lld missing; left early %lld times\n",
      static_cast<long long>(storm_time().count()), kClients, static_cast<long long>(tally.right),
      static_cast<long long>(tally.wrong), static_cast<long long>(tally.stuck),
      static_cast<long long>(tally.left));
}

// The test that Pistache's own endpoint fails: its answers go to whoever has the descriptor now.
TEST(Storm, NeverGivesAClientAnothersAnswer) {
  ScriptedServer server;
  Tally tally;
  storm(server.address(), kToken, tally);
  EXPECT_EQ(tally.wrong, 0);
  EXPECT_EQ(tally.stuck, 0);
  EXPECT_GT(tally.right, 500);
  EXPECT_GT(tally.left, 100);
  EXPECT_TRUE(eventually([&] { return server.server().busy_connections() == 0; }));
}

// The same through the pools: no caller gets the rows of another, whoever was cancelled before.
TEST(Storm, NeverGivesACallerAnothersRows) {
  ScriptedGateway gateway;
  TestClient operating = gateway.connect();
  operating.send(post_request(
      "/databases/connect",
      R"({"host": "127.0.0.1", "database": "echo", "user": "u", "password": "p", "db_id": "d",
          "pool": {"max_size": 4, "shards": 2}})"));
  ASSERT_EQ(operating.read_answer()->status, 201);
  Tally tally;
  storm(gateway.address(), kQuery, tally);
  EXPECT_EQ(tally.wrong, 0);
  EXPECT_EQ(tally.stuck, 0);
  EXPECT_GT(tally.right, 500);
  EXPECT_GT(tally.left, 100);
  EXPECT_TRUE(eventually([&] { return gateway.server().busy_connections() == 0; }));
}

/// Connects and asks until nobody listens any more. Whoever was let in must be answered.
void ask_until_closed(const std::string& address, Tally& tally) {
  for (;;) {
    try {
      TestClient client(address);
      client.send(get_request("/token/drain", "Connection: close\r\n"));
      const auto answer = client.read_answer();
      if (answer && answer->body == "drain")
        ++tally.right;
      else
        ++tally.wrong;
    } catch (const std::runtime_error&) {
      return;  // refused: it was never let in
    }
  }
}

TEST(Storm, StopAcceptingLosesNobodyWhoWasLetIn) {
  for (int round = 0; round < 5; ++round) {
    ScriptedServer server;
    Tally tally;
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back([&] { ask_until_closed(server.address(), tally); });
    }
    std::this_thread::sleep_for(150ms);
    server.server().stop_accepting();
    EXPECT_TRUE(eventually([&] { return server.server().busy_connections() == 0; }));
    server.server().stop();
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(tally.wrong, 0);
    EXPECT_GT(tally.right, 100);
  }
}

TEST(Storm, StopEndsEverythingUnderLoad) {
  ScriptedServer server;
  Tally tally;
  const std::string address = server.address();
  std::vector<std::thread> clients;
  const auto until = std::chrono::steady_clock::now() + 500ms;
  std::atomic<bool> stopped{false};
  for (unsigned i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      Guest guest(address, i, kToken, tally);
      try {
        while (std::chrono::steady_clock::now() < until) guest.visit();
      } catch (const std::runtime_error&) {
        EXPECT_TRUE(stopped);
      }
    });
  }
  std::this_thread::sleep_for(200ms);
  stopped = true;
  server.server().stop();
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(tally.wrong, 0);
}

}  // namespace
}  // namespace sluice::http
