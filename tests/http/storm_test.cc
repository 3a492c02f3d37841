#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "http/scripted_server.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;

struct Tally {
  std::atomic<int> right{0};
  std::atomic<int> wrong{0};
  std::atomic<int> stuck{0};
};

/// One client after another, each asking for tokens of its own, leaving in every possible way.
void storm(const std::string& address, unsigned seed, std::chrono::steady_clock::time_point until,
           Tally& tally) {
  std::mt19937 random(seed);
  std::uint64_t serial = 0;
  while (std::chrono::steady_clock::now() < until) {
    TestClient client(address);
    for (bool leaving = false; !leaving;) {
      const std::string token = std::to_string(seed) + "-" + std::to_string(++serial);
      if (!client.send(get_request("/token/" + token))) break;
      switch (random() % 8) {
        case 0:
          client.reset();
          leaving = true;
          break;
        case 1:
          client.close();
          leaving = true;
          break;
        case 2:
          client.finish_sending();
          leaving = true;
          [[fallthrough]];
        default: {
          const auto answer = client.read_answer();
          if (!answer)
            ++tally.stuck;
          else if (answer->body == token)
            ++tally.right;
          else
            ++tally.wrong;
        }
      }
    }
  }
}

// The test that Pistache's own endpoint fails: its answers go to whoever has the descriptor now.
TEST(Storm, NeverGivesAClientAnothersAnswer) {
  ScriptedServer server;
  Tally tally;
  std::vector<std::thread> clients;
  const auto until = std::chrono::steady_clock::now() + 3s;
  for (unsigned i = 0; i < 16; ++i) {
    clients.emplace_back([&, i] { storm(server.address(), i, until, tally); });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(tally.wrong, 0);
  EXPECT_EQ(tally.stuck, 0);
  EXPECT_GT(tally.right, 500);
  EXPECT_TRUE(eventually([&] { return server.server().busy_connections() == 0; }));
  RecordProperty("right", tally.right);
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
  std::vector<std::thread> clients;
  const auto until = std::chrono::steady_clock::now() + 500ms;
  std::atomic<bool> stopped{false};
  for (unsigned i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      try {
        storm(server.address(), i, until, tally);
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
