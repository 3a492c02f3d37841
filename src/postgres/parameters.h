#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "postgres/types.h"
#include "sluice/query.h"
#include "sluice/result.h"

namespace sluice::postgres {

/// The values of one statement's parameters in PostgreSQL's text form, ready for libpq. Reused for
/// the next statement, so that a steady flow allocates nothing.
class ParameterValues {
 public:
  /// Writes `params` for the types that the server expects. Fails with kInvalidRequest, naming the
  /// parameter (never its value), when their number is wrong or one cannot have its type.
  [[nodiscard]] Status encode(const std::vector<Param>& params, const std::vector<TypeOid>& types,
                              const TypeCatalog& catalog);
  void clear();
  void add(std::string_view text);
  void add_null();

  [[nodiscard]] int count() const { return static_cast<int>(offsets_.size()); }
  /// For libpq: null for NULL. Valid until the next change.
  [[nodiscard]] const char* const* pointers() const;

 private:
  static constexpr std::size_t kNull = static_cast<std::size_t>(-1);

  /// Returns what is wrong with it, if it cannot have the type.
  [[nodiscard]] std::optional<std::string> add(const Param& param, const TypeInfo& type);

  std::string text_;  // every value, each with a NUL after it
  std::vector<std::size_t> offsets_;
  mutable std::vector<const char*> pointers_;
};

/// Checks that parameters hold neither NUL nor malformed UTF-8, which PostgreSQL cannot take.
[[nodiscard]] Status check_texts(const std::vector<Param>& params);
/// Likewise, for the statement.
[[nodiscard]] Status check_sql(std::string_view sql);

/// "$3", for messages and FieldError.
[[nodiscard]] std::string parameter_name(std::size_t index);

}  // namespace sluice::postgres
