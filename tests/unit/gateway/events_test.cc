#include "gateway/events.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using std::chrono::system_clock;

class EventsTest : public ::testing::Test {
 protected:
  void record(EventKind kind, const std::string& message, const std::string& db_id = "") {
    events.record({.kind = kind, .db_id = db_id, .message = message});
  }
  static std::string texts(const EventPage& page) {
    std::string all;
    for (const Event& event : page.events) all += event.message + " ";
    return all;
  }

  system_clock::time_point now{std::chrono::hours(1)};
  Events events{[this] { return now; }};
};

TEST_F(EventsTest, GivesTheLatestTheOldestFirst) {
  for (const char* message : {"a", "b", "c"}) record(EventKind::kServer, message);
  const auto page = events.read({.limit = 2});
  EXPECT_EQ(texts(page), "b c ");
  EXPECT_EQ(page.next_seq, 4u);
  EXPECT_EQ(page.events[0].seq, 2u);
  EXPECT_EQ(page.events[0].time, now);
}

TEST_F(EventsTest, PagesForwardWithoutALossOrARepeat) {
  for (int i = 0; i < 5; ++i) record(EventKind::kServer, std::to_string(i));
  auto page = events.read({.since = 2, .limit = 3});
  EXPECT_EQ(texts(page), "1 2 3 ");
  page = events.read({.since = page.next_seq, .limit = 3});
  EXPECT_EQ(texts(page), "4 ");
  page = events.read({.since = page.next_seq, .limit = 3});
  EXPECT_EQ(texts(page), "");
  record(EventKind::kServer, "5");
  EXPECT_EQ(texts(events.read({.since = page.next_seq})), "5 ");
}

TEST_F(EventsTest, FiltersByDatabaseAndKind) {
  record(EventKind::kBreaker, "a", "orders");
  record(EventKind::kOperator, "b", "orders");
  record(EventKind::kBreaker, "c", "users");
  EXPECT_EQ(texts(events.read({.db_id = "orders"})), "a b ");
  EXPECT_EQ(texts(events.read({.kind = EventKind::kBreaker})), "a c ");
  const auto page = events.read({.since = 1, .limit = 1, .kind = EventKind::kBreaker});
  EXPECT_EQ(texts(page), "a ");
  EXPECT_EQ(texts(events.read({.since = page.next_seq, .kind = EventKind::kBreaker})), "c ");
}

TEST_F(EventsTest, KeepsTheLastThousand) {
  for (int i = 1; i <= 1'001; ++i) record(EventKind::kServer, std::to_string(i));
  const auto page = events.read({.since = 1, .limit = 2'000});
  ASSERT_EQ(page.events.size(), 1'000u);
  EXPECT_EQ(page.events.front().message, "2");
}

// A client that outlived a restart of the server asks for a number that is yet to come.
TEST_F(EventsTest, ANumberOfAnEarlierLifeGivesEverything) {
  record(EventKind::kServer, "started");
  EXPECT_EQ(texts(events.read({.since = 700})), "started ");
}

TEST_F(EventsTest, TellsWhoeverListens) {
  std::vector<std::uint64_t> told;
  events.on_event([&told](const Event& event) { told.push_back(event.seq); });
  record(EventKind::kConfig, "a");
  record(EventKind::kConfig, "b");
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1, 2}));
}

TEST(EventKind, HasAWordForEachAndBack) {
  for (const auto kind : {EventKind::kBreaker, EventKind::kOperator, EventKind::kConfig,
                          EventKind::kDatabase, EventKind::kServer}) {
    EXPECT_EQ(parse_event_kind(to_string(kind)), kind);
  }
  EXPECT_FALSE(parse_event_kind("breakers"));
}

}  // namespace
}  // namespace sluice::gateway
