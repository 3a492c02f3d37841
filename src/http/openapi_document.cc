#include "http/openapi_document.h"

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

#include "http/openapi_files.h"
#include "http/openapi_operation.h"
#include "http/openapi_settings.h"
#include "json/document.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using json::Document;
using json::Value;
using json::Writer;

/// They are our own: a test reads each of them.
Document parsed(std::string_view name) {
  const EmbeddedFile* file = openapi_file(name);
  auto document = Document::parse(file ? file->content : "");
  if (!document) throw std::logic_error(std::string(name) + ".json: " + document.error().message);
  return std::move(*document);
}

/// Everything that was written, read once.
class Written {
 public:
  Written() : common_(parsed(kOpenApiCommon)) {
    for (const std::string_view name : kOpenApiFiles) files_.push_back(parsed(name));
    for (const Document& file : files_) {
      for (const Value& operation : *file.root().find("operations")) {
        operations_[std::string(operation.key())] = &operation;
      }
    }
  }

  [[nodiscard]] const Value& common() const { return common_.root(); }
  [[nodiscard]] const std::vector<Document>& files() const { return files_; }
  [[nodiscard]] const Value* of(const Api::Route& route) const {
    const auto found = operations_.find(operation_key(route));
    return found == operations_.end() ? nullptr : found->second;
  }

 private:
  Document common_;
  std::vector<Document> files_;
  std::map<std::string, const Value*> operations_;
};

std::string method_name(const Api::Route& route) {
  std::string name = methodString(route.method);
  std::ranges::transform(name, name.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return name;
}

/// Files that only our own pages fetch are no part of the API.
bool is_part_of_the_api(const Value* written) { return written && !written->find("of_a_page"); }

void write_paths(Writer& writer, const std::vector<Api::Route>& routes, const Written& written) {
  std::map<std::string, std::vector<const Api::Route*>> paths;
  for (const Api::Route& route : routes) {
    if (is_part_of_the_api(written.of(route))) paths[openapi_path(route.pattern)].push_back(&route);
  }
  writer.begin_object("paths");
  for (const auto& [path, of_path] : paths) {
    writer.begin_object(path);
    for (const Api::Route* route : of_path) {
      writer.begin_object(method_name(*route));
      write_operation(writer, *route, *written.of(*route));
      writer.end_object();
    }
    writer.end_object();
  }
  writer.end_object();
}

void write_members(Writer& writer, const Value* object) {
  if (!object) return;
  for (const Value& member : *object) copy_field(writer, member.key(), &member);
}

void write_components(Writer& writer, const Written& written) {
  const Value& components = *written.common().find("components");
  writer.begin_object("components");
  for (const Value& kind : components) {
    if (kind.key() != "schemas") copy_field(writer, kind.key(), &kind);
  }
  writer.begin_object("schemas");
  write_members(writer, components.find("schemas"));
  for (const Document& file : written.files()) write_members(writer, file.root().find("schemas"));
  write_settings_schemas(writer);
  writer.end_object().end_object();
}

void write_info(Writer& writer, const Value& info, std::string_view version) {
  writer.begin_object("info").field("version", version);
  write_members(writer, &info);
  writer.end_object();
}

/// Whether the parameters of the query string that are described are those that it takes.
bool has_its_parameters(const Value& written, const Api::Route& route) {
  if (takes_any(route.parameters)) return true;
  std::vector<std::string> described;
  if (const Value* parameters = written.find("parameters")) {
    for (const Value& each : *parameters) described.emplace_back(each.key());
  }
  return std::ranges::is_permutation(described, route.parameters);
}

}  // namespace

std::string openapi_document(const std::vector<Api::Route>& routes, std::string_view version) {
  const Written written;
  Writer writer;
  writer.begin_object().field("openapi", "3.1.0");
  write_info(writer, *written.common().find("info"), version);
  writer.raw_field("servers", R"([{"url":"/"}])");
  copy_field(writer, "tags", written.common().find("tags"));
  write_paths(writer, routes, written);
  write_components(writer, written);
  writer.end_object();
  return writer.take();
}

std::vector<std::string> undocumented(const std::vector<Api::Route>& routes) {
  const Written written;
  std::vector<std::string> keys;
  for (const Api::Route& route : routes) {
    const Value* of_route = written.of(route);
    if (!of_route) keys.push_back(operation_key(route));
    if (of_route && !has_its_parameters(*of_route, route)) {
      keys.push_back(operation_key(route) + "?");
    }
  }
  return keys;
}

}  // namespace sluice::http
