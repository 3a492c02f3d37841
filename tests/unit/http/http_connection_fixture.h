#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http_connection.h"
#include "support/simulated_loop.h"
#include "unit/http/scripted_stream.h"

namespace sluice::http {

inline std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

/// One connection to handlers that answer at once (/now), when the test says so (/later), or badly.
class HttpConnectionTest : public ::testing::Test {
 protected:
  using Method = Pistache::Http::Method;

  HttpConnectionTest() {
    options_.max_head_bytes = 1024;
    options_.max_body_bytes = 1024;
    const auto now = [](std::shared_ptr<Exchange> exchange) {
      Response response;
      response.body = "now " + exchange->request().body;
      exchange->respond(std::move(response));
    };
    router_.add(Method::Get, "/now", now);
    router_.add(Method::Post, "/now", now);
    const auto later = [this](std::shared_ptr<Exchange> exchange) {
      exchange->on_client_gone([this] { ++gone_; });
      waiting_.push_back(std::move(exchange));
    };
    router_.add(Method::Get, "/later", later);
    router_.add(Method::Post, "/later", later);
    router_.add(Method::Get, "/throws", [](auto) { throw std::runtime_error("the secret is 42"); });
    router_.add(Method::Get, "/drops", [](auto) {});
    open();
  }

  ~HttpConnectionTest() override { connection_->abort(); }

  void open() {
    client_ = ScriptedClient();
    connection_ = std::make_shared<HttpConnection>(
        context_, std::make_unique<ScriptedStream>(client_), "192.0.2.1:1");
    connection_->open();
  }

  void send(std::string_view bytes) {
    client_.to_server += bytes;
    connection_->on_ready({.readable = true});
    loop_.run_posted();
  }

  void client_finishes() {
    client_.finished = true;
    connection_->on_ready({.readable = true, .peer_finished = true});
    loop_.run_posted();
  }

  void client_resets() {
    client_.broken = true;
    connection_->on_ready({.readable = true, .peer_finished = true, .broken = true});
  }

  void answer(std::size_t which, std::string body) {
    Response response;
    response.body = std::move(body);
    waiting_.at(which)->respond(std::move(response));
    loop_.run_posted();
  }

  static std::string get(std::string_view path, std::string_view headers = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
           "\r\n";
  }

  static std::string post(std::string_view path, std::string_view body) {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }

  [[nodiscard]] std::size_t answers() const { return count_of(client_.received, "HTTP/1.1 2"); }

  testing::SimulatedLoop loop_;
  ServerOptions options_;
  Router router_;
  Dispatcher dispatcher_{router_, SitePolicy({.bound_host = "127.0.0.1",
                                              .allowed_hosts = {},
                                              .cors_origins = {"https://app.example"}})};
  std::vector<std::pair<int, std::string>> logged_;
  std::function<void(const AccessRecord&)> access_log_ = [this](const AccessRecord& record) {
    logged_.emplace_back(record.status, record.request.path);
  };
  std::atomic<int> busy_{0};
  ConnectionContext context_{.loop = loop_,
                             .options = options_,
                             .dispatcher = dispatcher_,
                             .access_log = access_log_,
                             .busy_connections = busy_,
                             .random = base::Random(1)};
  std::vector<std::shared_ptr<Exchange>> waiting_;
  int gone_ = 0;
  ScriptedClient client_;
  std::shared_ptr<HttpConnection> connection_;
};

}  // namespace sluice::http
