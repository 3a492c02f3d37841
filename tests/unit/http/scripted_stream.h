#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>

#include "http/byte_stream.h"

namespace sluice::http {

/// A socket whose client is the test. Shared between the test and the connection's stream.
struct ScriptedClient {
  std::string to_server;
  bool finished = false;  ///< the client has closed its sending side
  bool broken = false;    ///< the connection was reset
  std::size_t takes = std::numeric_limits<std::size_t>::max();  ///< bytes until writes would block
  std::string received;
  bool server_finished = false;
  bool closed = false;
  bool spoiled = false;  ///< what was closed looks like a failure
  int reads = 0;
};

class ScriptedStream final : public ByteStream {
 public:
  explicit ScriptedStream(ScriptedClient& client) : client_(client) {}

  [[nodiscard]] IoResult read(std::span<char> buffer) override {
    ++client_.reads;
    const std::size_t count = std::min(buffer.size(), client_.to_server.size());
    if (count == 0 && client_.broken) return {IoResult::Kind::kBroken, 0};
    if (count == 0 && client_.finished) return {IoResult::Kind::kEnd, 0};
    if (count == 0) return {IoResult::Kind::kWouldBlock, 0};
    std::copy_n(client_.to_server.begin(), count, buffer.begin());
    client_.to_server.erase(0, count);
    return {IoResult::Kind::kDone, count};
  }

  [[nodiscard]] IoResult write(std::span<const std::string_view> parts) override {
    if (client_.broken) return {IoResult::Kind::kBroken, 0};
    std::size_t written = 0;
    for (std::string_view part : parts) {
      const std::size_t count = std::min(part.size(), client_.takes);
      client_.received += part.substr(0, count);
      client_.takes -= count;
      written += count;
    }
    if (written == 0) return {IoResult::Kind::kWouldBlock, 0};
    return {IoResult::Kind::kDone, written};
  }

  void shut_down_writing() override { client_.server_finished = true; }
  void spoil() override { client_.spoiled = true; }
  void close() override { client_.closed = true; }

 private:
  ScriptedClient& client_;
};

}  // namespace sluice::http
