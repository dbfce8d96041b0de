"""Run the benchmarks and print one table: `python -m benchmarks [--quick] [QUESTION ...]`."""

import argparse
import signal
import sys
import time

from benchmarks import connections, fan_out, growth, latency
from benchmarks.table import HEAD, Row, lines, tell, what_was_run

MARKS = {
    "fan_out": fan_out.measure,
    "connections": connections.measure,
    "latency": latency.measure,
}


def main() -> None:
    """Ask the questions that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=", ".join(MARKS))
    parser.add_argument("--quick", action="store_true", help="take less than a minute")
    asked = parser.parse_args()
    if unknown := set(asked.questions) - {*MARKS, "growth"}:
        parser.error(f"there is no question {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers are ended on the way out
    start = time.monotonic()
    questions = asked.questions or [*MARKS, "growth"]
    rows: list[Row] = []
    for question in questions:
        if question in MARKS:
            rows += MARKS[question](quick=asked.quick)
    if rows:
        tell("\n".join(lines([HEAD, *(row.cells() for row in rows)])) + "\n")
    if "growth" in questions:
        tell("\n".join(lines([growth.HEAD, *growth.measure(quick=asked.quick)])) + "\n")
    tell(f"{what_was_run()}\nIt took {time.monotonic() - start:.0f} seconds.")


if __name__ == "__main__":
    main()
