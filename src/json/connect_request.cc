#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/host_list.h"
#include "base/settings.h"
#include "json/fields.h"
#include "json/option_fields.h"
#include "json/requests.h"

namespace sluice::json {
namespace {

using base::AliasUnit;

constexpr std::array<std::string_view, 7> kParts{"host", "hosts",    "port", "database",
                                                 "user", "password", "ssl"};

constexpr const char* kNotPatched =
    "cannot be changed here; connect again (POST /databases/connect): with a new password or ssl "
    "under the same db_id, with another address under another one";

/// Names that existing clients send, with the setting they mean.
struct OldName {
  base::SettingAlias as;
  std::string_view setting;
};
constexpr std::array kOldNames{
    OldName{{"pool_min_size"}, "pool.min_size"},
    OldName{{"pool_max_size"}, "pool.max_size"},
    OldName{{"max_queries"}, "pool.max_queries"},
    OldName{{"max_inactive_connection_lifetime", AliasUnit::kSeconds}, "pool.idle_timeout_ms"},
    OldName{{"command_timeout", AliasUnit::kSeconds}, "query.timeout_ms"},
    OldName{{"statement_timeout"}, "session.statement_timeout_ms"},
    OldName{{"idle_in_transaction_timeout"}, "session.idle_in_transaction_timeout_ms"}};

constexpr std::array kHints{Hint{"username", "user"},
                            Hint{"dbname", "database"},
                            Hint{"db", "database"},
                            Hint{"name", "database"},
                            Hint{"pass", "password"},
                            Hint{"passwd", "password"},
                            Hint{"hostname", "host"},
                            Hint{"server", "host"},
                            Hint{"sslmode", "ssl"},
                            Hint{"ssl_mode", "ssl"},
                            Hint{"tls", "ssl"},
                            Hint{"id", "db_id"},
                            Hint{"dsn", "url"},
                            Hint{"uri", "url"},
                            Hint{"connection_string", "url"},
                            Hint{"min_size", "pool.min_size"},
                            Hint{"max_size", "pool.max_size"},
                            Hint{"pool_size", "pool.max_size"},
                            Hint{"timeout", "pool.connect_timeout_ms"}};

/// The message of Target::parse about one part, or about a whole URL.
std::string words_of(const Error& error) {
  return error.fields.empty() ? error.message : error.fields.front().message;
}

void read_host(Fields& fields, Target& target) {
  const auto host = fields.text("host");
  if (!host) return;
  if (host->empty()) return fields.mistake("host", "is empty");
  // To libpq "a,b" would be a list.
  if (auto problem = base::check_host(std::string(*host)))
    return fields.mistake("host", *std::move(problem));
  target.host = *host;
}

/// Comes after the port, which is that of every host that names none.
void read_hosts(Fields& fields, Target& target) {
  const Value* list = fields.array("hosts");
  if (!list) return;
  if (fields.any("host")) return fields.mistake("host", "give either host or hosts, not both");
  std::vector<Host> hosts;
  for (const Value& entry : *list) {
    const auto place = "hosts[" + std::to_string(hosts.size()) + "]";
    hosts.push_back({"", target.port});
    if (entry.kind() != Value::Kind::kString) {
      fields.mistake(place, "must be a string: \"db1\" or \"db1:5433\"");
    } else if (auto problem = base::read_host(entry.text(), hosts.back())) {
      fields.mistake(place, *std::move(problem));
    }
  }
  if (auto problem = base::set_hosts(hosts, target)) fields.mistake("hosts", *std::move(problem));
}

void read_ssl(Fields& fields, Target& target) {
  const Value* ssl = fields.any("ssl");
  if (!ssl) return;
  if (ssl->kind() == Value::Kind::kBool) {
    target.ssl = ssl->text() == "true" ? SslMode::kRequire : SslMode::kDisable;
    return;
  }
  const auto word = fields.text("ssl");
  if (!word) return;
  const auto mode = parse_ssl_mode(*word);
  if (!mode) return fields.mistake("ssl", words_of(mode.error()));
  target.ssl = *mode;
}

void read_name(Fields& fields, std::string_view field, std::string& into) {
  const auto text = fields.text(field);
  if (!text) return;
  if (text->empty()) return fields.mistake(field, "is empty");
  into = *text;
}

void read_parts(Fields& fields, Target& target) {
  for (const std::string_view required : {"host", "database", "user"}) {
    const bool listed = required == "host" && fields.any("hosts");
    if (!fields.any(required) && !listed) fields.mistake(required, "is missing");
  }
  read_host(fields, target);
  read_name(fields, "database", target.database);
  read_name(fields, "user", target.user);
  if (const auto port = fields.whole("port", {1, 65'535})) {
    target.port = static_cast<std::uint16_t>(*port);
  }
  read_hosts(fields, target);
  if (const auto password = fields.text("password")) {
    target.password = Secret(std::string(*password));
  }
  read_ssl(fields, target);
}

void read_url(Fields& fields, Target& target) {
  for (const std::string_view part : kParts) {
    if (fields.any(part)) fields.mistake(part, "give either url or the parts, not both");
  }
  const auto url = fields.text("url");
  if (!url) return;
  auto parsed = Target::parse(*url);
  if (!parsed) return fields.mistake("url", words_of(parsed.error()));
  if (!parsed->ssl_root_cert.empty()) {
    return fields.mistake("url",
                          "the parameter sslrootcert names a file on the gateway's machine; it can "
                          "only be set in the gateway's configuration");
  }
  target = *std::move(parsed);
}

bool names_ssl(Fields& fields) {
  const Value* url = fields.any("url");
  if (!url) return fields.any("ssl") != nullptr;
  return url->kind() == Value::Kind::kString && url->text().find("sslmode=") != url->text().npos;
}

void start_from(ConnectRequest base, bool names_ssl, ConnectRequest& request) {
  request.options = std::move(base.options);
  request.target.ssl_root_cert = std::move(base.target.ssl_root_cert);
  if (!names_ssl) request.target.ssl = base.target.ssl;
}

void read_old_names(Fields& fields, DatabaseOptions& options) {
  for (const OldName& old : kOldNames) {
    if (!fields.any(old.as.name)) continue;
    const std::size_t dot = old.setting.find('.');
    const Value* section = fields.any(old.setting.substr(0, dot));
    const Value* again = section ? section->find(old.setting.substr(dot + 1)) : nullptr;
    if (again && !again->is_null()) {
      fields.mistake(old.as.name, "is given twice, as " + std::string(old.setting) + " too");
      continue;
    }
    read_setting(fields, *base::find_setting(old.setting), old.as, options);
  }
}

std::vector<std::string_view> known_fields() {
  std::vector<std::string_view> known{"url", "db_id"};
  known.insert(known.end(), kParts.begin(), kParts.end());
  known.insert(known.end(), kOptionFields.begin(), kOptionFields.end());
  for (const OldName& old : kOldNames) known.push_back(old.as.name);
  return known;
}

}  // namespace

Result<ConnectRequest> decode_connect(std::string_view body, const ConnectBase& base) {
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  ConnectRequest request;
  if (fields.any("url")) {
    read_url(fields, request.target);
  } else {
    read_parts(fields, request.target);
  }
  if (const auto db_id = fields.text("db_id")) {
    request.db_id = *db_id;
    if (const Status good = check_db_id(*db_id); !good) {
      fields.mistake("db_id", words_of(good.error()));
    }
  }
  start_from(base(request), names_ssl(fields), request);
  read_options(fields, request.options);
  read_old_names(fields, request.options);
  fields.refuse_unknown(known_fields(), kHints);
  if (mistakes.empty()) check_options(request.options, mistakes);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return request;
}

Result<DatabaseOptions> decode_patch(std::string_view body, const DatabaseOptions& current) {
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  DatabaseOptions options = current;
  read_options(fields, options);
  std::vector<std::string_view> known{"url", "db_id"};
  known.insert(known.end(), kParts.begin(), kParts.end());
  for (const std::string_view fixed : known) {
    if (fields.any(fixed)) fields.mistake(fixed, kNotPatched);
  }
  known.insert(known.end(), kOptionFields.begin(), kOptionFields.end());
  fields.refuse_unknown(known);
  if (mistakes.empty()) check_options(options, mistakes);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return options;
}

}  // namespace sluice::json
