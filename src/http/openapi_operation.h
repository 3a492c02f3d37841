#pragma once

#include <string>

#include "http/api.h"
#include "json/document.h"
#include "json/writer.h"

namespace sluice::http {

/// "/query/:db_id" as OpenAPI writes it: "/query/{db_id}".
[[nodiscard]] std::string openapi_path(const std::string& pattern);
/// Which documentation is this route's: "POST /query/{db_id}".
[[nodiscard]] std::string operation_key(const Api::Route& route);
/// A member of a JSON text under another name, or none.
void copy_field(json::Writer& writer, std::string_view name, const json::Value* value);
/// The route as an OpenAPI operation. `written`: what src/http/openapi has of it.
void write_operation(json::Writer& writer, const Api::Route& route, const json::Value& written);

}  // namespace sluice::http
