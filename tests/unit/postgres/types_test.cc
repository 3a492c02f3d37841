#include "postgres/types.h"

#include <gtest/gtest.h>

namespace sluice::postgres {
namespace {

TEST(BuiltinTypes, AreFoundByNumberAndByEveryName) {
  EXPECT_EQ(builtin_type(23)->name, "int4");
  EXPECT_EQ(builtin_type(1007)->name, "_int4");
  EXPECT_EQ(builtin_type(1007)->element, 23U);
  EXPECT_EQ(builtin_type(1020)->delimiter, ';');
  for (const char* name : {"int4", "integer", "INT", "Integer"})
    EXPECT_EQ(builtin_type(name)->oid, 23U) << name;
  EXPECT_EQ(builtin_type("double precision[]")->oid, 1022U);
  EXPECT_EQ(builtin_type("_text")->oid, 1009U);
  EXPECT_EQ(builtin_type("char")->name, "bpchar");
  for (const char* name : {"", "[]", "mood", "int4 ", "void[]", "int4[][]"})
    EXPECT_EQ(builtin_type(name), nullptr) << name;
  EXPECT_EQ(builtin_type(99'999), nullptr);
}

TEST(TypeCatalog, LearnsDomainsArraysAndNames) {
  TypeCatalog catalog;
  EXPECT_EQ(catalog.find(50'001), nullptr);
  catalog.learn({{.oid = 50'001, .name = "positive", .type = 'd', .base = 20, .asked_as = {}},
                 {.oid = 50'002, .name = "_positive", .element = 50'001, .asked_as = {}},
                 {.oid = 50'003, .name = "mood", .type = 'e', .asked_as = "my.mood"},
                 {.oid = 50'004, .name = "ints", .type = 'd', .base = 1007, .asked_as = {}},
                 {.oid = 1007, .name = "_int4", .element = 23, .asked_as = {}}},
                {50'001, 50'009});
  EXPECT_EQ(catalog.find(50'001)->kind, ValueKind::kExactNumber);
  EXPECT_FALSE(catalog.find(50'001)->is_array());
  EXPECT_EQ(catalog.find(50'002)->kind, ValueKind::kExactNumber);
  EXPECT_TRUE(catalog.find(50'002)->is_array());
  EXPECT_EQ(catalog.find("my.mood")->oid, 50'003U);
  EXPECT_EQ(catalog.find("mood"), nullptr) << "only as it was asked";
  EXPECT_TRUE(catalog.find(50'004)->is_array()) << "a domain over an array is written like one";
  EXPECT_EQ(catalog.find(50'009)->kind, ValueKind::kText) << "asked for and not found: text";
  catalog.forget_names();
  EXPECT_EQ(catalog.find("my.mood"), nullptr);
  EXPECT_NE(catalog.find(50'003), nullptr);
}

TEST(TypeCatalog, KnowsArraysOfDomainsOverArrays) {
  TypeCatalog catalog;
  catalog.learn({{.oid = 50'001, .name = "path", .type = 'd', .base = 1020, .asked_as = {}},
                 {.oid = 50'002, .name = "_path", .element = 50'001, .asked_as = {}},
                 {.oid = 50'003, .name = "paths", .type = 'd', .base = 50'002, .asked_as = {}},
                 {.oid = 50'004, .name = "_paths", .element = 50'003, .asked_as = {}}},
                {});
  EXPECT_EQ(catalog.find(50'001)->nested_arrays, 0);
  EXPECT_EQ(catalog.find(50'002)->nested_arrays, 1);
  EXPECT_EQ(catalog.find(50'002)->delimiter, ';') << "as box has it";
  EXPECT_EQ(catalog.find(50'003)->nested_arrays, 1);
  EXPECT_EQ(catalog.find(50'004)->nested_arrays, 2);
}

TEST(TypeCatalog, KnowsStrings) {
  TypeCatalog catalog;
  catalog.learn(
      {{.oid = 50'001, .name = "citext", .category = 'S', .asked_as = {}},
       {.oid = 50'002, .name = "_citext", .element = 50'001, .category = 'A', .asked_as = {}},
       {.oid = 50'003, .name = "title", .type = 'd', .base = 1043, .asked_as = {}},
       {.oid = 50'004, .name = "hstore", .asked_as = {}}},
      {});
  for (const TypeOid string : {25U, 1009U, 1042U, 1043U, 50'001U, 50'002U, 50'003U})
    EXPECT_TRUE(catalog.find(string)->string) << string;
  for (const TypeOid other : {19U, 23U, 50'004U})
    EXPECT_FALSE(catalog.find(other)->string) << other;
}

TEST(TypeCatalog, ACircleOfTypesEnds) {
  TypeCatalog catalog;
  catalog.learn({{.oid = 60'001, .name = "a", .type = 'd', .base = 60'002, .asked_as = {}},
                 {.oid = 60'002, .name = "b", .type = 'd', .base = 60'001, .asked_as = {}}},
                {60'001});
  EXPECT_NE(catalog.find(60'001), nullptr);
}

}  // namespace
}  // namespace sluice::postgres
