#include "app/commands/query_options.h"

#include <cstdint>

#include "app/terminal/figures.h"
#include "base/setting_text.h"
#include "json/document.h"
#include "json/writer.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;

constexpr std::int64_t kTableRows = 1000;  // nobody reads more, and a slip is no flood

/// JSON as it is; anything else is text: `--param 42`, `--param orders`, `--param '"42"'`.
std::string param_json(const std::string& text) {
  return json::Document::parse(text) ? text : json::Writer().element(text).take();
}

Outcome<void> write_selector(json::Writer& writer, const std::vector<std::string>& labels) {
  writer.begin_object("selector");
  for (const std::string& label : labels) {
    const auto equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return client::failed(ExitStatus::kFailure,
                            "--selector must be LABEL=VALUE, not " + base::in_quotes(label));
    }
    writer.field(label.substr(0, equals), label.substr(equals + 1));
  }
  writer.end_object();
  return {};
}

Outcome<void> write_targets(json::Writer& writer, const QueryOptions& options) {
  if (options.all) {
    writer.field("all", true);
  } else if (!options.selector.empty()) {
    return write_selector(writer, options.selector);
  } else {
    writer.begin_array("db_ids");
    for (const std::string& db_id : options.db_ids) writer.element(db_id);
    writer.end_array();
  }
  return {};
}

std::int64_t row_limit(const QueryOptions& options, Format format) {
  if (options.max_rows >= 0) return options.max_rows;
  return format == Format::kTable ? kTableRows : 0;
}

}  // namespace

std::string params_json(const std::vector<std::string>& params) {
  std::string list = "[";
  for (const std::string& param : params) {
    if (list.size() > 1) list += ',';
    list += param_json(param);
  }
  return list + "]";
}

Outcome<QueryOptions> settled(QueryOptions options) {
  const auto mistake = [](std::string message) {
    return client::failed(ExitStatus::kFailure, std::move(message));
  };
  const int ways =
      (options.all ? 1 : 0) + (options.selector.empty() ? 0 : 1) + (options.db_ids.empty() ? 0 : 1);
  if (ways > 1) return mistake("--all, --selector and --db exclude each other");
  if (ways == 1 && !options.sql.empty()) {
    return mistake("several databases are asked; leave out " + base::in_quotes(options.db_id));
  }
  if (ways == 1) std::swap(options.sql, options.db_id);
  if (options.sql.empty()) return mistake("the SQL is missing; `-` reads it from standard input");
  return options;
}

Outcome<std::string> query_body(const QueryOptions& options, Format format) {
  json::Writer writer;
  writer.begin_object().field("sql", options.sql);
  writer.raw_field("params", params_json(options.params));
  if (options.fans_out()) {
    if (auto done = write_targets(writer, options); !done) return tl::unexpected(done.error());
    writer.field("write", options.write);
  } else {
    writer.field("read_only", !options.write);
    // Columns may have the same name.
    if (format == Format::kTable) writer.field("format", "arrays");
  }
  if (const auto rows = row_limit(options, format); rows > 0) writer.field("max_rows", rows);
  if (!options.timeout.empty()) {
    const auto time = terminal::read_duration(options.timeout);
    if (!time) return tl::unexpected(time.error());
    writer.field("timeout_ms", time->count());
  }
  return writer.end_object().take();
}

}  // namespace sluice::app::commands
