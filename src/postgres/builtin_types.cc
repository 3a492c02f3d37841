#include "postgres/builtin_types.h"

namespace sluice::postgres {
namespace {

using enum ValueKind;

// From pg_type of PostgreSQL 15; these numbers never change between versions.
constexpr BuiltinType kTypes[] = {
    // clang-format off
    {16, 1000, "bool", kBool, ','},
    {17, 1001, "bytea", kBytes, ','},
    {18, 1002, "char", kText, ','},
    {19, 1003, "name", kText, ','},
    {20, 1016, "int8", kExactNumber, ','},
    {21, 1005, "int2", kNumber, ','},
    {22, 1006, "int2vector", kText, ','},
    {23, 1007, "int4", kNumber, ','},
    {24, 1008, "regproc", kText, ','},
    {25, 1009, "text", kText, ','},
    {26, 1028, "oid", kNumber, ','},
    {27, 1010, "tid", kText, ','},
    {28, 1011, "xid", kText, ','},
    {29, 1012, "cid", kText, ','},
    {30, 1013, "oidvector", kText, ','},
    {114, 199, "json", kJson, ','},
    {142, 143, "xml", kText, ','},
    {600, 1017, "point", kText, ','},
    {601, 1018, "lseg", kText, ','},
    {602, 1019, "path", kText, ','},
    {603, 1020, "box", kText, ';'},
    {604, 1027, "polygon", kText, ','},
    {628, 629, "line", kText, ','},
    {650, 651, "cidr", kText, ','},
    {700, 1021, "float4", kNumber, ','},
    {701, 1022, "float8", kNumber, ','},
    {718, 719, "circle", kText, ','},
    {774, 775, "macaddr8", kText, ','},
    {790, 791, "money", kText, ','},
    {829, 1040, "macaddr", kText, ','},
    {869, 1041, "inet", kText, ','},
    {1033, 1034, "aclitem", kText, ','},
    {1042, 1014, "bpchar", kText, ','},
    {1043, 1015, "varchar", kText, ','},
    {1082, 1182, "date", kText, ','},
    {1083, 1183, "time", kText, ','},
    {1114, 1115, "timestamp", kTimestamp, ','},
    {1184, 1185, "timestamptz", kTimestamp, ','},
    {1186, 1187, "interval", kText, ','},
    {1266, 1270, "timetz", kText, ','},
    {1560, 1561, "bit", kText, ','},
    {1562, 1563, "varbit", kText, ','},
    {1700, 1231, "numeric", kExactNumber, ','},
    {1790, 2201, "refcursor", kText, ','},
    {2202, 2207, "regprocedure", kText, ','},
    {2203, 2208, "regoper", kText, ','},
    {2204, 2209, "regoperator", kText, ','},
    {2205, 2210, "regclass", kText, ','},
    {2206, 2211, "regtype", kText, ','},
    {2249, 2287, "record", kText, ','},
    {2278, 0, "void", kText, ','},
    {2950, 2951, "uuid", kText, ','},
    {2970, 2949, "txid_snapshot", kText, ','},
    {3220, 3221, "pg_lsn", kText, ','},
    {3614, 3643, "tsvector", kText, ','},
    {3615, 3645, "tsquery", kText, ','},
    {3734, 3735, "regconfig", kText, ','},
    {3769, 3770, "regdictionary", kText, ','},
    {3802, 3807, "jsonb", kJson, ','},
    {3904, 3905, "int4range", kText, ','},
    {3906, 3907, "numrange", kText, ','},
    {3908, 3909, "tsrange", kText, ','},
    {3910, 3911, "tstzrange", kText, ','},
    {3912, 3913, "daterange", kText, ','},
    {3926, 3927, "int8range", kText, ','},
    {4072, 4073, "jsonpath", kText, ','},
    {4089, 4090, "regnamespace", kText, ','},
    {4096, 4097, "regrole", kText, ','},
    {4191, 4192, "regcollation", kText, ','},
    {4451, 6150, "int4multirange", kText, ','},
    {4532, 6151, "nummultirange", kText, ','},
    {4533, 6152, "tsmultirange", kText, ','},
    {4534, 6153, "tstzmultirange", kText, ','},
    {4535, 6155, "datemultirange", kText, ','},
    {4536, 6157, "int8multirange", kText, ','},
    {5038, 5039, "pg_snapshot", kText, ','},
    {5069, 271, "xid8", kText, ','},
    {705, 0, "unknown", kText, ','},
    {2275, 1263, "cstring", kText, ','},
    // clang-format on
};

constexpr TypeAlias kAliases[] = {
    {"bigint", "int8"},
    {"bit varying", "varbit"},
    {"boolean", "bool"},
    {"char", "bpchar"},
    {"character", "bpchar"},
    {"character varying", "varchar"},
    {"decimal", "numeric"},
    {"double precision", "float8"},
    {"float", "float8"},
    {"int", "int4"},
    {"integer", "int4"},
    {"real", "float4"},
    {"smallint", "int2"},
    {"time with time zone", "timetz"},
    {"time without time zone", "time"},
    {"timestamp with time zone", "timestamptz"},
    {"timestamp without time zone", "timestamp"},
};

}  // namespace

std::span<const BuiltinType> builtin_types() { return kTypes; }

std::span<const TypeAlias> type_aliases() { return kAliases; }

}  // namespace sluice::postgres
