"""Medians, their spread, and ratios within a round, over the rows of a run."""

import statistics


class Rows:
    def __init__(self, rows):
        self._rows = rows

    def select(self, scenario, contender=None, connections=None):
        """The rows of a scenario, in the order they were taken."""
        return [row for row in self._rows if row["scenario"] == scenario
                and contender in (None, row["contender"]) and connections in (None, row["connections"])]

    def contenders(self, scenario, order):
        """Who was measured, by the given order."""
        found = {row["contender"] for row in self.select(scenario)}
        return [name for name in order if name in found] + sorted(found - set(order))

    def connections(self, scenario):
        return sorted({row["connections"] for row in self.select(scenario)})


def per_second(row):
    return row["per_second"]


def cpu(*roles):
    """CPU us per request of these roles together."""
    return lambda row: sum(row["cpu_us"].get(role, 0) for role in roles)


def median(rows, value):
    """None without rows."""
    return statistics.median(map(value, rows)) if rows else None


def ratios(rows, others, value):
    """value(row) / value(other) of the rows of the same round, in order."""
    by_round = {row["round"]: row for row in others}
    return [value(row) / value(by_round[row["round"]]) for row in rows
            if row["round"] in by_round and value(by_round[row["round"]])]


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def with_spread(values, digits=0):
    """`median (least to most)`; the median alone when there is one value."""
    values = list(values)
    if not values:
        return "–"
    middle = number(statistics.median(values), digits)
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values), digits)} to {number(max(values), digits)})"
