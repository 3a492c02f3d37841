#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

/// A blocking HTTP client for tests, over a raw socket, so that a test decides about every byte.
/// Every wait is bounded: a server that hangs fails the test.
class TestClient {
 public:
  /// `address`: "127.0.0.1:80", "[::1]:80" or "unix:/path". Throws std::runtime_error on failure.
  explicit TestClient(const std::string& address);
  ~TestClient();
  TestClient(TestClient&& other) noexcept;
  TestClient& operator=(TestClient&& other) noexcept;

  [[nodiscard]] int fd() const { return fd_; }
  /// False when the connection is gone.
  bool send(std::string_view bytes);
  void finish_sending();
  void close();
  /// Closes with a reset instead of the usual end.
  void reset();

  struct Answer {
    int status = 0;
    std::string head;
    std::string body;
  };
  /// The next final answer; interim ones are skipped. Nothing when the connection ends or
  /// `patience` is over.
  [[nodiscard]] std::optional<Answer> read_answer(
      bool to_head = false, std::chrono::milliseconds patience = std::chrono::seconds(10));
  /// Everything until the end of the connection. Nothing when it does not end in time.
  [[nodiscard]] std::optional<std::string> read_all(
      std::chrono::milliseconds patience = std::chrono::seconds(10));

 private:
  enum class More { kData, kEnd, kTimeout };
  [[nodiscard]] More read_more(std::chrono::steady_clock::time_point until);

  int fd_ = -1;
  std::string buffer_;
};

[[nodiscard]] std::string get_request(std::string_view path, std::string_view headers = "");
[[nodiscard]] std::string post_request(std::string_view path, std::string_view body);

}  // namespace sluice::http
