#include "aborting_clients.h"

#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "http/test_client.h"

namespace {

using namespace std::chrono_literals;
using sluice::http::TestClient;

constexpr unsigned kThreads = 8;

void ask_once(const std::string& address, const std::string& token, bool leave, Counts& counts) {
  TestClient client(address);
  client.send("GET /token/" + token +
              " HTTP/1.1\r\nHost: localhost\r\nConnection: Keep-Alive\r\n\r\n");
  if (leave) return client.close();
  const auto answer = client.read_answer(false, 2s);
  if (!answer) {
    ++counts.stuck;
  } else if (answer->body == token) {
    ++counts.right;
  } else {
    ++counts.wrong;
  }
}

Counts ask_again_and_again(const std::string& address, unsigned seed,
                           std::chrono::steady_clock::time_point until) {
  std::mt19937 random(seed);
  Counts counts;
  for (unsigned i = 0; std::chrono::steady_clock::now() < until; ++i) {
    const std::string token = std::to_string(seed) + "-" + std::to_string(i);
    try {
      ask_once(address, token, random() % 2 == 0, counts);
    } catch (const std::runtime_error&) {
      ++counts.unreachable;
      std::this_thread::sleep_for(100ms);
    }
  }
  return counts;
}

}  // namespace

Counts run_aborting_clients(const std::string& address, std::chrono::seconds duration) {
  const auto until = std::chrono::steady_clock::now() + duration;
  std::vector<Counts> each(kThreads);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { each[i] = ask_again_and_again(address, i, until); });
  }
  for (std::thread& thread : threads) thread.join();
  Counts total;
  for (const Counts& counts : each) {
    total.right += counts.right;
    total.wrong += counts.wrong;
    total.stuck += counts.stuck;
    total.unreachable += counts.unreachable;
  }
  return total;
}
