#include <gtest/gtest.h>

#include <array>

#include "http/content_coding.h"
#include "http/result_form.h"

namespace sluice::http {
namespace {

TEST(QualityOf, ReadsTheEntryOfThatName) {
  EXPECT_EQ(quality_of("gzip", "gzip"), 1);
  EXPECT_EQ(quality_of("br;q=1.0, GZIP ; q=0.25 ,*;q=0", "gzip"), 0.25);
  EXPECT_EQ(quality_of("text/csv;header=present;q=0.5", "text/csv"), 0.5);
  EXPECT_EQ(quality_of("gzip;q=0", "gzip"), 0);
  EXPECT_EQ(quality_of("x-gzip", "gzip"), -1);
  EXPECT_EQ(quality_of("", "gzip"), -1);
  for (const char* odd : {"gzip;q=", "gzip;q=nonsense", "gzip;q=-1", "gzip;q=7", "gzip;;", ",gzip"})
    EXPECT_EQ(quality_of(odd, "gzip"), 1) << odd;
}

TEST(WantsGzip, OnlyWhereItIsWelcomeAndNotWorseThanNothing) {
  EXPECT_TRUE(wants_gzip("gzip, deflate, br"));
  EXPECT_TRUE(wants_gzip("*"));
  EXPECT_TRUE(wants_gzip("gzip;q=0.5, identity;q=0.5"));
  EXPECT_FALSE(wants_gzip(""));
  EXPECT_FALSE(wants_gzip("identity"));
  EXPECT_FALSE(wants_gzip("gzip;q=0"));
  EXPECT_FALSE(wants_gzip("*;q=0"));
  EXPECT_FALSE(wants_gzip("gzip;q=0, *"));
  EXPECT_FALSE(wants_gzip("gzip;q=0.4, identity;q=0.5"));
}

constexpr std::array kAll{ResultForm::kJson, ResultForm::kNdjson, ResultForm::kCsv};

std::optional<ResultForm> form(std::string_view accept) { return result_form(accept, kAll); }

TEST(ResultForm, IsJsonWhereNothingElseIsNamed) {
  for (const char* accept : {"", "*/*", "application/json", "application/*;q=0.1",
                             "text/html, application/xhtml+xml, */*;q=0.8"})
    EXPECT_EQ(form(accept), ResultForm::kJson) << accept;
}

TEST(ResultForm, IsAStreamWhereOneIsNamed) {
  EXPECT_EQ(form("application/x-ndjson"), ResultForm::kNdjson);
  EXPECT_EQ(form("application/ndjson"), ResultForm::kNdjson);
  EXPECT_EQ(form("text/csv; header=present"), ResultForm::kCsv);
  EXPECT_EQ(form("text/csv, */*;q=0.1"), ResultForm::kCsv);
  EXPECT_EQ(form("TEXT/CSV"), ResultForm::kCsv);
}

TEST(ResultForm, IsWhatTheClientLikesBest) {
  EXPECT_EQ(form("application/json;q=0.9, application/x-ndjson"), ResultForm::kNdjson);
  EXPECT_EQ(form("application/json, application/x-ndjson;q=0.9"), ResultForm::kJson);
  EXPECT_EQ(form("application/x-ndjson, application/json"), ResultForm::kJson) << "equally liked";
  EXPECT_EQ(form("text/csv;q=0.2, application/x-ndjson;q=0.3"), ResultForm::kNdjson);
  EXPECT_EQ(form("application/json;q=0, */*, text/csv;q=0.1"), ResultForm::kCsv);
}

TEST(ResultForm, IsNothingWhereNoneIsAcceptable) {
  EXPECT_EQ(form("text/html"), std::nullopt);
  EXPECT_EQ(form("application/json;q=0"), std::nullopt);
  constexpr std::array kOne{ResultForm::kJson};
  EXPECT_EQ(result_form("text/csv", kOne), std::nullopt);
}

}  // namespace
}  // namespace sluice::http
