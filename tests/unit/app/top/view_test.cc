#include "app/top/view.h"

#include <gtest/gtest.h>

#include "app/terminal/text.h"

namespace sluice::app::top {
namespace {

using terminal::Key;
using terminal::Special;

std::string pool(const std::string& db_id, const std::string& state, int rate, int waiting = 0) {
  return R"({"db_id":")" + db_id +
         R"(","state":"active","used_connections":1,"max_size":10,"waiting":)" +
         std::to_string(waiting) + R"(,"queries_per_second":)" + std::to_string(rate) +
         R"(,"error_rate":0,"query_ms":{"p50":1,"p99":2},"errors_by_sqlstate":{},"breaker":{"state":")" +
         state + R"(","in_state_for_ms":1000}})";
}

class Top : public testing::Test {
 protected:
  Top() {
    snapshot_.metrics = std::make_unique<client::Answer>(*client::Answer::parse(
        R"({"pools":[)" + pool("busy", "closed", 500) + "," + pool("calm", "closed", 1) + "," +
        pool("sick", "open", 0) + R"(],"count":3})"));
    snapshot_.queries = std::make_unique<client::Answer>(*client::Answer::parse(
        R"({"queries":[{"id":"q1","db_id":"busy","phase":"running","elapsed_ms":1500,"actor":"ann",)"
        R"("sql":"SELECT\n 1"},{"id":"q2","db_id":"calm","phase":"queued","elapsed_ms":20,)"
        R"("actor":"bob","sql":"SELECT 2"}]})"));
  }

  std::string screen(terminal::Size size = {100, 24}) {
    std::string text;
    for (const std::string& line : draw(view_, snapshot_, size, false)) text += line + "\n";
    return text;
  }
  Wish press(Key key) { return top::press(view_, key, snapshot_); }
  std::size_t place(const std::string& words) { return screen().find("\n" + words); }

  View view_;
  Snapshot snapshot_;
};

TEST_F(Top, ShowsDatabasesThatNeedAttentionFirst) {
  const std::string text = screen();
  EXPECT_TRUE(
      text.starts_with("sluice  3 databases, 1 needs attention  501/s  0 waiting  every 2s"));
  EXPECT_LT(place("sick"), place("busy"));
  EXPECT_LT(place("busy"), place("calm"));
  EXPECT_NE(text.find(">  busy      running  1.5s  ann  SELECT  1"), std::string::npos) << text;
}

TEST_F(Top, ShowsWhatTheHostsAreWhereThereAreSeveral) {
  EXPECT_EQ(screen().find("HOSTS"), std::string::npos);
  snapshot_.metrics = std::make_unique<client::Answer>(*client::Answer::parse(
      R"({"pools":[{"db_id":"a","hosts":[{"role":"primary","up":true},{"role":"replica","up":true}]}]})"));
  EXPECT_NE(screen().find("HOSTS"), std::string::npos);
  EXPECT_NE(screen().find("1 primary 1 replica"), std::string::npos) << screen();
}

TEST_F(Top, KeysOrder) {
  press('r');
  EXPECT_LT(place("busy"), place("calm"));
  EXPECT_LT(place("calm"), place("sick"));
  press('n');
  EXPECT_LT(place("calm"), place("sick"));
  EXPECT_LT(place("busy"), place("calm"));
}

TEST_F(Top, AFilterIsTypedCorrectedAndLeft) {
  for (const Key key : std::initializer_list<Key>{'/', 's', 'x', 127, 'i'}) press(key);
  EXPECT_EQ(view_.filter, "si");
  EXPECT_NE(screen().find("/si_"), std::string::npos);
  press('\r');
  EXPECT_EQ(place("busy"), std::string::npos);
  EXPECT_NE(place("sick"), std::string::npos);
  press(Key(Special::kEscape));
  EXPECT_NE(place("busy"), std::string::npos);
}

TEST_F(Top, TheIntervalStaysWithinBounds) {
  for (int i = 0; i < 20; ++i) press('-');
  EXPECT_EQ(view_.interval.count(), 500);
  for (int i = 0; i < 20; ++i) press('+');
  EXPECT_EQ(view_.interval.count(), 5000);
}

TEST_F(Top, SpacePausesAndLooksAtOnceAfterwards) {
  EXPECT_EQ(press(' ').kind, Wish::Kind::kNothing);
  EXPECT_NE(screen().find("PAUSED"), std::string::npos);
  EXPECT_EQ(press(' ').kind, Wish::Kind::kLookNow);
}

TEST_F(Top, ACancelIsForTheSelectedQueryAndConfirmed) {
  press(Key(Special::kDown));
  press(Key(Special::kDown));  // there are only two
  press('C');
  EXPECT_TRUE(view_.paused);
  EXPECT_NE(screen().find("Cancel the selected query?"), std::string::npos);
  const Wish wish = press('y');
  EXPECT_EQ(wish.kind, Wish::Kind::kCancel);
  EXPECT_EQ(wish.query_id, "q2");
}

TEST_F(Top, ACancelThatIsNotConfirmedCancelsNothing) {
  press('C');
  EXPECT_EQ(press('n').kind, Wish::Kind::kNothing);
  EXPECT_NE(screen().find("nothing was cancelled"), std::string::npos);
  snapshot_.queries.reset();
  press('C');
  EXPECT_NE(screen().find("no query is selected"), std::string::npos);
}

TEST_F(Top, EndsWithQAndWithCtrlC) {
  EXPECT_EQ(press('q').kind, Wish::Kind::kQuit);
  press('/');
  EXPECT_EQ(press('q').kind, Wish::Kind::kNothing);  // a letter of the filter
  EXPECT_EQ(press(3).kind, Wish::Kind::kQuit);
}

TEST_F(Top, OldFiguresStayAndAreCalledOld) {
  snapshot_.problem = "cannot connect\x1b[2J";
  snapshot_.age = std::chrono::seconds(7);
  const std::string text = screen();
  EXPECT_NE(text.find("cannot connect\\x1b[2J (figures are 7s old)"), std::string::npos) << text;
  EXPECT_NE(place("busy"), std::string::npos);
}

TEST_F(Top, FitsEveryScreen) {
  for (const terminal::Size size : {terminal::Size{20, 5}, {80, 24}, {200, 60}, {1, 1}}) {
    for (const bool colour : {false, true}) {
      const auto lines = draw(view_, snapshot_, size, colour);
      EXPECT_LE(lines.size(), static_cast<std::size_t>(std::max(4, size.rows)));
      for (std::string line : lines) {
        for (auto at = line.find('\x1b'); at != std::string::npos; at = line.find('\x1b')) {
          line.erase(at, line.find('m', at) + 1 - at);
        }
        EXPECT_LE(terminal::width(line), size.columns) << line;
      }
    }
  }
}

TEST(Keys, AreReadFromTheBytesOfATerminal) {
  EXPECT_EQ(terminal::key_of("q"), 'q');
  EXPECT_EQ(terminal::key_of("\x1b[A"), Key(Special::kUp));
  EXPECT_EQ(terminal::key_of("\x1bOB"), Key(Special::kDown));
  EXPECT_EQ(terminal::key_of("\x1b"), Key(Special::kEscape));
  EXPECT_FALSE(terminal::key_of("\x1b[3~"));  // Delete clears no filter
  EXPECT_FALSE(terminal::key_of(""));
}

TEST(Keys, AreReadWholeSoThatNoPartOfOneIsAnother) {
  const std::string ctrl_right = "\x1b[1;5C";  // its end is not the C that cancels
  for (std::size_t length = 1; length < ctrl_right.size(); ++length) {
    EXPECT_TRUE(terminal::goes_on(ctrl_right.substr(0, length))) << length;
  }
  for (const char* whole : {"q", "\x1b[1;5C", "\x1b[A", "\x1bOA", "\x1bq", "\x1b[3~", ""}) {
    EXPECT_FALSE(terminal::goes_on(whole)) << whole;
  }
  EXPECT_FALSE(terminal::goes_on("\x1b[" + std::string(100, '1')));
}

}  // namespace
}  // namespace sluice::app::top
