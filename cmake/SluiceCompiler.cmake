# How our own code is compiled: C++20, warnings, sanitizers, ccache. Carried by INTERFACE targets, so
# that nothing leaks into a project that embeds us.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

# Paths relative to the checkout, so that a fresh clone finds what another one has compiled.
find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
      "${SLUICE_CCACHE}")
endif()

add_library(sluice_compile INTERFACE)
target_compile_options(sluice_compile INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                       -Wno-missing-field-initializers  # designated initialisers name what differs
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # GCC 12 sees overlaps in operator+ (PR 105651)
                       $<$<BOOL:${PROJECT_IS_TOP_LEVEL}>:-Werror>)
if(SLUICE_SANITIZE STREQUAL "address")
  target_compile_options(sluice_compile INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                         -fno-omit-frame-pointer -O1)
  target_link_options(sluice_compile INTERFACE -fsanitize=address,undefined)
elseif(SLUICE_SANITIZE STREQUAL "thread")
  target_compile_options(sluice_compile INTERFACE -fsanitize=thread -fno-omit-frame-pointer -O1)
  target_link_options(sluice_compile INTERFACE -fsanitize=thread)
elseif(SLUICE_SANITIZE)
  message(FATAL_ERROR "SLUICE_SANITIZE is '${SLUICE_SANITIZE}'; use address, thread or nothing")
endif()
