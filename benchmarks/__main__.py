"""Print one table: what was measured, its figure, and the figure it is held to. ``make bench`` runs all of it."""

import sys

from benchmarks import basins, browser, depth, engine, networks, rates, sweeps

SECTIONS = {
    "engine": engine.rows,
    "networks": networks.rows,
    "depth": depth.rows,
    "rates": rates.rows,
    "basins": basins.rows,
    "sweeps": sweeps.rows,
    "browser": browser.rows,
}


def main(names: list[str]) -> None:
    """Measure the named sections, or all of them."""
    print("| what | measured | aim |\n|---|---|---|")
    for name in names or SECTIONS:
        for row in SECTIONS[name]():
            print(f"| {row.what} | {row.measured} | {row.aim} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
