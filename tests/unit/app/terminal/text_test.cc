#include "app/terminal/text.h"

#include <gtest/gtest.h>

#include "app/terminal/table.h"

namespace sluice::app::terminal {
namespace {

TEST(Printable, LeavesTextAlone) {
  EXPECT_EQ(printable("plain, ünïcode, 日本, 🐘"), "plain, ünïcode, 日本, 🐘");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, EscapesWhatATerminalObeys) {
  EXPECT_EQ(printable("\x1b[2J\x07"), "\\x1b[2J\\x07");
  EXPECT_EQ(printable("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(printable("\x7f"), "\\x7f");
  EXPECT_EQ(printable("\u009b31m"), "\\x9b31m");  // the one-character form of ESC [
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "\\x00x");
}

TEST(Printable, EscapesWhatTurnsTheDirectionOfWriting) {
  EXPECT_EQ(printable("abc\u202egnp.exe"), "abc\\u202egnp.exe");
  EXPECT_EQ(printable("\u2066\u2069\u200f\ufeff"), "\\u2066\\u2069\\u200f\\ufeff");
}

TEST(Printable, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("caf\xe9!"), "caf\\xe9!");
  EXPECT_EQ(printable("\xc0\x80"), "\\xc0\\x80");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xf0\x9f\x90"), "\\xf0\\x9f\\x90");  // cut off
}

TEST(Width, CountsTheColumnsThatCharactersTake) {
  EXPECT_EQ(width("abc"), 3);
  EXPECT_EQ(width("ünï"), 3);
  EXPECT_EQ(width("日本"), 4);
  EXPECT_EQ(width("e\u0301"), 1);  // a combining accent
}

TEST(Shortened, CutsWholeCharactersAndSaysSo) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdef", 4), "abc…");
  EXPECT_EQ(shortened("日本語", 5), "日本…");
  EXPECT_EQ(shortened("日本語", 4), "日…");
  EXPECT_EQ(shortened("abc", 0), "");
}

TEST(Table, AlignsByWidthNotByBytes) {
  Table table({{"NAME"}, {"N", Align::kRight}});
  table.add({{"日本"}, {"7"}});
  table.add({{"ab"}, {"12"}});
  EXPECT_EQ(table.draw(Look::kPlain, false),
            "NAME   N\n"
            "日本   7\n"
            "ab    12\n");
}

TEST(Table, RuledLooksAsPsqlDrawsIt) {
  Table table({{"id", Align::kRight}, {"name"}});
  table.add({{"1"}, {"x"}});
  EXPECT_EQ(table.draw(Look::kRuled, false),
            " id | name\n"
            "----+------\n"
            "  1 | x\n");
}

TEST(Table, ColoursAreOutsideOfWhatIsMeasured) {
  Table table({{"A"}, {"B"}});
  table.add({{"x", Style::kBad}, {"y"}});
  table.add({{"long"}, {"z"}});
  const std::string drawn = table.draw(Look::kPlain, true);
  EXPECT_NE(drawn.find("\x1b[1;31mx   \x1b[0m  y"), std::string::npos) << drawn;
}

TEST(Table, CellsNeverReachTheTerminalRaw) {
  Table table({{"evil\x1b[2J"}});
  table.add({{"\x1b]0;title\x07"}});
  EXPECT_EQ(table.draw(Look::kPlain, false).find('\x1b'), std::string::npos);
}

TEST(Table, AVeryWideCellIsCut) {
  Table table({{"A"}});
  table.add({{std::string(2000, 'x')}});
  EXPECT_LT(table.draw(Look::kPlain, false).size(), 520u);
}

}  // namespace
}  // namespace sluice::app::terminal
