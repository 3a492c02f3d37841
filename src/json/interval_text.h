#pragma once

#include <string>
#include <string_view>

namespace sluice::json {

/// Our sessions write intervals as ISO 8601 has them (IntervalStyle iso_8601: "P1DT2H"). These give
/// them in PostgreSQL's default style ("1 day 02:00:00"), which drivers know. Text that is no such
/// interval comes back as it is.
[[nodiscard]] std::string interval_in_words(std::string_view iso);
/// Likewise for an array of intervals, as a literal.
[[nodiscard]] std::string interval_array_in_words(std::string_view literal);

}  // namespace sluice::json
