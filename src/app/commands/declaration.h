#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "app/commands/session.h"

namespace sluice::app::commands {

/// What people read about a command.
struct Words {
  std::string name;
  std::string group;  ///< the heading it stands under
  std::string description;
  std::string examples;
};

/// Takes declarations of commands. Only the command that was typed sets its action.
class Declarations {
 public:
  explicit Declarations(CLI::App& app) : app_(app) {}

  /// A command that asks a running gateway. `action` takes the options that `declare` bound.
  template <typename Options>
  void add(const Words& words, void (*declare)(CLI::App&, Options&),
           client::Outcome<client::ExitStatus> (*act)(Session&, const Options&)) {
    auto options = std::make_shared<Options>();
    CLI::App& command = add_command(words);
    declare(command, *options);
    add_connection(command);
    command.callback([this, options, act] {
      result_.action = [options, act](Session& session) { return act(session, *options); };
    });
  }

  /// The command that was typed, if it is one of these.
  [[nodiscard]] const ClientCommand& result() const { return result_; }

 private:
  CLI::App& add_command(const Words& words);
  void add_connection(CLI::App& command);

  CLI::App& app_;
  ClientCommand result_;
};

/// The heading of every group of commands, in the order in which help shows them.
inline constexpr const char* kServing = "Serve";
inline constexpr const char* kAsking = "Ask";
inline constexpr const char* kWatching = "Watch";
inline constexpr const char* kOperating = "Operate";
inline constexpr const char* kMeasuring = "Measure and check";

/// Every command that asks a running gateway.
void declare_all(Declarations& declarations);

}  // namespace sluice::app::commands
