#include "config/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/substitution.h"
#include "config/text_file.h"

namespace sluice::config {
namespace {

constexpr std::size_t kLargestFile = 16 * 1024 * 1024;
/// Bounds for aliases that contain themselves, or each other, many times over.
constexpr int kDeepest = 16;
constexpr int kMostNodes = 300'000;
/// yaml-cpp takes the end of the file for the quote that is missing. So a comment is put there,
/// which becomes part of the text if a quote is still open.
constexpr std::string_view kEndMark = "# the end of the file, unless a quote is open";

class TreeBuilder {
 public:
  TreeBuilder(const std::string& file, const Environment& environment, Mistakes& mistakes)
      : file_(file), environment_(environment), mistakes_(mistakes) {}

  Node build(const YAML::Node& yaml) { return convert(yaml, 0); }

 private:
  std::string place(const YAML::Mark& mark) const {
    if (mark.is_null()) return file_;
    return file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
  }

  Node convert(const YAML::Node& yaml, int depth) {
    Node node;
    node.where = place(yaml.Mark());
    if (depth > kDeepest || ++nodes_ > kMostNodes) {
      if (!too_large_) mistakes_.push_back({node.where, "is nested too deeply, or too large"});
      too_large_ = true;
      return node;
    }
    if (yaml.IsScalar()) convert_scalar(yaml, node);
    if (yaml.IsSequence()) convert_list(yaml, node, depth);
    if (yaml.IsMap()) convert_map(yaml, node, depth);
    return node;
  }

  void convert_scalar(const YAML::Node& yaml, Node& node) {
    if (yaml.Scalar().find(kEndMark) != std::string::npos) {
      mistakes_.push_back({place(yaml.Mark()), "a quote begins here that is never closed"});
      return;
    }
    auto text = substitute(yaml.Scalar(), environment_);
    if (!text) {
      mistakes_.push_back({node.where, text.error()});
      return;
    }
    node.kind = Node::Kind::kScalar;
    node.substituted = yaml.Scalar().find("${") != std::string::npos;
    node.text = *std::move(text);
  }

  void convert_list(const YAML::Node& yaml, Node& node, int depth) {
    node.kind = Node::Kind::kList;
    for (const YAML::Node& item : yaml) {
      if (too_large_) return;
      Node child = convert(item, depth + 1);
      const bool is_told = item.IsScalar() && child.kind == Node::Kind::kNothing;
      if (!is_told) node.children.push_back(std::move(child));
    }
  }

  void convert_map(const YAML::Node& yaml, Node& node, int depth) {
    node.kind = Node::Kind::kMap;
    std::set<std::string> seen;
    for (const auto& member : yaml) {
      if (too_large_) return;
      const std::string where = place(member.first.Mark());
      if (!member.first.IsScalar()) {
        mistakes_.push_back({where, "a key must be a plain word"});
        continue;
      }
      const std::string& key = member.first.Scalar();
      if (!seen.insert(key).second) {
        mistakes_.push_back({where, "'" + key + "' is given twice; keep one"});
        continue;
      }
      Node child = convert(member.second, depth + 1);
      child.key = key;
      child.where = where;
      node.children.push_back(std::move(child));
    }
  }

  const std::string& file_;
  const Environment& environment_;
  Mistakes& mistakes_;
  int nodes_ = 0;
  bool too_large_ = false;
};

/// Looks where documents start. yaml-cpp goes no further than a stray comma, and finds the same
/// empty document there for ever.
class Documents final : public YAML::EventHandler {
 public:
  static int count(const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Documents documents;
    constexpr int kEnough = 3;
    while (documents.count_ < kEnough && parser.HandleNextDocument(documents)) continue;
    return documents.count_;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++count_ > 1 && mark.pos == last_.pos) {
      throw YAML::ParserException(mark, "no value can begin like this");
    }
    last_ = mark;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  int count_ = 0;
  YAML::Mark last_;
};

struct Content {
  int documents;
  YAML::Node first;
};

Content content_of(const std::string& text) {
  const auto read = [](const std::string& yaml) {
    return Content{Documents::count(yaml), YAML::Load(yaml)};
  };
  try {
    return read(text + "\n" + std::string(kEndMark) + "\n");
  } catch (const YAML::Exception&) {
    static_cast<void>(read(text));  // throws with the places of the file as it is
    throw;
  }
}

Node parse(const std::string& file, const std::string& text, const Environment& environment,
           Mistakes& mistakes) {
  const Content content = content_of(text);
  if (content.documents == 0) return {};
  if (content.documents > 1) {
    mistakes.push_back({file, "has more than one YAML document; keep one"});
  }
  Node root = TreeBuilder(file, environment, mistakes).build(content.first);
  const bool usable = root.kind == Node::Kind::kMap || root.kind == Node::Kind::kNothing;
  if (usable) return root;
  mistakes.push_back({root.where, "must be a map of sections, for instance \"server:\""});
  return {};
}

}  // namespace

Node read_yaml(const std::string& file, const Environment& environment, Mistakes& mistakes) {
  const auto text = read_text_file(file, kLargestFile);
  if (!text) {
    mistakes.push_back({file, text.error()});
    return {};
  }
  try {
    return parse(file, *text, environment, mistakes);
  } catch (const YAML::Exception& problem) {
    std::string where = file;
    if (!problem.mark.is_null()) {
      where += ":" + std::to_string(problem.mark.line + 1) + ":" +
               std::to_string(problem.mark.column + 1);
    }
    mistakes.push_back({where, "is not YAML: " + problem.msg});
    return {};
  }
}

}  // namespace sluice::config
