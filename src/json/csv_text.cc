#include "json/csv_text.h"

#include <algorithm>

namespace sluice::json {
namespace {

/// COPY's mark for the end of its data.
constexpr std::string_view kEndOfCopy = "\\.";

bool is_special(char c) { return c == ',' || c == '"' || c == '\n' || c == '\r'; }

void put_quoted(TextBuffer& out, std::string_view text) {
  out.put('"');
  while (true) {
    const std::size_t quote = text.find('"');
    out.put(text.substr(0, quote));
    if (quote == std::string_view::npos) break;
    out.put("\"\"");
    text.remove_prefix(quote + 1);
  }
  out.put('"');
}

}  // namespace

void put_csv_value(TextBuffer& out, std::string_view text, bool alone) {
  const bool plain = !text.empty() && std::none_of(text.begin(), text.end(), is_special);
  if (plain && !(alone && text == kEndOfCopy)) return out.put(text);
  put_quoted(out, text);
}

void put_csv_name(TextBuffer& out, std::string_view name) {
  const bool plain = !name.empty() && std::none_of(name.begin(), name.end(), is_special);
  plain ? out.put(name) : put_quoted(out, name);
}

}  // namespace sluice::json
