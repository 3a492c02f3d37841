#include "security/token.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::security {
namespace {

TEST(Token, IsLongAndNeverTheSame) {
  std::set<std::string> tokens;
  for (int i = 0; i < 1'000; ++i) tokens.insert(new_token());
  EXPECT_EQ(tokens.size(), 1'000U);
  for (const std::string& token : tokens) {
    ASSERT_EQ(token.size(), 64U);
    ASSERT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::security
