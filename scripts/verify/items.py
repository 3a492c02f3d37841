"""The list of items: functions that take the world they work on and the report they write."""

from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Item:
    name: str
    title: str
    run: Callable
    anywhere: bool  # harmless, and needs nothing but a gateway


_items = []


def item(name, title, anywhere=False):
    """Adds the decorated function. The order of definition is the order of the run."""
    def add(run):
        _items.append(Item(name, title, run, anywhere))
        return run
    return add


def all_items():
    return list(_items)


def selected(names, anywhere_only):
    """Items by name, or by the part before the number (`stress` is stress-5 and its like)."""
    wanted = [each for each in _items if not anywhere_only or each.anywhere]
    if not names:
        return wanted
    for name in names:
        if not any(_is(each, name) for each in _items):
            raise ValueError(f"no item is called {name}; --list shows them all")
        if not any(_is(each, name) for each in wanted):
            raise ValueError(f"{name} needs the demo: leave out --url")
    return [each for each in wanted if any(_is(each, name) for name in names)]


def _is(each, name):
    return each.name == name or each.name.startswith(name + "-")
