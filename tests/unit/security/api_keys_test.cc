#include "security/api_keys.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::security {
namespace {

ApiKeys three_keys() {
  return ApiKeys({{"reader", Secret("reader-key-012345"), "query"},
                  {"ops", Secret("operator-key-0123"), "operator"},
                  {"boss", Secret("admin-key-0123456"), "admin"}});
}

TEST(ApiKeys, WithoutAnyKeyTheDoorIsOpen) {
  EXPECT_TRUE(ApiKeys({}).open());
  EXPECT_FALSE(ApiKeys({}).authenticate("Bearer x"));
  EXPECT_FALSE(three_keys().open());
}

TEST(ApiKeys, EachKeyGivesItsNameAndRole) {
  const ApiKeys keys = three_keys();
  const auto reader = keys.authenticate("Bearer reader-key-012345");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->name, "reader");
  EXPECT_EQ(reader->role, Role::kQuery);
  EXPECT_EQ(keys.authenticate("Bearer operator-key-0123")->role, Role::kOperator);
  EXPECT_EQ(keys.authenticate("Bearer admin-key-0123456")->role, Role::kAdmin);
}

TEST(ApiKeys, TheSchemeIsReadAsHttpSays) {
  const ApiKeys keys = three_keys();
  EXPECT_TRUE(keys.authenticate("bearer reader-key-012345"));
  EXPECT_TRUE(keys.authenticate("BEARER   reader-key-012345  "));
}

TEST(ApiKeys, EverythingElseIsRefused) {
  const ApiKeys keys = three_keys();
  for (const std::string& header :
       {std::string(), std::string("Bearer"), std::string("Bearer "), std::string("Bearer    "),
        std::string("Basic reader-key-012345"), std::string("reader-key-012345"),
        std::string("Bearer reader-key-01234"), std::string("Bearer reader-key-0123456"),
        std::string("Bearer READER-KEY-012345"), std::string("Bearerreader-key-012345"),
        std::string("Bearer reader-key-012345\0", 25), std::string("Bearer reader-key-012345 x"),
        std::string("Bearers reader-key-012345"), std::string("Bear reader-key-012345"),
        std::string("Bearer ") + std::string(100'000, 'a')}) {
    EXPECT_FALSE(keys.authenticate(header)) << header.substr(0, 40);
  }
}

TEST(ApiKeys, AnUnknownRoleGivesTheLeastRights) {
  const ApiKeys keys({{"odd", Secret("0123456789abcdef"), "root"}});
  EXPECT_EQ(keys.authenticate("Bearer 0123456789abcdef")->role, Role::kQuery);
}

TEST(Role, IncludesTheOnesBefore) {
  const Principal ops{"ops", Role::kOperator};
  EXPECT_TRUE(ops.may(Role::kQuery));
  EXPECT_TRUE(ops.may(Role::kOperator));
  EXPECT_FALSE(ops.may(Role::kAdmin));
  EXPECT_FALSE(Principal{}.may(Role::kOperator));
}

TEST(Role, HasOneWord) {
  for (const Role role : {Role::kQuery, Role::kOperator, Role::kAdmin}) {
    EXPECT_EQ(parse_role(to_string(role)), role);
  }
  EXPECT_FALSE(parse_role(""));
  EXPECT_FALSE(parse_role("Admin"));
  EXPECT_EQ(to_string(Role::kOperator), "operator");
}

}  // namespace
}  // namespace sluice::security
