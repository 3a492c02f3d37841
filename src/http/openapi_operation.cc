#include "http/openapi_operation.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {
namespace {

using json::Value;
using json::Writer;
using Pistache::Http::Method;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProblem = "application/problem+json";

/// What a body of JSON is under the name of a text.
constexpr std::string_view kJsonAsText =
    R"({"schema":{"type":"string","contentMediaType":"application/json"}})";

std::string_view role_of(Access access) {
  switch (access) {
    case Access::kPublic:
      return "";
    case Access::kQuery:
      return "query";
    case Access::kOperator:
      return "operator";
    case Access::kAdmin:
      return "admin";
  }
  return "admin";
}

bool has_body(Method method) { return method == Method::Post || method == Method::Patch; }

std::string reference(std::string_view kind, std::string_view name) {
  return std::string(R"({"$ref":"#/components/)").append(kind).append("/").append(name) + R"("})";
}

/// The value that an example gives to a parameter; null when it leaves it out.
const Value* given_to(const Value& example, std::string_view where, std::string_view name) {
  const Value* values = example.find(where);
  return values ? values->find(name) : nullptr;
}

/// The examples of an operation that have a value for this place, as `value_of` says.
template <typename ValueOf>
void write_examples(Writer& writer, const Value& written, ValueOf value_of) {
  const Value* examples = written.find("examples");
  bool any = false;
  if (!examples) return;
  for (const Value& example : *examples) {
    const Value* value = value_of(example);
    if (!value) continue;
    if (!std::exchange(any, true)) writer.begin_object("examples");
    writer.begin_object(example.key());
    copy_field(writer, "summary", example.find("summary"));
    copy_field(writer, "value", value);
    writer.end_object();
  }
  if (any) writer.end_object();
}

/// The names between braces.
std::vector<std::string> path_parameters(std::string_view path) {
  std::vector<std::string> names;
  for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{', open)) {
    const auto close = path.find('}', open);
    names.emplace_back(path.substr(open + 1, close - open - 1));
    open = close;
  }
  return names;
}

std::string_view schema_of_path_parameter(std::string_view name) {
  if (name == "db_id") return "DbId";
  return name == "session_id" ? "SessionId" : "QueryId";
}

void write_path_parameter(Writer& writer, const Value& written, const std::string& name) {
  writer.begin_object().field("name", name).field("in", "path").field("required", true);
  writer.raw_field("schema", reference("schemas", schema_of_path_parameter(name)));
  write_examples(writer, written,
                 [&](const Value& example) { return given_to(example, "path", name); });
  writer.end_object();
}

/// Of the query string, or a header: `in` says which.
void write_parameter(Writer& writer, const Value& written, const Value& parameter,
                     std::string_view in) {
  writer.begin_object().field("name", parameter.key()).field("in", in);
  copy_field(writer, "description", parameter.find("description"));
  copy_field(writer, "schema", parameter.find("schema"));
  write_examples(writer, written,
                 [&](const Value& example) { return given_to(example, in, parameter.key()); });
  writer.end_object();
}

void write_parameters(Writer& writer, const Api::Route& route, const Value& written) {
  writer.begin_array("parameters");
  for (const std::string& name : path_parameters(openapi_path(route.pattern))) {
    write_path_parameter(writer, written, name);
  }
  if (const Value* parameters = written.find("parameters")) {
    for (const Value& each : *parameters) write_parameter(writer, written, each, "query");
  }
  if (const Value* headers = written.find("headers")) {
    for (const Value& each : *headers) write_parameter(writer, written, each, "header");
  }
  writer.end_array();
}

void write_request_body(Writer& writer, const Value& written) {
  const Value* schema = written.find("body");
  if (!schema) return;
  writer.begin_object("requestBody").field("required", !written.find("body_may_be_missing"));
  writer.begin_object("content").begin_object(kJson);
  writer.raw_field("schema", reference("schemas", schema->text()));
  write_examples(writer, written, [](const Value& example) { return example.find("body"); });
  writer.end_object();
  if (const Value* types = written.find("body_text")) {
    for (const Value& type : *types) writer.raw_field(type.text(), kJsonAsText);
  }
  writer.end_object().end_object();
}

/// The answer that an example shows, if it has this status and this type of content.
const Value* answer_of(const Value& example, std::string_view status, std::string_view type) {
  if (example.find("status")->text() != status) return nullptr;
  const Value* own = example.find("type");
  const bool fits = own ? own->text() == type : type == kJson || type == kProblem;
  return fits ? example.find("answer") : nullptr;
}

void write_answer_examples(Writer& writer, const Value& written, std::string_view status,
                           std::string_view type) {
  write_examples(writer, written,
                 [&](const Value& example) { return answer_of(example, status, type); });
}

/// Those of every answer, and some more.
void write_headers(Writer& writer, const Value* more) {
  writer.begin_object("headers");
  for (const std::string_view name : {"X-Request-Id", "Server-Timing"}) {
    writer.raw_field(name, reference("headers", name));
  }
  if (more) {
    for (const Value& name : *more) {
      writer.raw_field(name.text(), reference("headers", name.text()));
    }
  }
  writer.end_object();
}

void write_answer(Writer& writer, const Value& written, const Value& answer) {
  writer.begin_object(answer.key());
  copy_field(writer, "description", answer.find("description"));
  write_headers(writer, answer.find("headers"));
  writer.begin_object("content");
  if (const Value* schema = answer.find("schema")) {
    writer.begin_object(kJson).raw_field("schema", reference("schemas", schema->text()));
    write_answer_examples(writer, written, answer.key(), kJson);
    writer.end_object();
  }
  if (const Value* types = answer.find("text")) {
    for (const Value& type : *types) {
      writer.begin_object(type.text()).raw_field("schema", R"({"type":"string"})");
      write_answer_examples(writer, written, answer.key(), type.text());
      writer.end_object();
    }
  }
  writer.end_object().end_object();
}

/// What any route of this kind may answer, and what is written of this one.
std::set<int> problems_of(const Api::Route& route, const Value& written) {
  std::set<int> problems{400, 421, 500, 503};
  if (route.access != Access::kPublic) problems.insert(401);
  const bool changes = route.method != Method::Get;
  if (changes || route.access >= Access::kOperator) problems.insert(403);
  if (has_body(route.method)) problems.insert({413, 415, 422});
  if (written.find("parameters") || !takes_any(route.parameters)) problems.insert(422);
  if (route.pattern.find("/:") != std::string::npos) problems.insert(404);
  if (const Value* more = written.find("problems")) {
    for (const Value& status : *more) problems.insert(std::stoi(std::string(status.text())));
  }
  if (const Value* never = written.find("never")) {
    for (const Value& status : *never) problems.erase(std::stoi(std::string(status.text())));
  }
  return problems;
}

bool has_example(const Value& written, std::string_view status) {
  const Value* examples = written.find("examples");
  if (!examples) return false;
  for (const Value& example : *examples) {
    if (answer_of(example, status, kProblem)) return true;
  }
  return false;
}

void write_problem(Writer& writer, const Value& written, const std::string& status) {
  if (!has_example(written, status)) {
    writer.raw_field(status, reference("responses", status));
    return;
  }
  writer.begin_object(status).field("description", "A problem; `code` says which");
  write_headers(writer, nullptr);
  writer.begin_object("content").begin_object(kProblem);
  writer.raw_field("schema", reference("schemas", "Problem"));
  write_answer_examples(writer, written, status, kProblem);
  writer.end_object().end_object().end_object();
}

void write_responses(Writer& writer, const Api::Route& route, const Value& written) {
  writer.begin_object("responses");
  const Value& answers = *written.find("answers");
  for (const Value& answer : answers) write_answer(writer, written, answer);
  for (const int problem : problems_of(route, written)) {
    const std::string status = std::to_string(problem);
    if (!answers.find(status)) write_problem(writer, written, status);
  }
  writer.end_object();
}

void write_security(Writer& writer, Access access) {
  writer.begin_array("security");
  if (access != Access::kPublic) {
    writer.begin_object().begin_array("key").element(role_of(access)).end_array().end_object();
  }
  writer.end_array();
}

std::string description_of(const Api::Route& route, const Value& written) {
  std::string text;
  if (const Value* description = written.find("description")) text = description->text();
  if (!text.empty()) text += "\n\n";
  if (route.access == Access::kPublic) return text + "Needs no key.";
  return text.append("Needs a key of the role **").append(role_of(route.access)) +
         "** or above it, if keys are configured.";
}

}  // namespace

std::string openapi_path(const std::string& pattern) {
  std::string path;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != ':') {
      path += pattern[at];
      continue;
    }
    const auto end = std::min(pattern.find('/', at), pattern.size());
    path.append("{").append(pattern, at + 1, end - at - 1).append("}");
    at = end - 1;
  }
  return path;
}

std::string operation_key(const Api::Route& route) {
  return std::string(methodString(route.method)) + " " + openapi_path(route.pattern);
}

void copy_field(Writer& writer, std::string_view name, const Value* value) {
  if (!value) return;
  if (value->kind() == Value::Kind::kString) {
    writer.field(name, value->text());
  } else {
    writer.raw_field(name, value->text());
  }
}

void write_operation(Writer& writer, const Api::Route& route, const Value& written) {
  copy_field(writer, "operationId", written.find("id"));
  writer.begin_array("tags").element(written.find("tag")->text()).end_array();
  copy_field(writer, "summary", written.find("summary"));
  writer.field("description", description_of(route, written));
  write_security(writer, route.access);
  write_parameters(writer, route, written);
  write_request_body(writer, written);
  write_responses(writer, route, written);
}

}  // namespace sluice::http
