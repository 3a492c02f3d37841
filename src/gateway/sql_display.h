#pragma once

#include <string>
#include <string_view>

namespace sluice::gateway {

/// A statement as it may be shown to people: every string and number in it is a question mark, as
/// it may be a secret; comments are gone, and blanks are one space. Statements that differ in
/// nothing else look the same. At most 2,000 bytes.
[[nodiscard]] std::string displayed_sql(std::string_view sql);

}  // namespace sluice::gateway
