#pragma once

#include <string>
#include <string_view>

namespace sluice::json {

/// Receives an array's parts in order.
class ArrayVisitor {
 public:
  virtual ~ArrayVisitor() = default;
  /// A dimension begins or ends. `first`: it is the first element of what it lies in.
  virtual void begin_array(bool first) = 0;
  virtual void end_array() = 0;
  /// An element, unescaped; valid during the call.
  virtual void element(std::string_view text, bool first) = 0;
  virtual void null_element(bool first) = 0;
};

/// Reads the text form of a PostgreSQL array: {1,NULL,"a \"b\""}, {{1},{2}}, [0:1]={1,2}. False
/// when the text is none; the visitor may have seen a part of it then. Source: PostgreSQL
/// documentation, "Array Input and Output Syntax".
[[nodiscard]] bool read_array(std::string_view text, char delimiter, ArrayVisitor& visitor);

}  // namespace sluice::json
