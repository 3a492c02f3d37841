"""The C++ on a page of documentation, as one program: `program N` runs the page's Nth block. A block is a whole program
(it has `main`), declarations and a function without result that is called (it has #include and ends with a function),
or statements that find a PoolManager named `manager`.

    cpp_blocks.py PAGE PROGRAM.cc
"""

import re
import sys


def blocks(page):
    """(code, expected output or None) for each ```cpp block; the output is in a ```text block right after it."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$(\n```text\n(.*?)^```$)?", page, re.S | re.M)
    return [(code, expected or None) for kind, code, _, expected in found if kind == "cpp"]


def program(codes):
    includes, functions, calls = set(), [], []
    for number, code in enumerate(codes):
        includes |= set(re.findall(r"^#include .*\n", code, re.M))
        text = re.sub(r"^#include .*\n", "", code, flags=re.M)
        name = f"block_{number}"
        function = re.search(r"^(int main|void \w+)\((.*)\) \{$", text, re.M)
        if not function:
            text, call = f"void run(sluice::PoolManager& manager) {{ (void)manager; {{\n{text}}} }}\n", "run(manager())"
        elif function.group(1) == "int main":
            # Only the real one may end without a return.
            text, call = re.sub(r"}\n$", "  return 0;\n}\n", text), "main()"
        else:
            call = f"{function.group(1)[5:]}({'manager()' if function.group(2) else ''})"
        functions.append(f"namespace {name} {{\n{text}}}\n")
        calls.append(f"    case {number}: {name}::{call}; return 0;\n")
    return FRAME % ("".join(sorted(includes)), "\n".join(functions), "".join(calls))


FRAME = """// Made by tests/documentation/cpp_blocks.py
#include <sluice/pool_manager.h>
#include <cstdlib>
#include <iostream>
#include <memory>
%s
%s
/// What the page's blocks find: "orders", which works, and "down", which does not.
sluice::PoolManager& manager() {
  static sluice::PoolManager manager;
  sluice::DatabaseOptions options;
  options.labels = {{"shop", "yes"}};
  const auto target = sluice::Target::parse(std::getenv("DATABASE_URL")).value();
  manager.connect(target, options, "orders").value();
  auto nowhere = target;
  nowhere.port = 1;
  if (!manager.add("down", nowhere, options)) std::abort();
  return manager;
}

int main(int, char** argv) {
  switch (std::atoi(argv[1])) {
%s  }
  return 3;
}
"""

if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as page, open(sys.argv[2], "w", encoding="utf-8") as made:
        made.write(program([code for code, _ in blocks(page.read())]))
