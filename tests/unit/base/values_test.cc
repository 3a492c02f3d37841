// The small values of the public API: words, parameters, text.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <set>
#include <string>

#include "base/utf8.h"
#include "sluice/error.h"
#include "sluice/observer.h"
#include "sluice/query.h"
#include "sluice/stats.h"

namespace sluice {
namespace {

TEST(Words, AreThoseOfTheHttpApi) {
  EXPECT_EQ(to_string(ErrorCode::kInvalidRequest), "invalid_request");
  EXPECT_EQ(to_string(ErrorCode::kDatabaseIdTaken), "db_id_taken");
  EXPECT_EQ(to_string(ErrorCode::kBreakerOpen), "breaker_open");
  EXPECT_EQ(to_string(ErrorCode::kResultTooLarge), "result_too_large");
  EXPECT_EQ(to_string(ErrorCode::kOverloaded), "overloaded");
  EXPECT_EQ(to_string(ErrorCode::kTooManyRequests), "rate_limited");
  EXPECT_EQ(to_string(ErrorCode::kInternal), "internal");
  EXPECT_EQ(to_string(Outcome::kNotStarted), "not_started");
  EXPECT_EQ(to_string(Outcome::kRolledBack), "rolled_back");
  EXPECT_EQ(to_string(Outcome::kUnknown), "unknown");
  EXPECT_EQ(to_string(BreakerState::kHalfOpen), "half_open");
  EXPECT_EQ(to_string(BreakerState::kObserveOnly), "observe_only");
  EXPECT_EQ(to_string(DatabaseState::kDraining), "draining");
  EXPECT_EQ(to_string(PoolEvent::kPoolClosed), "pool_closed");
  EXPECT_EQ(to_string(PoolEvent::kLimited), "limited");
}

TEST(Words, AreDifferentForEachCode) {
  std::set<std::string_view> words;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    words.insert(to_string(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(ErrorCode::kInternal) + 1);
}

TEST(Error, OfTheCallerNamesTheFields) {
  const Error error = invalid_request("no", {{"sql", "is missing"}});
  EXPECT_EQ(error.code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(error.fault, Fault::kCaller);
  EXPECT_EQ(error.outcome, Outcome::kNotStarted);
  EXPECT_EQ(error.fields.at(0).field, "sql");
  EXPECT_EQ(error.sqlstate(), "");
}

TEST(Param, WritesADoubleShortestAndExactly) {
  EXPECT_EQ(Param(0.1).text, "0.1");
  EXPECT_EQ(Param(1e300).text, "1e+300");
  EXPECT_EQ(Param(-0.0).text, "-0");
  EXPECT_EQ(Param(std::numeric_limits<double>::quiet_NaN()).text, "NaN");
  EXPECT_EQ(Param(std::numeric_limits<double>::infinity()).text, "Infinity");
  EXPECT_EQ(Param(-std::numeric_limits<double>::infinity()).text, "-Infinity");
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const auto bits = random();
    double value = 0;
    static_assert(sizeof value == sizeof bits);
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(std::strtod(Param(value).text.c_str(), nullptr), value);
  }
  for (const double value :
       {std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::min(),
        std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()}) {
    EXPECT_EQ(std::strtod(Param(value).text.c_str(), nullptr), value);
  }
}

TEST(Param, KeepsEveryDigitOfIntegers) {
  EXPECT_EQ(Param(std::numeric_limits<long long>::min()).text, "-9223372036854775808");
  EXPECT_EQ(Param(std::numeric_limits<unsigned long long>::max()).text, "18446744073709551615");
}

TEST(Param, ArrayKeepsItsElementsAndItsJson) {
  const Param array = Param::array({1, nullptr, true, "a\"b\\c\n\x01", Param::array({}),
                                    Param::array({2.5}), std::numeric_limits<double>::infinity()});
  EXPECT_EQ(array.kind, Param::Kind::kArray);
  EXPECT_EQ(array.elements.size(), 7U);
  EXPECT_EQ(array.text, R"([1,null,true,"a\"b\\c\u000a\u0001",[],[2.5],"Infinity"])");
}

TEST(Utf8, AcceptsWellFormedTextOnly) {
  for (const std::string& good :
       {std::string(), std::string("a"), std::string("é"), std::string("€"), std::string("𝄞"),
        std::string("\xf4\x8f\xbf\xbf"), std::string("\0", 1)}) {
    EXPECT_TRUE(base::is_utf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82", "\xe2\x28\xa1"}) {
    EXPECT_FALSE(base::is_utf8(bad));
  }
}

TEST(Utf8, LooksAtEveryByteOfALongText) {
  const std::string good = "0123456789abcdef é 0123456789 €";
  EXPECT_TRUE(base::is_utf8(good));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = '\xff';
    EXPECT_FALSE(base::is_utf8(bad)) << at;
  }
}

TEST(Utf8, RepairsWhatIsNone) {
  EXPECT_EQ(base::repaired_utf8("a\xff\xc3(é\xe2\x82"), "a\uFFFD\uFFFD(é\uFFFD\uFFFD");
  EXPECT_EQ(base::repaired_utf8(""), "");
}

TEST(Utf8, PrefixCutsNoCharacter) {
  EXPECT_EQ(base::utf8_prefix("aé€", 6), "aé€");
  EXPECT_EQ(base::utf8_prefix("aé€", 5), "aé");
  EXPECT_EQ(base::utf8_prefix("aé€", 3), "aé");
  EXPECT_EQ(base::utf8_prefix("aé€", 2), "a");
  EXPECT_EQ(base::utf8_prefix("aé€", 0), "");
}

}  // namespace
}  // namespace sluice
