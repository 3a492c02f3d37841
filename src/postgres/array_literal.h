#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/query.h"

namespace sluice::postgres {

/// How the elements of an array are written.
struct ElementFormat {
  char delimiter = ',';
  bool json = false;    ///< json and jsonb: an element that is an array is a document, no dimension
  bool string = false;  ///< text, varchar and their like: an object becomes its JSON
  std::uint8_t nested_arrays = 0;  ///< as in Column: an element that is an array is one of its own
};

/// Appends PostgreSQL's array literal ("{1,NULL,\"a b\"}") of these elements. Returns what is wrong
/// with them ("its sub-arrays differ in length"), or null.
[[nodiscard]] const char* append_array_literal(const std::vector<Param>& elements,
                                               ElementFormat format, std::string& out);

}  // namespace sluice::postgres
