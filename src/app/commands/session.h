#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/client/failure.h"
#include "app/client/gateway.h"
#include "app/terminal/terminal.h"
#include "config/config.h"

namespace sluice::app::commands {

/// How a command writes its data.
enum class Format { kTable, kJson, kCsv, kNdjson };
/// "json", "csv" or "ndjson"; a table otherwise.
[[nodiscard]] Format format_named(std::string_view name);

/// What a command works with while it runs.
struct Session {
  client::Gateway& gateway;
  /// One more connection to the same gateway, for those that ask several things at once. A `stop`
  /// that becomes true ends what it waits for.
  std::function<std::unique_ptr<client::Gateway>(const std::atomic<bool>* stop)> open_another;
  terminal::Terminal& terminal;
  const config::Environment& environment;
  Format format = Format::kTable;
};

/// A command, ready to run: the exit status, or why it could not.
using Action = std::function<client::Outcome<client::ExitStatus>(Session&)>;

/// What every command says that talks to a running gateway.
struct ConnectionOptions {
  std::string url;
  std::string key_file;
  std::string format = "table";
  bool no_color = false;
};

struct ClientCommand {
  ConnectionOptions connection;
  Action action;
};

/// Connects as the options and the environment say, runs the command, and tells why if it fails.
[[nodiscard]] client::ExitStatus run(const ClientCommand& command,
                                     const config::Environment& environment);
/// The same with everything given: what tests use.
[[nodiscard]] client::ExitStatus run(const Action& action, Session& session);

}  // namespace sluice::app::commands
