#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http_connection.h"
#include "support/simulated_loop.h"
#include "unit/http/scripted_stream.h"

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

/// One connection to a handler that answers when the test says so.
class StreamingTest : public ::testing::Test {
 protected:
  using Method = Pistache::Http::Method;

  StreamingTest() {
    options_.min_read_bytes_per_second = 10;
    const auto later = [this](std::shared_ptr<Exchange> exchange) {
      exchange->on_client_gone([this] { ++gone_; });
      waiting_.push_back(std::move(exchange));
    };
    router_.add(Method::Get, "/later", later);
    router_.add(Method::Post, "/later", later);
    open();
  }
  ~StreamingTest() override { connection_->abort(); }

  void open() {
    client_ = ScriptedClient();
    waiting_.clear();
    connection_ = std::make_shared<HttpConnection>(
        context_, std::make_unique<ScriptedStream>(client_), "192.0.2.1:1");
    connection_->open();
  }
  void send(std::string_view bytes) {
    client_.to_server += bytes;
    connection_->on_ready({.readable = true});
    loop_.run_posted();
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

  testing::SimulatedLoop loop_;
  ServerOptions options_;
  Router router_;
  Dispatcher dispatcher_{
      router_, SitePolicy({.bound_host = "127.0.0.1", .allowed_hosts = {}, .cors_origins = {}})};
  struct Logged {
    int status;
    std::size_t bytes;
    bool incomplete;
  };
  std::vector<Logged> logged_;
  std::function<void(const AccessRecord&)> access_log_ = [this](const AccessRecord& record) {
    logged_.push_back({record.status, record.response_bytes, record.incomplete});
  };
  std::atomic<int> busy_{0};
  ConnectionContext context_{.loop = loop_,
                             .options = options_,
                             .dispatcher = dispatcher_,
                             .access_log = access_log_,
                             .busy_connections = busy_,
                             .random = base::Random(1)};
  std::vector<std::shared_ptr<Exchange>> waiting_;
  ScriptedClient client_;
  std::shared_ptr<HttpConnection> connection_;
  int gone_ = 0;
};

}  // namespace sluice::http
