#pragma once

#include <string_view>

#include "json/text_buffer.h"

namespace sluice::json {

/// Writes a value that is not NULL as PostgreSQL's COPY … CSV does: in quotes where it would be
/// taken for something else. `alone`: it is the only one of its line.
void put_csv_value(TextBuffer& out, std::string_view text, bool alone);
/// Likewise a column's name, in the first line.
void put_csv_name(TextBuffer& out, std::string_view name);

}  // namespace sluice::json
