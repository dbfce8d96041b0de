"""Torture a server, print a short report, and end with 1 and the seed if it broke a promise."""

import argparse
import asyncio
import secrets
import signal
import sys
from pathlib import Path

from torture.house import ROOT
from torture.storm import Report, torture


def describe(report: Report, seconds: float) -> str:
    """Return the report as people read it."""
    counts = [f"  {count:>8}  {name}" for name, count in sorted(report.counts.items())]
    lines = [
        f"Seed {report.seed}, {seconds:g} seconds:",
        *counts,
        f"  {report.memory >> 20:>8}  MiB held at most, {report.growth >> 20} more than at a start",
    ]
    if report.violations:
        lines += [f"VIOLATIONS with seed {report.seed}:"]
        lines += [f"  {violation}" for violation in report.violations]
    else:
        lines += ["Every promise was kept."]
    return "\n".join(lines) + "\n"


async def _run(seed: int, seconds: float, program: Path) -> Report:
    """Torture; a signal that ends the program ends the server first."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await torture(seed, seconds, program)


def main() -> int:
    """Return 0 if every promise was kept, 1 if not, 130 if interrupted."""
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--seed", type=int, help="what it all is drawn from (default: a new one)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    parser.add_argument(
        "--program",
        type=Path,
        default=ROOT / "server.py",
        metavar="FILE",
        help="the server (default: that of this folder)",
    )
    asked = parser.parse_args()
    seed = secrets.randbelow(10**6) if asked.seed is None else asked.seed
    sys.stdout.write(f"Torturing a server for {asked.seconds:g} seconds, seed {seed}.\n")
    sys.stdout.flush()
    try:
        report = asyncio.run(_run(seed, asked.seconds, asked.program))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.stdout.write(f"Interrupted, seed {seed}.\n")
        return 130
    sys.stdout.write(describe(report, asked.seconds))
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
