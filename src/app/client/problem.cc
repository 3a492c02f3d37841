#include "app/client/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "app/terminal/text.h"

namespace sluice::app::client {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Characters from 1, as PostgreSQL counts them; 0: it names no place.
std::size_t position_of(const json::Value& problem) {
  const std::string_view text = text_at(problem, "position");
  std::size_t position = 0;
  std::from_chars(text.data(), text.data() + text.size(), position);
  return position;
}

/// Where the character with that number begins.
std::size_t byte_of(std::string_view text, std::size_t character) {
  std::size_t at = 0;
  for (std::size_t left = character - 1; left > 0 && at < text.size(); --left) {
    do {
      ++at;
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  }
  return at;
}

/// The line of the statement that PostgreSQL means, and a caret below the place.
std::string pointer_into(std::string_view sql, std::size_t position) {
  if (sql.empty() || position == 0) return {};
  const std::size_t place = byte_of(sql, position);
  const std::size_t before = place == 0 ? sql.npos : sql.rfind('\n', place - 1);
  const std::size_t begin = before == sql.npos ? 0 : before + 1;
  const std::string_view line = sql.substr(begin, sql.find('\n', begin) - begin);
  const auto number = 1 + std::count(sql.begin(), sql.begin() + static_cast<long>(begin), '\n');
  const std::string head = fmt::format("LINE {}: ", number);
  const int column = terminal::width(terminal::printable(line.substr(0, place - begin)));
  return fmt::format("\n{}{}\n{:>{}}", head, terminal::printable(line), '^',
                     static_cast<int>(head.size()) + column + 1);
}

std::string describe_sql_error(const json::Value& problem, std::string_view sql) {
  std::string text = fmt::format("ERROR {}: {}", text_at(problem, "sqlstate"),
                                 terminal::printable(text_at(problem, "detail")));
  text += pointer_into(sql, position_of(problem));
  for (const auto& [key, label] : {std::pair("detail_text", "DETAIL"), std::pair("hint", "HINT")}) {
    const std::string_view more = text_at(problem, key);
    if (!more.empty()) text += fmt::format("\n{}: {}", label, terminal::printable(more));
  }
  if (text_at(problem, "sqlstate") == "25006") text += "\nhint: --write lets a statement write";
  return text;
}

std::string mistakes_of(const json::Value& problem) {
  const json::Value* mistakes = problem.find("errors");
  if (mistakes == nullptr || mistakes->size() < 2) return {};
  std::string text;
  for (const json::Value& each : *mistakes) {
    text += "\n  " + terminal::printable(text_at(each, "field")) + ": " +
            terminal::printable(text_at(each, "message"));
  }
  return text;
}

std::string advice_for(std::string_view code, std::string_view db_id) {
  if (code == "unauthenticated") {
    return "\nhint: set SLUICE_API_KEY, or name a file with --key-file";
  }
  if (code == "breaker_open" && !db_id.empty()) {
    return "\nhint: sluice why " + terminal::printable(db_id);
  }
  return {};
}

}  // namespace

std::string_view text_at(const json::Value& value, std::string_view key) {
  if (value.kind() != json::Value::Kind::kObject) return {};
  const json::Value* member = value.find(key);
  return member == nullptr || member->is_null() ? std::string_view() : member->text();
}

ExitStatus status_of(const json::Value& problem) {
  constexpr std::array<std::string_view, 4> kStatement{"sql_error", "query_timeout",
                                                       "result_too_large", "cancelled"};
  constexpr std::array<std::string_view, 2> kKeys{"unauthenticated", "forbidden"};
  const std::string_view code = text_at(problem, "code");
  if (is_one_of(code, kStatement)) return ExitStatus::kSqlError;
  if (is_one_of(code, kKeys)) return ExitStatus::kUnauthorised;
  const bool refused =
      text_at(problem, "outcome") == "not_started" && text_at(problem, "retryable") == "true";
  return refused ? ExitStatus::kRefused : ExitStatus::kFailure;
}

Failure describe_problem(const json::Value& problem, std::string_view sql) {
  const std::string_view code = text_at(problem, "code");
  const ExitStatus status = status_of(problem);
  if (code == "sql_error") return {status, describe_sql_error(problem, sql)};
  std::string text = terminal::printable(text_at(problem, "detail"));
  if (text.empty()) text = terminal::printable(text_at(problem, "title"));
  if (!code.empty()) text += fmt::format(" ({})", terminal::printable(code));
  text += mistakes_of(problem) + advice_for(code, text_at(problem, "db_id"));
  return {status, text};
}

}  // namespace sluice::app::client
