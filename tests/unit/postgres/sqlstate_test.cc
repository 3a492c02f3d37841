#include "postgres/sqlstate.h"

#include <gtest/gtest.h>

namespace sluice::postgres {
namespace {

TEST(Sqlstate, AStatementsErrorIsTheCallersUnlessTheServerIsSick) {
  for (const char* caller :
       {"21000", "22012", "23505", "25P02", "25006", "40001", "40P01", "42601", "42501", "54001",
        "55P03", "P0001", "XX000", "57014", "08P01", "28000", "3D000", "26000", "0A000", ""})
    EXPECT_EQ(fault_of_statement(caller), Fault::kCaller) << caller;
  for (const char* overload : {"53000", "53100", "53200", "53300", "53400"})
    EXPECT_EQ(fault_of_statement(overload), Fault::kOverload) << overload;
  for (const char* sick : {"58000", "58030"})
    EXPECT_EQ(fault_of_statement(sick), Fault::kDatabase) << sick;
  EXPECT_EQ(fault_of_statement("58P01"), Fault::kCaller) << "a file that a function asked for";
}

TEST(Sqlstate, ALostSessionSpeaksAgainstTheServer) {
  for (const char* sick : {"57P01", "57P02", "57P03", "58000", "08006", "08P01", "XX000", ""})
    EXPECT_EQ(fault_of_lost_session(sick), Fault::kDatabase) << sick;
  EXPECT_EQ(fault_of_lost_session("53200"), Fault::kOverload);
  EXPECT_EQ(fault_of_lost_session("57P04"), Fault::kCredentials);
  EXPECT_EQ(fault_of_lost_session("25P03"), Fault::kCaller);
  EXPECT_EQ(fault_of_lost_session("57P05"), Fault::kCaller);
}

TEST(Sqlstate, ConflictsAreWorthRepeating) {
  for (const char* again : {"40001", "40P01", "55P03", "53200"})
    EXPECT_TRUE(worth_repeating(again)) << again;
  for (const char* same : {"23505", "42601", "57014", "40002", ""})
    EXPECT_FALSE(worth_repeating(same)) << same;
}

}  // namespace
}  // namespace sluice::postgres
