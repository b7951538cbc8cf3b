"""The picture of one series as SVG: every round a dot (pale when it does not count), the median a bar across them."""

import math
from statistics import median
from xml.sax.saxutils import escape

from .model import FOOTPRINT, LOAD, PACED
from .series import DIRECT
from .stats import calm

COLOURS = {"filterproxy": "#c2410c", "nginx": "#15803d", "haproxy": "#1d4ed8", "yarp": "#7e22ce", DIRECT: "#6b7280"}
WIDTH, ROW, LEFT, PANEL, GAP, HEAD, TOP, BOTTOM = 1000, 34, 160, 370, 50, 40, 50, 40

# Two figures per kind: title and what is drawn.
PANELS = {
    LOAD: (("CPU microseconds per request (less is better)", lambda s: s["cpu_us"]), ("requests per second (more is better)", lambda s: s["rate"])),
    PACED: (("p99.9 in microseconds", lambda s: s["p999"]), ("p50 in microseconds", lambda s: s["p50"])),
    FOOTPRINT: (("most MB resident under load", lambda s: s["loaded_mb"]), ("KiB per idle connection", lambda s: s["idle_kib"])),
}


def render(series, points, samples):
    counted = calm(samples)[0]
    blocks, y = [], HEAD
    for point in points:
        names = [c.name for c in point.contenders if any(s["point"] == point.label and s["target"] == c.name for s in samples)]
        if names:
            mine = [s for s in samples if s["point"] == point.label]
            blocks += _block(point.label if len(points) > 1 else "", names, mine, [s for s in mine if s in counted], PANELS[series.kind], y)
            y += TOP + ROW * len(names) + BOTTOM
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>',
        f'<text x="16" y="24" font-size="15" font-weight="bold">{escape(series.title)}</text>',
        *blocks]) + "\n</svg>\n"


def _block(label, names, samples, counted, panels, y):
    parts = [f'<text x="16" y="{y + 16}" font-weight="bold" fill="#374151">{escape(label)}</text>'] if label else []
    for i, name in enumerate(names):
        parts.append(f'<text x="{LEFT - 12}" y="{_row(y, i) + 4}" text-anchor="end" fill="{_colour(name)}">{escape(name)}</text>')
    for k, (title, figure) in enumerate(panels):
        parts += _panel(title, LEFT + k * (PANEL + GAP), y, names, samples, counted, figure)
    return parts


def _panel(title, x, y, names, samples, counted, figure):
    # Scaled to what counts: a disturbed round far outside stands at the edge.
    values = [v for v in map(figure, counted) if v is not None]
    parts = [f'<text x="{x}" y="{y + TOP - 12}" fill="#374151">{title}</text>']
    if not values or max(values) <= 0:
        return parts
    step = _step(max(values))
    top = step * math.ceil(max(values) / step)
    bottom = y + TOP + ROW * len(names)
    for k in range(round(top / step) + 1):
        tick = x + PANEL * k * step / top
        parts.append(f'<line x1="{tick:.1f}" y1="{y + TOP}" x2="{tick:.1f}" y2="{bottom}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{tick:.1f}" y="{bottom + 16}" text-anchor="middle" fill="#6b7280" font-size="11">{_label(k * step)}</text>')
    for i, name in enumerate(names):
        dots = [(figure(s), s in counted) for s in samples if s["target"] == name and figure(s) is not None]
        for v, counts in dots:
            parts.append(f'<circle cx="{x + PANEL * min(max(v, 0), top) / top:.1f}" cy="{_row(y, i)}" r="4" fill="{_colour(name)}" '
                         f'fill-opacity="{0.45 if counts else 0.12}"/>')
        counting = [v for v, counts in dots if counts]
        if counting:
            middle = x + PANEL * max(median(counting), 0) / top
            parts.append(f'<line x1="{middle:.1f}" y1="{_row(y, i) - 11}" x2="{middle:.1f}" y2="{_row(y, i) + 11}" '
                         f'stroke="{_colour(name)}" stroke-width="3"/>')
    return parts


def _row(y, i):
    return y + TOP + ROW * i + ROW // 2


def _colour(name):
    return COLOURS.get(name.split(" ")[0].rstrip(","), "#111827")


def _step(largest):
    """A round distance that gives at most six ticks."""
    power = 10 ** math.floor(math.log10(largest / 5)) if largest > 0 else 1
    return next(power * m for m in (1, 2, 2.5, 5, 10) if power * m * 6 >= largest)


def _label(value):
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
