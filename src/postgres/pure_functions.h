#pragma once

#include <string_view>

namespace sluice::postgres {

/// Whether a function of this name (lower case) is one of PostgreSQL's own that leaves no trace in
/// the session and writes nothing.
[[nodiscard]] bool is_pure_function(std::string_view name);

/// Whether `name (` cannot be a function call, because the word is a keyword or a type.
[[nodiscard]] bool is_syntax_before_parenthesis(std::string_view name);

}  // namespace sluice::postgres
