"""What the figures of all rounds come to."""

import statistics

from .statements import POSTGIS, RADII_M, TEXTBOOK


def ratios(figures):
    """Medians of the rounds' ratios: each bar, with what there is to be."""
    def median(rounds, above, below):
        return statistics.median(entry[above] / entry[below] for entry in figures[rounds])
    rows = []
    for radius, bar in zip(RADII_M, (6, 20)):
        for kind in (*POSTGIS, *TEXTBOOK, "redis"):
            ratio = median("database", f"{kind}_{radius}_us", f"ours_{radius}_us")
            rows.append((f"{kind} to ours, {radius} m, CPU", ratio, bar if kind == "knn" else None))
        for more in ("names", "total"):
            ratio = median("database", f"ours_{more}_{radius}_us", f"ours_{radius}_us")
            rows.append((f"with {more} to without, {radius} m, CPU", ratio, None))
    for radius in RADII_M:
        for ours, other, bar in (("ids", "empty", 0.7), ("names", "handler", 0.8)):
            per_s = median("resident", f"{ours}_{radius}_per_s", f"{other}_{radius}_per_s")
            rows.append((f"resident {ours} to {other}, {radius} m, requests/s", per_s, bar))
            cpu = median("resident", f"{other}_{radius}_us", f"{ours}_{radius}_us")
            rows.append((f"resident {ours} to {other}, {radius} m, CPU", cpu, None))
    rows.append(("import to COPY, rows/s", median("import", "copy_s", "import_s"), 0.4))
    rows.append(("import to COPY, CPU", median("import", "copy_cpu_s", "import_cpu_s"), None))
    rows.append(("resident bytes a business beyond its id, at most", figures["memory"]["positions_bytes"] - 8, 48))
    return rows


def table(figures):
    lines = []
    for name in ("database", "resident", "import"):
        lines.append(f"{name}, medians of {len(figures[name])} rounds")
        for key in figures[name][0]:
            lines.append(f"  {key:28} {statistics.median(entry[key] for entry in figures[name]):14.2f}")
    lines += ["", f"pages that are as ours: {figures['pages_as_ours']}", f"memory: {figures['memory']}", ""]
    for what, figure, bar in ratios(figures):
        lines.append(f"{what:55} {figure:8.2f}" + ("" if bar is None else f"   bar {bar}"))
    return "\n".join(lines) + "\n"
