#include <fmt/format.h>

#include <sstream>

#include "app/words/outline.h"

namespace sluice::app::words {
namespace {

/// Text as troff shows it: minus signs that can be copied, no commands.
std::string troff(const std::string& text) {
  std::string result;
  bool begins_line = true;
  for (const char c : text) {
    if (begins_line && (c == '.' || c == '\'')) result += "\\&";
    begins_line = c == '\n';
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string heading(const std::string& name, const std::string& section, const std::string& title) {
  return fmt::format(".TH {} {} \"\" Sluice\n.SH NAME\n{}\n", name, section, title);
}

/// Word for word, as it is typed.
std::string verbatim(const std::string& text) { return ".PP\n.nf\n" + troff(text) + "\n.fi\n"; }

/// "Examples:" is a heading here, and what follows the examples is prose.
std::string examples(const std::string& text) {
  constexpr std::string_view kTitle = "Examples:\n";
  const std::string body = text.starts_with(kTitle) ? text.substr(kTitle.size()) : text;
  const auto end = body.find("\n\n");
  std::string result = verbatim(body.substr(0, end));
  if (end != std::string::npos) result += ".PP\n" + troff(body.substr(end + 2)) + "\n";
  return result;
}

std::string option_entry(const OptionOutline& option) {
  std::string names;
  for (const std::string& name : option.names) {
    names += (names.empty() ? "\\fB" : ", \\fB") + troff(name) + "\\fR";
  }
  if (!option.value.empty() && option.names[0].starts_with('-')) {
    names += " \\fI" + troff(option.value) + "\\fR";
  }
  return ".TP\n" + names + "\n" + troff(option.description) + "\n";
}

std::string command_entry(const CommandOutline& command) {
  std::string synopsis = ".SS sluice " + troff(command.name) + "\n" + troff(command.description) +
                         ".\n.PP\n\\fBsluice " + troff(command.name) + "\\fR [\\fIoptions\\fR]";
  for (const OptionOutline& each : command.positionals) {
    synopsis += " \\fI" + troff(each.names[0]) + "\\fR";
  }
  synopsis += "\n";
  for (const OptionOutline& each : command.positionals) synopsis += option_entry(each);
  for (const OptionOutline& each : command.options) {
    if (each.names.back() != "--help") synopsis += option_entry(each);
  }
  return synopsis + (command.examples.empty() ? "" : examples(command.examples));
}

constexpr const char* kEnvironment = R"(.SH ENVIRONMENT
.TP
\fBSLUICE_URL\fR
The gateway that commands ask, unless \fB\-\-url\fR says another.
.TP
\fBSLUICE_API_KEY\fR, \fBSLUICE_API_KEY_FILE\fR
The API key, or the file that holds it.
.TP
\fBSLUICE_CONFIG\fR
The configuration file, unless \fB\-\-config\fR names another.
.TP
\fBNO_COLOR\fR
Set to anything: no colours.
.PP
Every setting of
.BR sluice.yaml (5)
has a variable of its own.
.SH SEE ALSO
.BR sluice.yaml (5),
.BR psql (1)
)";

/// The cells of a row of a Markdown table, without the marks of code.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '|') {
      const auto begin = cell.find_first_not_of(' ');
      const auto end = cell.find_last_not_of(' ');
      cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
      cell.clear();
    } else if (line[i] != '`') {
      cell += line[i];
    }
  }
  return cells;
}

std::string setting_entry(const std::string& section, const std::vector<std::string>& cells) {
  return fmt::format(
      ".TP\n\\fB{}.{}\\fR\n{}\n.br\nDefault: {}. Values: {}.\n.br\nEnvironment: {}\n",
      troff(section), troff(cells[0]), troff(cells[3]), troff(cells[1]), troff(cells[2]),
      troff(cells[4]));
}

std::string without_code(std::string text) {
  std::erase(text, '`');
  return text;
}

}  // namespace

std::string manual_of_commands(const Outline& outline) {
  std::string text = heading(
      "SLUICE", "1", "sluice \\- " + troff("a query gateway for many PostgreSQL databases"));
  text += ".SH SYNOPSIS\n\\fBsluice\\fR \\fIcommand\\fR [\\fIoptions\\fR]\n";
  text += ".SH DESCRIPTION\n" + troff(outline.description) + ".\n" + examples(outline.examples);
  std::string group;
  for (const CommandOutline& each : outline.commands) {
    if (each.group != group) text += ".SH COMMANDS: " + troff(each.group) + "\n";
    group = each.group;
    text += command_entry(each);
  }
  return text + kEnvironment;
}

std::string manual_of_settings(const std::string& reference) {
  std::string text = heading("SLUICE.YAML", "5", "sluice.yaml \\- configuration of sluice(1)");
  text += ".SH DESCRIPTION\nA YAML file of sections. Variables of the environment win over it.\n";
  std::istringstream lines(reference);
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("### ")) {
      section = without_code(line.substr(4));
      text += ".SS " + troff(section) + "\n";
    } else if (line.starts_with("## ")) {
      text += ".SH " + troff(line.substr(3)) + "\n";
    } else if (line.starts_with("| `")) {
      text += setting_entry(section, cells_of(line));
    } else if (!line.empty() && !line.starts_with('|')) {
      text += troff(without_code(line)) + "\n";
    }
  }
  return text + ".SH SEE ALSO\n.BR sluice (1)\n";
}

}  // namespace sluice::app::words
