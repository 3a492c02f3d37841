#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/command_line.h"
#include "app/commands/session.h"

namespace sluice::app::commands {

/// Answers each request with the next of the replies it was given, and remembers what was asked.
class ScriptedGateway : public client::Gateway {
 public:
  client::Outcome<client::Reply> ask(const client::Request& request) override {
    asked.push_back(request);
    if (replies.empty()) return client::Reply{200, "{}", ""};
    client::Reply reply = replies.front();
    replies.erase(replies.begin());
    return reply;
  }

  /// Streams come in pieces that end anywhere.
  client::Outcome<client::Reply> stream(const client::Request& request,
                                        const client::TakePiece& take) override {
    auto reply = ask(request);
    if (reply->status != 200) return reply;
    const std::string body = std::exchange(reply->body, {});
    for (std::size_t at = 0; at < body.size(); at += piece_size) {
      if (!take(std::string_view(body).substr(at, piece_size))) break;
    }
    return reply;
  }

  std::size_t piece_size = 7;
  std::vector<client::Reply> replies;
  std::vector<client::Request> asked;
};

/// Runs command lines against a scripted gateway.
class CommandTest : public testing::Test {
 protected:
  void will_answer(int status, std::string body) {
    gateway_.replies.push_back({status, std::move(body), ""});
  }

  /// A stream that ends before its end.
  void will_break_off(std::string body) {
    gateway_.replies.push_back({.status = 200, .body = std::move(body), .complete = false});
  }

  /// The exit status; what it wrote is in `out_` and `err_`.
  int run(const std::vector<std::string>& arguments) {
    const auto parsed = parse_command_line(arguments, environment_);
    if (const auto* farewell = std::get_if<Farewell>(&parsed)) {
      err_ << farewell->text;
      return farewell->is_mistake ? 1 : 0;
    }
    const auto* command = std::get_if<ClientCommand>(&parsed);
    if (command == nullptr) return -1;
    terminal::Terminal terminal{.in = in_, .out = out_, .err = err_};
    terminal.out_is_terminal = out_is_terminal_;
    Session session{.gateway = gateway_,
                    .open_another = [](const auto*) { return std::make_unique<ScriptedGateway>(); },
                    .terminal = terminal,
                    .environment = environment_,
                    .format = format_named(command->connection.format)};
    return static_cast<int>(commands::run(command->action, session));
  }

  [[nodiscard]] std::string out() const { return out_.str(); }
  [[nodiscard]] std::string err() const { return err_.str(); }

  ScriptedGateway gateway_;
  config::Environment environment_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  bool out_is_terminal_ = false;
};

}  // namespace sluice::app::commands
