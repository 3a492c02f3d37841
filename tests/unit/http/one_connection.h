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

/// One connection, which its tests `open`, to a handler that answers when they say so (/later).
class OneConnection : public ::testing::Test {
 protected:
  using Method = Pistache::Http::Method;

  OneConnection() {
    const auto later = [this](std::shared_ptr<Exchange> exchange) {
      exchange->on_client_gone([this] { ++gone_; });
      waiting_.push_back(std::move(exchange));
    };
    router_.add(Method::Get, "/later", later);
    router_.add(Method::Post, "/later", later);
  }
  ~OneConnection() override { connection_->abort(); }

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

  testing::SimulatedLoop loop_;
  ServerOptions options_;
  Router router_;
  Dispatcher dispatcher_{router_, SitePolicy({.bound_host = "127.0.0.1",
                                              .allowed_hosts = {},
                                              .cors_origins = {"https://app.example"}})};
  struct Logged {
    int status;
    std::string path;
    std::size_t bytes;
    bool incomplete;
  };
  std::vector<Logged> logged_;
  std::function<void(const AccessRecord&)> access_log_ = [this](const AccessRecord& record) {
    logged_.push_back(
        {record.status, record.request.path, record.response_bytes, record.incomplete});
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
