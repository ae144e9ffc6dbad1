"""Print one table: what was measured, its figure, and the figure it is held to. ``make bench`` runs all of it."""

import sys

from benchmarks import basins, browser, engine, networks

SECTIONS = {"engine": engine.rows, "basins": basins.rows, "networks": networks.rows, "browser": browser.rows}


def main(names: list[str]) -> None:
    """Measure the named sections, or all of them."""
    print("| what | measured | aim |\n|---|---|---|")
    for name in names or SECTIONS:
        for row in SECTIONS[name]():
            print(f"| {row.what} | {row.measured} | {row.aim} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
