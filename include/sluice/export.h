#pragma once

/// @file
/// What every public header needs of the compiler.

#if __cplusplus < 202002L
#error "Sluice needs C++20: compile with -std=c++20"
#endif

/// Marks what the shared library exports; everything else in it is hidden.
#define SLUICE_API __attribute__((visibility("default")))
