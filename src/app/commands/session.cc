#include "app/commands/session.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <ostream>

#include "app/client/address.h"
#include "app/client/http_client.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;

constexpr const char* kDefaultUrl = "http://127.0.0.1:8080";

std::string variable(const config::Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

Outcome<std::string> read_key_file(const std::string& path) {
  std::ifstream file(path);
  std::string key{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    return client::failed(ExitStatus::kFailure, path + ": the key file cannot be read");
  }
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  const bool several = key.find_first_of("\r\n") != std::string::npos;
  if (key.empty() || several) {
    return client::failed(ExitStatus::kFailure, path + ": must hold one line, the key");
  }
  return key;
}

/// Never from the command line itself, which everybody on the machine can read.
Outcome<std::string> find_key(const ConnectionOptions& options,
                              const config::Environment& environment) {
  if (!options.key_file.empty()) return read_key_file(options.key_file);
  const std::string key = variable(environment, "SLUICE_API_KEY");
  const std::string file = variable(environment, "SLUICE_API_KEY_FILE");
  if (key.empty() && !file.empty()) return read_key_file(file);
  return key;
}

Outcome<client::Address> find_address(const ConnectionOptions& options,
                                      const config::Environment& environment) {
  std::string url = options.url.empty() ? variable(environment, "SLUICE_URL") : options.url;
  return client::parse_url(url.empty() ? kDefaultUrl : url);
}

ExitStatus tell(const client::Failure& failure, std::ostream& err) {
  err << failure.message << "\n";
  if (failure.status == ExitStatus::kUnreachable) {
    err << "hint: is it running? --url or SLUICE_URL says where\n";
  }
  err.flush();
  return failure.status;
}

}  // namespace

Format format_named(std::string_view name) {
  if (name == "json") return Format::kJson;
  if (name == "csv") return Format::kCsv;
  return name == "ndjson" ? Format::kNdjson : Format::kTable;
}

ExitStatus run(const Action& action, Session& session) {
  const auto done = action(session);
  session.terminal.out.flush();
  return done ? *done : tell(done.error(), session.terminal.err);
}

ExitStatus run(const ClientCommand& command, const config::Environment& environment) {
  const auto& options = command.connection;
  terminal::Terminal terminal = terminal::standard_terminal(options.no_color);
  const auto address = find_address(options, environment);
  if (!address) return tell(address.error(), terminal.err);
  const auto key = find_key(options, environment);
  if (!key) return tell(key.error(), terminal.err);
  client::HttpClient gateway(*address, *key);
  Session session{.gateway = gateway,
                  .open_another =
                      [&](const std::atomic<bool>* stop) {
                        return std::make_unique<client::HttpClient>(*address, *key, stop);
                      },
                  .terminal = terminal,
                  .environment = environment,
                  .format = format_named(options.format)};
  return run(command.action, session);
}

}  // namespace sluice::app::commands
