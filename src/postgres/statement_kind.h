#pragma once

#include <string_view>

namespace sluice::postgres {

/// What can be told of a statement from its text. Worked out once per prepared statement.
struct StatementTraits {
  /// Not null: it may not be sent for a caller; why not, and what to do instead.
  const char* refusal = nullptr;
  bool needs_session = false;     ///< refused only because its caller does not keep the connection
  bool empty = false;             ///< there is no statement in the text
  bool clean = false;             ///< leaves the session as it was
  bool reads = false;             ///< clean, and writes nothing: losing or repeating it is harmless
  bool refuses_block = false;     ///< cannot run in a transaction block, not even an implicit one
  bool may_commit = false;        ///< CALL and DO: may end the transaction that they run in
  bool commits_in_parts = false;  ///< likewise, unless its text shows that it does not
  bool stales_statements = false;  ///< may drop prepared statements
  bool gives_no_rows = false;      ///< a command of which that is known
};

/// Classifies by keywords and by the functions that are called; what is not known to be clean is
/// dirty. A trigger, view or operator that changes the session escapes (ResetPolicy::kAlways).
[[nodiscard]] StatementTraits classify(std::string_view sql);

}  // namespace sluice::postgres
