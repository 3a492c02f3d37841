// Request bodies. Whatever comes: it is understood or refused with an error that can be told, and
// the refusal never repeats a password.
#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "json/document.h"
#include "json/neon_error.h"
#include "json/neon_request.h"
#include "json/problem.h"
#include "json/requests.h"

namespace sluice::fuzz {
namespace {

/// Passwords and parameters in the corpus.
constexpr std::string_view kSecret = "hunter2hunter2";

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

/// Whether the secret stands where it must stay secret, and nowhere else.
bool holds_secret(std::string_view body) {
  if (count(body, kSecret) != 1) return false;
  const auto document = json::Document::parse(body);
  if (!document || document->root().kind() != json::Value::Kind::kObject) return false;
  const auto* password = document->root().find("password");
  if (password && password->text() == kSecret) return true;
  const auto* params = document->root().find("params");
  if (!params || params->kind() != json::Value::Kind::kArray) return false;
  for (const auto& param : *params) {
    if (param.text() == kSecret) return true;
  }
  return false;
}

void check_error(const Error& error, bool secret) {
  require(error.code == ErrorCode::kInvalidRequest, "a bad body is the caller's mistake",
          error.message);
  require(!error.message.empty(), "an error has words");
  const std::string problem = json::Problem::from(error).to_json("id");
  require(json::Document::parse(problem).has_value(), "a problem is JSON", problem);
  require(!secret || count(problem, kSecret) == 0, "no secret is told", problem);
  for (const FieldError& field : error.fields) {
    require(!field.message.empty(), "a mistake has words", field.field);
  }
}

void check_param(const Param& param) {
  require(base::is_utf8(param.text), "parameters are UTF-8");
  const bool written = param.kind == Param::Kind::kArray || param.kind == Param::Kind::kObject;
  if (written)
    require(json::Document::parse(param.text).has_value(), "JSON stays JSON", param.text);
  require(written || param.text.find('\0') == std::string::npos, "parameters have no NUL");
  for (const Param& element : param.elements) check_param(element);
}

void check_query(const Query& query) {
  require(base::is_utf8(query.sql), "SQL is UTF-8");
  require(query.sql.find('\0') == std::string::npos, "SQL has no NUL");
  for (const Param& param : query.params) check_param(param);
  if (query.timeout) require(query.timeout->count() > 0, "a timeout is positive");
  if (query.max_rows) require(*query.max_rows >= 0, "max_rows is not negative");
}

void check_neon(std::string_view input, bool secret) {
  const auto request = json::decode_neon(input, {});
  if (!request) {
    check_error(request.error(), secret);
    const auto told = json::neon_error(json::Problem::from(request.error()));
    require(told.status == 400, "a mistake is told as one");
    require(json::Document::parse(told.json).has_value(), "an error is JSON", told.json);
    require(!secret || count(told.json, kSecret) == 0, "no secret is told", told.json);
  } else if (const auto* single = std::get_if<json::QueryRequest>(&*request)) {
    check_query(single->query);
  } else {
    const auto& batch = std::get<json::TransactionRequest>(*request);
    require(batch.formats.size() == batch.statements.size(), "each statement has a format");
    for (const Query& query : batch.statements) check_query(query);
  }
}

json::ConnectRequest nothing(const json::ConnectRequest&) { return {}; }

}  // namespace

void request(std::string_view input) {
  const bool secret = holds_secret(input);
  if (const auto query = json::decode_query(input); !query) {
    check_error(query.error(), secret);
  } else {
    check_query(query->query);
  }
  if (const auto explain = json::decode_explain(input); !explain) {
    check_error(explain.error(), secret);
  }
  if (const auto fan_out = json::decode_fan_out(input); !fan_out) {
    check_error(fan_out.error(), secret);
  } else {
    check_query(fan_out->fan_out.query);
  }
  if (const auto connect = json::decode_connect(input, nothing); !connect) {
    check_error(connect.error(), secret);
  } else {
    require(!connect->target.database.empty(), "a connect names a database");
    require(!connect->target.user.empty(), "a connect names a user");
  }
  check_neon(input, secret);
  if (const auto patch = json::decode_patch(input, {}); !patch) check_error(patch.error(), secret);
  if (const auto forced = json::decode_breaker(input); !forced) check_error(forced.error(), secret);
}

}  // namespace sluice::fuzz
