#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <ostream>

#include "app/client/problem.h"
#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"
#include "app/terminal/figures.h"
#include "app/terminal/password.h"
#include "base/setting_text.h"
#include "json/writer.h"
#include "sluice/target.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;

struct ConnectOptions {
  std::string target;
  std::string db_id;
  std::string password_file;
  std::string password_variable;
  std::vector<std::string> labels;
  int max_size = 0;
  bool required = false;
  bool no_password = false;
};

struct DisconnectOptions {
  std::string db_id;
  bool force = false;
};

struct DatabasesOptions {};

void declare_connect_options(CLI::App& app, ConnectOptions& options) {
  app.add_option("TARGET", options.target,
                 "postgresql://USER@HOST[:PORT][,…]/DATABASE[?sslmode=…]; - reads it from standard "
                 "input, and there it may hold the password")
      ->required();
  app.add_option("--id", options.db_id, "How to call it; else its name and a hash")
      ->type_name("DB");
  app.add_option("--label", options.labels, "For selectors; can be repeated")
      ->type_name("LABEL=VALUE")
      ->allow_extra_args(false);
  app.add_option("--max-size", options.max_size, "Connections at most")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_flag("--required", options.required, "The gateway is not ready while it is down");
  auto* file = app.add_option("--password-file", options.password_file, "File with the password")
                   ->type_name("FILE");
  auto* variable = app.add_option("--password-env", options.password_variable,
                                  "Environment variable with the password")
                       ->type_name("NAME");
  auto* none = app.add_flag("--no-password", options.no_password, "Do not ask for a password");
  file->excludes(variable);
  file->excludes(none);
  variable->excludes(none);
}

tl::unexpected<client::Failure> mistake(std::string message) {
  return client::failed(ExitStatus::kFailure, std::move(message));
}

/// What a file holds, without the newline that editors leave.
Outcome<std::string> read_secret(const std::string& path) {
  std::ifstream file(path);
  std::string secret{std::istreambuf_iterator<char>(file), {}};
  if (!file) return mistake(path + ": cannot be read");
  if (secret.ends_with('\n')) secret.pop_back();
  return secret;
}

Outcome<std::string> find_password(Session& session, const ConnectOptions& options,
                                   const Target& target) {
  if (!target.password.empty()) return std::string(target.password.reveal());
  if (!options.password_file.empty()) return read_secret(options.password_file);
  if (!options.password_variable.empty()) {
    const auto found = session.environment.find(options.password_variable);
    if (found != session.environment.end()) return found->second;
    return mistake("the environment has no " + base::in_quotes(options.password_variable));
  }
  if (options.no_password || !session.terminal.in_is_terminal) return std::string();
  const auto typed = terminal::ask_password(
      session.terminal, "Password for " + terminal::printable(target.display()) + ": ");
  if (!typed) return mistake("no password was given");
  return *typed;
}

Outcome<Target> find_target(Session& session, const ConnectOptions& options) {
  const bool from_input = options.target == "-";
  std::string url = options.target;
  if (from_input) std::getline(session.terminal.in, url);
  auto target = Target::parse(url);
  if (!target) return mistake(target.error().message);
  if (!from_input && !target->password.empty()) {
    return mistake(
        "a password on the command line can be read by everybody on this machine; leave it out to "
        "be asked for it, name a --password-file, or pass the URL to `sluice connect -`");
  }
  return *std::move(target);
}

void write_target(json::Writer& writer, const Target& target) {
  if (target.other_hosts.empty()) {
    writer.field("host", target.host).field("port", target.port);
  } else {
    writer.begin_array("hosts");
    for (const Host& host : target.hosts()) writer.element(host.display());
    writer.end_array();
  }
  writer.field("database", target.database).field("user", target.user);
  writer.field("ssl", to_string(target.ssl));
}

Outcome<void> write_labels(json::Writer& writer, const std::vector<std::string>& labels) {
  if (labels.empty()) return {};
  writer.begin_object("labels");
  for (const std::string& label : labels) {
    const auto equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return mistake("--label must be LABEL=VALUE, not " + base::in_quotes(label));
    }
    writer.field(label.substr(0, equals), label.substr(equals + 1));
  }
  writer.end_object();
  return {};
}

Outcome<std::string> connect_body(Session& session, const ConnectOptions& options) {
  const auto target = find_target(session, options);
  if (!target) return tl::unexpected(target.error());
  const auto password = find_password(session, options, *target);
  if (!password) return tl::unexpected(password.error());
  json::Writer writer;
  writer.begin_object();
  write_target(writer, *target);
  if (!password->empty()) writer.field("password", *password);
  if (!options.db_id.empty()) writer.field("db_id", options.db_id);
  if (options.required) writer.field("required", true);
  if (options.max_size > 0) {
    writer.begin_object("pool").field("max_size", options.max_size).end_object();
  }
  if (auto done = write_labels(writer, options.labels); !done) return tl::unexpected(done.error());
  return writer.end_object().take();
}

Outcome<ExitStatus> connect(Session& session, const ConnectOptions& options) {
  const auto body = connect_body(session, options);
  if (!body) return tl::unexpected(body.error());
  const auto answer = client::fetch(
      session.gateway, {.method = "POST", .path = "/databases/connect", .body = *body});
  if (!answer) return tl::unexpected(answer.error());
  const json::Value& root = answer->root();
  if (session.format != Format::kTable) {
    write_line(session, answer->text());
    return ExitStatus::kOk;
  }
  const bool created = text_at_path(root, "created") == "true";
  const std::chrono::duration<double, std::milli> time(number_at(root, "latency_ms"));
  session.terminal.out << fmt::format(
      "{}: {}, PostgreSQL {}, {}\n", terminal::printable(text_at_path(root, "db_id")),
      created ? "connected" : "was connected already",
      terminal::printable(text_at_path(root, "server_version")), terminal::duration(time));
  return ExitStatus::kOk;
}

void declare_disconnect_options(CLI::App& app, DisconnectOptions& options) {
  app.add_option("DB", options.db_id, "The database")->required();
  app.add_flag("--force", options.force, "End at once what runs there; else it may take 30 s");
}

Outcome<ExitStatus> disconnect(Session& session, const DisconnectOptions& options) {
  const auto answer = client::fetch(
      session.gateway, {.method = "DELETE",
                        .path = "/databases/" + client::percent_encoded(options.db_id) +
                                (options.force ? "?force=true" : ""),
                        .patience = std::chrono::seconds(60)});
  if (!answer) return tl::unexpected(answer.error());
  if (session.format != Format::kTable) {
    write_line(session, answer->text());
  } else {
    session.terminal.out << terminal::printable(options.db_id) << ": disconnected\n";
  }
  return ExitStatus::kOk;
}

std::string labels_of(const json::Value& database) {
  std::string text;
  const json::Value* labels = database.find("labels");
  if (labels == nullptr) return text;
  for (const json::Value& label : *labels) {
    if (!text.empty()) text += ' ';
    text += std::string(label.key()) + "=" + std::string(label.text());
  }
  return text;
}

Outcome<ExitStatus> databases(Session& session, const DatabasesOptions&) {
  const auto answer = client::fetch(session.gateway, "/databases");
  if (!answer) return tl::unexpected(answer.error());
  const auto labels = [](const json::Value& row) { return terminal::Cell{labels_of(row)}; };
  write_list(session, *answer, "databases",
             {{"DATABASE", "db_id"},
              {"TARGET", "target"},
              {"SERVER", "server_version"},
              {"STATE", "state"},
              {"BREAKER", "breaker.state"},
              {"MAX", "pool.max_size", terminal::Align::kRight},
              {"LABELS", "labels", terminal::Align::kLeft, labels}});
  return ExitStatus::kOk;
}

}  // namespace

void declare_databases(Declarations& declarations) {
  declarations.add<DatabasesOptions>(
      {.name = "databases",
       .group = kWatching,
       .description = "List the databases and where they are",
       .examples = "Examples:\n  sluice databases -o csv"},
      [](CLI::App&, DatabasesOptions&) {}, databases);
  declarations.add<ConnectOptions>(
      {.name = "connect",
       .group = kOperating,
       .description = "Connect a database while the gateway runs; it is tried first",
       .examples = R"(Examples:
  sluice connect postgresql://app@db1/orders --id orders --label region=eu    asks for the password
  sluice connect postgresql://app@db1/orders --password-file /run/secrets/orders
  echo "$DATABASE_URL" | sluice connect -)"},
      declare_connect_options, connect);
  declarations.add<DisconnectOptions>({.name = "disconnect",
                                       .group = kOperating,
                                       .description = "Forget a database",
                                       .examples = "Examples:\n  sluice disconnect orders"},
                                      declare_disconnect_options, disconnect);
}

}  // namespace sluice::app::commands
