#include "gateway/holders.h"

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "base/utf8.h"
#include "gateway/sql_display.h"

namespace sluice::gateway {
namespace {

constexpr std::size_t kLongestStatement = 160;

std::string shown(const std::string& sql) {
  std::string text = displayed_sql(sql);
  const auto beginning = base::utf8_prefix(text, kLongestStatement);
  return beginning.size() == text.size() ? text : std::string(beginning) + "…";
}

std::string in_words(const Holder& holder) {
  const double seconds = std::chrono::duration<double>(holder.age).count();
  if (holder.statement.empty()) return fmt::format("another client, for {:.1f} s", seconds);
  std::string text = fmt::format("'{}', for {:.1f} s", holder.statement, seconds);
  if (holder.client.empty()) return text;
  text += " (" + holder.client;
  if (!holder.request_id.empty()) text += ", request " + holder.request_id;
  return text + ")";
}

}  // namespace

void show_holders(Error& error) {
  std::string separator = "; the longest held by ";
  for (Holder& holder : error.holders) {
    holder.statement = shown(holder.statement);
    error.message += separator + in_words(holder);
    separator = "; ";
  }
}

}  // namespace sluice::gateway
