#include "json/interval_text.h"

#include <gtest/gtest.h>

#include <utility>

namespace sluice::json {
namespace {

// The right column is what PostgreSQL 15 writes with IntervalStyle postgres for the left one.
TEST(IntervalText, SaysWhatPostgresSaysByDefault) {
  const std::pair<const char*, const char*> kTable[] = {
      {"PT0S", "00:00:00"},
      {"P1Y", "1 year"},
      {"P2Y1M", "2 years 1 mon"},
      {"P1DT2H", "1 day 02:00:00"},
      {"P-1D", "-1 days"},
      {"P-1Y-2M3DT-4H-5M-6S", "-1 years -2 mons +3 days -04:05:06"},
      {"P-1DT2H", "-1 days +02:00:00"},
      {"P1Y2M-3DT4H5M6.789S", "1 year 2 mons -3 days +04:05:06.789"},
      {"PT-0.5S", "-00:00:00.5"},
      {"PT-1M-2.000001S", "-00:01:02.000001"},
      {"PT100H", "100:00:00"},
      {"P178000000Y", "178000000 years"},
      {"P-1M1D", "-1 mons +1 day"},
  };
  for (const auto& [iso, words] : kTable) EXPECT_EQ(interval_in_words(iso), words) << iso;
}

TEST(IntervalText, LeavesEverythingElseAlone) {
  for (const char* text : {"", "1 day", "1 day 02:00:00", "infinity", "-infinity", "P", "P1", "P1X",
                           "P1.5D", "PT1D", "P--1D", "P1DT2Q", "P99999999999999999999D", "x"}) {
    EXPECT_EQ(interval_in_words(text), text);
  }
}

TEST(IntervalText, WritesArraysAgain) {
  EXPECT_EQ(interval_array_in_words("{P1DT2H,NULL,PT0S}"), "{\"1 day 02:00:00\",NULL,00:00:00}");
  EXPECT_EQ(interval_array_in_words("{{P1D},{P2D}}"), "{{\"1 day\"},{\"2 days\"}}");
  EXPECT_EQ(interval_array_in_words("[0:1]={P1D,PT1S}"), "[0:1]={\"1 day\",00:00:01}");
  EXPECT_EQ(interval_array_in_words("{}"), "{}");
  EXPECT_EQ(interval_array_in_words("no array"), "no array");
}

}  // namespace
}  // namespace sluice::json
