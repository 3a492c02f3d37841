#include "postgres/sql_error.h"

#include <gtest/gtest.h>

namespace sluice::postgres {
namespace {

TEST(SqlError, NamesTheParameterThatTheServerCouldNotRead) {
  EXPECT_EQ(parameter_in_context("unnamed portal parameter $2 = '...'"), "$2");
  EXPECT_EQ(parameter_in_context("unnamed portal parameter $12"), "$12");
  EXPECT_EQ(parameter_in_context("JSON data, line 1: $1\nunnamed portal parameter $3 = '...'"),
            "$3");
  EXPECT_EQ(parameter_in_context("unbenanntes Portal Parameter $2 = »...«"), "$2") << "translated";
}

TEST(SqlError, FindsNoParameterInOtherContexts) {
  for (const char* context : {"", "$", "$x", "PL/pgSQL function f(integer) line 3 at RAISE",
                              "SQL statement \"SELECT $1\"", "SQL function \"f\" statement 1",
                              "parameter $1 of the user's own", "costs 5 $",
                              "unnamed portal parameter $1 = '...'\nSQL statement \"SELECT 1\""}) {
    EXPECT_EQ(parameter_in_context(context), "") << context;
  }
}

}  // namespace
}  // namespace sluice::postgres
