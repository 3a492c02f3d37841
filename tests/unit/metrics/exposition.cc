#include "unit/metrics/exposition.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <sstream>

namespace sluice::metrics {
namespace {

bool is_name(std::string_view name, bool colons) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_' && !(colons && c == ':')) return false;
  }
  return true;
}

class Reader {
 public:
  explicit Reader(Exposition& out) : out_(out) {}

  void line(const std::string& text) {
    if (text.rfind("# HELP ", 0) == 0) return help(text.substr(7));
    if (text.rfind("# TYPE ", 0) == 0) return type(text.substr(7));
    if (text.empty() || text[0] == '#') return wrong("neither sample nor HELP nor TYPE: " + text);
    sample(text);
  }

  void finish() {
    for (const auto& [name, family] : out_.families) {
      if (family.type.empty()) wrong(name + " has no TYPE");
      if (family.help.empty()) wrong(name + " has no HELP");
      if (family.samples.empty()) wrong(name + " has no samples");
      if (family.type == "histogram") histogram(name, family);
      if (family.type == "counter" && !name.ends_with("_total")) wrong(name + " is no _total");
      if (family.type == "gauge" && name.ends_with("_total")) wrong(name + " is a gauge");
    }
  }

 private:
  void wrong(std::string what) { out_.mistakes.push_back(std::move(what)); }

  void help(const std::string& rest) {
    current_ = rest.substr(0, rest.find(' '));
    if (!is_name(current_, true)) wrong("bad name " + current_);
    if (out_.families.count(current_)) wrong(current_ + " appears twice");
    out_.families[current_].help = rest.substr(std::min(rest.size(), current_.size() + 1));
  }

  void type(const std::string& rest) {
    const std::string name = rest.substr(0, rest.find(' '));
    if (name != current_) return wrong("TYPE of " + name + " stands not after its HELP");
    ParsedFamily& family = out_.families[name];
    if (!family.type.empty() || !family.samples.empty()) wrong("late TYPE of " + name);
    family.type = rest.substr(name.size() + 1);
    if (family.type != "counter" && family.type != "gauge" && family.type != "histogram") {
      wrong("type " + family.type);
    }
  }

  void sample(const std::string& text) {
    Sample sample;
    std::size_t at = text.find_first_of("{ ");
    if (at == std::string::npos) return wrong("no value: " + text);
    sample.name = text.substr(0, at);
    if (text[at] == '{' && !labels(text, ++at, sample)) return wrong("bad labels: " + text);
    if (at >= text.size() || text[at] != ' ') return wrong("no blank before the value: " + text);
    const std::string number = text.substr(at + 1);
    char* end = nullptr;
    sample.value = std::strtod(number.c_str(), &end);
    if (number.empty() || *end != '\0') wrong("bad value: " + text);
    if (!seen_.insert(text.substr(0, at)).second) wrong("twice: " + text);
    if (!belongs(sample.name)) wrong(sample.name + " does not belong to " + current_);
    if (std::isnan(sample.value) || sample.value < 0) wrong("strange value: " + text);
    out_.families[current_].samples.push_back(std::move(sample));
  }

  static bool labels(const std::string& text, std::size_t& at, Sample& sample) {
    while (at < text.size() && text[at] != '}') {
      const std::size_t equals = text.find("=\"", at);
      if (equals == std::string::npos) return false;
      const std::string name = text.substr(at, equals - at);
      std::string value;
      for (at = equals + 2; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') {
          ++at;
          if (at == text.size() || std::string_view("\\\"n").find(text[at]) == std::string::npos) {
            return false;
          }
          value += text[at] == 'n' ? '\n' : text[at];
        } else {
          value += text[at];
        }
      }
      if (!is_name(name, false) || !sample.labels.emplace(name, value).second) return false;
      if (++at < text.size() && text[at] == ',') ++at;
    }
    ++at;
    return at <= text.size();
  }

  bool belongs(const std::string& name) const {
    const auto family = out_.families.find(current_);
    if (family == out_.families.end()) return false;
    if (family->second.type != "histogram") return name == current_;
    return name == current_ + "_bucket" || name == current_ + "_sum" || name == current_ + "_count";
  }

  void histogram(const std::string& name, const ParsedFamily& family) {
    struct Shape {
      double last_bound = -std::numeric_limits<double>::infinity();
      double last_value = 0;
      double count = -1;
      bool sum = false;
    };
    std::map<std::map<std::string, std::string>, Shape> shapes;
    for (const Sample& sample : family.samples) {
      std::map<std::string, std::string> labels = sample.labels;
      std::string le = labels.count("le") ? labels["le"] : "";
      labels.erase("le");
      Shape& shape = shapes[labels];
      if (sample.name == name + "_count") shape.count = sample.value;
      if (sample.name == name + "_sum") shape.sum = true;
      if (sample.name != name + "_bucket") continue;
      const double bound =
          le == "+Inf" ? std::numeric_limits<double>::infinity() : std::strtod(le.c_str(), nullptr);
      if (bound <= shape.last_bound) wrong(name + ": bounds do not rise at " + le);
      if (sample.value < shape.last_value) wrong(name + " is not cumulative at " + le);
      shape.last_bound = bound;
      shape.last_value = sample.value;
    }
    for (const auto& [labels, shape] : shapes) {
      if (!std::isinf(shape.last_bound)) wrong(name + " does not end with +Inf");
      if (shape.last_value != shape.count) wrong(name + ": +Inf is not the count");
      if (!shape.sum) wrong(name + " has no sum");
    }
  }

  Exposition& out_;
  std::string current_;
  std::set<std::string> seen_;
};

}  // namespace

Exposition Exposition::parse(std::string_view text) {
  Exposition exposition;
  Reader reader(exposition);
  if (!text.ends_with('\n')) exposition.mistakes.emplace_back("the last line is not ended");
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) reader.line(line);
  reader.finish();
  return exposition;
}

double Exposition::value(const std::string& name,
                         const std::map<std::string, std::string>& labels) const {
  double found = std::numeric_limits<double>::quiet_NaN();
  int matches = 0;
  for (const auto& [family_name, family] : families) {
    for (const Sample& sample : family.samples) {
      bool same = sample.name == name;
      for (const auto& [label, wanted] : labels) {
        const auto given = sample.labels.find(label);
        same = same && given != sample.labels.end() && given->second == wanted;
      }
      if (!same) continue;
      found = sample.value;
      ++matches;
    }
  }
  return matches == 1 ? found : std::numeric_limits<double>::quiet_NaN();
}

std::size_t Exposition::count(const std::string& family) const {
  const auto found = families.find(family);
  return found == families.end() ? 0 : found->second.samples.size();
}

}  // namespace sluice::metrics
