#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "unit/http/one_connection.h"

namespace sluice::http {

inline std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

/// One connection to handlers that answer at once (/now), when the test says so (/later), or badly.
class HttpConnectionTest : public OneConnection {
 protected:
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
    router_.add(Method::Get, "/throws", [](auto) { throw std::runtime_error("the secret is 42"); });
    router_.add(Method::Get, "/drops", [](auto) {});
    open();
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
};

}  // namespace sluice::http
