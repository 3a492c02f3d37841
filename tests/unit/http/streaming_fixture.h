#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "unit/http/one_connection.h"

namespace sluice::http {

inline std::string body_of(const std::string& received) {
  return received.substr(received.find("\r\n\r\n") + 4);
}

/// What chunks hold; "…" stands for a last chunk that is missing.
inline std::string unchunked(std::string_view body) {
  std::string text;
  while (!body.empty()) {
    const std::size_t size = std::stoul(std::string(body.substr(0, body.find('\r'))), nullptr, 16);
    body.remove_prefix(body.find('\n') + 1);
    if (size == 0) return text;
    text += body.substr(0, size);
    body.remove_prefix(size + 2);
  }
  return text + "…";
}

/// Bodies that come in pieces, to a client that takes as much as the test says.
class StreamingTest : public OneConnection {
 protected:
  StreamingTest() {
    options_.min_read_bytes_per_second = 10;
    open();
  }
  void client_takes(std::size_t bytes) {
    client_.takes = bytes;
    connection_->on_ready({.writable = true});
    loop_.run_posted();
  }
  static std::string get(std::string_view headers = "", int version_minor = 1) {
    return "GET /later HTTP/1." + std::to_string(version_minor) + "\r\nHost: localhost\r\n" +
           std::string(headers) + "\r\n";
  }
  Exchange& exchange(std::size_t which = 0) { return *waiting_.at(which); }
  void begin(std::size_t which = 0) {
    Response head;
    head.content_type = "text/csv";
    exchange(which).begin(std::move(head));
  }
  [[nodiscard]] std::string body() const { return unchunked(body_of(client_.received)); }
};

}  // namespace sluice::http
