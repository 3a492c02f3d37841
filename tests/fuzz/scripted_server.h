#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::fuzz {

/// A server that knows its part by heart: whenever the client has said something, or waits for
/// an answer, it says the next line, and after the last it hangs up. On a Unix socket, in the
/// caller's thread: `turn` does what can be done now.
class ScriptedServer {
 public:
  ScriptedServer();
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] std::uint16_t port() const { return 5432; }

  /// Forgets who was connected, and begins with the first line for the next.
  void begin(std::vector<std::string_view> lines);
  /// Does what can be done now; without a client, waits a millisecond at most for one, or for
  /// `also_readable`.
  void turn(int also_readable);
  /// It has said everything, and hung up.
  [[nodiscard]] bool over() const { return over_; }

 private:
  void accept_client();
  void listen_and_answer();
  void take_the_next_line();
  void say();
  void hang_up();

  std::string directory_;
  int listening_ = -1;
  int client_ = -1;
  bool over_ = false;
  std::vector<std::string_view> lines_;
  std::size_t next_ = 0;
  std::string_view unsaid_;
};

}  // namespace sluice::fuzz
