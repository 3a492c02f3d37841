#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

/// The fuzz targets. Each takes any bytes whatever, and ends the process when a promise is broken.
namespace sluice::fuzz {

/// HTTP framing: heads, bodies, chunks.
void http(std::string_view input);
/// The JSON bodies of requests: queries, fan-outs, connects, patches, breaker overrides.
void request(std::string_view input);
/// Arrays in PostgreSQL's text form, read and written.
void array(std::string_view input);
/// The configuration: a YAML file, and lines of environment after a line of "---env---".
void config(std::string_view input);
/// What a server says, or somebody between: a statement, and the bytes that answer it.
void replies(std::string_view input);
/// SQL: tokens, and what is told of a statement.
void sql(std::string_view input);

inline void require(bool kept, const char* promise, std::string_view seen = {}) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n%s\n", promise, std::string(seen).c_str());
  std::abort();
}

}  // namespace sluice::fuzz
