// The committed corpus, and whatever once broke a promise, through every target: with any compiler,
// and under every sanitizer.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/fuzz.h"

namespace sluice::fuzz {
namespace {

struct Target {
  const char* name;
  void (*run)(std::string_view input);
};

class Corpus : public ::testing::TestWithParam<Target> {};

TEST_P(Corpus, BreaksNoPromise) {
  const std::filesystem::path root = std::getenv("SLUICE_SOURCE_DIR");
  int files = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(root / "tests/fuzz/corpus" / GetParam().name)) {
    SCOPED_TRACE(file.path().filename().string());
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string input((std::istreambuf_iterator<char>(stream)), {});
    for (const std::string& text : {input, input.substr(0, input.size() / 2)}) {
      GetParam().run(text);
    }
    ++files;
  }
  EXPECT_GE(files, 5);
}

INSTANTIATE_TEST_SUITE_P(Targets, Corpus,
                         ::testing::Values(Target{"array", array}, Target{"config", config},
                                           Target{"http", http}, Target{"replies", replies},
                                           Target{"request", request}, Target{"sql", sql}),
                         [](const auto& target) { return target.param.name; });

}  // namespace
}  // namespace sluice::fuzz
