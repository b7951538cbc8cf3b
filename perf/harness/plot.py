"""The picture of one series as SVG: every round a dot (pale when it does not count), the median a bar across them."""

import math
from statistics import median
from xml.sax.saxutils import escape

from .rounds import DIRECT
from .stats import calm

COLOURS = {"filterproxy": "#c2410c", "nginx": "#15803d", "haproxy": "#1d4ed8", "yarp": "#7e22ce", DIRECT: "#6b7280"}
WIDTH, ROW, LEFT, PANEL, GAP, TOP, BOTTOM = 960, 40, 110, 380, 50, 70, 45


def render(series, samples):
    names = list(dict.fromkeys(s["target"] for s in samples))
    height = TOP + ROW * len(names) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="24" font-size="15" font-weight="bold">{escape(series.title)}</text>',
    ]
    for i, name in enumerate(names):
        parts.append(f'<text x="{LEFT - 12}" y="{_row(i) + 4}" text-anchor="end" fill="{_colour(name)}">{escape(name)}</text>')
    parts += _panel("CPU microseconds per request (less is better)", LEFT, names, samples, lambda s: s["cpu_us"], height)
    parts += _panel("requests per second (more is better)", LEFT + PANEL + GAP, names, samples, lambda s: s["rate"], height)
    return "\n".join(parts) + "\n</svg>\n"


def _panel(title, x, names, samples, figure, height):
    counted = calm(samples)[0]
    # Scaled to what counts: a disturbed round far outside stands at the edge.
    values = [v for v in map(figure, counted) if v is not None]
    parts = [f'<text x="{x}" y="{TOP - 14}" fill="#374151">{title}</text>']
    if not values:
        return parts
    step = _step(max(values))
    top = step * math.ceil(max(values) / step)
    bottom = height - BOTTOM
    for k in range(round(top / step) + 1):
        tick = x + PANEL * k * step / top
        parts.append(f'<line x1="{tick:.1f}" y1="{TOP}" x2="{tick:.1f}" y2="{bottom}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{tick:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#6b7280" font-size="11">{_label(k * step)}</text>')
    for i, name in enumerate(names):
        dots = [(figure(s), s in counted) for s in samples if s["target"] == name and figure(s) is not None]
        for v, counts in dots:
            parts.append(f'<circle cx="{x + PANEL * min(v, top) / top:.1f}" cy="{_row(i)}" r="4" fill="{_colour(name)}" '
                         f'fill-opacity="{0.45 if counts else 0.12}"/>')
        if dots:
            middle = x + PANEL * median(v for v, counts in dots if counts) / top
            parts.append(f'<line x1="{middle:.1f}" y1="{_row(i) - 12}" x2="{middle:.1f}" y2="{_row(i) + 12}" '
                         f'stroke="{_colour(name)}" stroke-width="3"/>')
    return parts


def _row(i):
    return TOP + ROW * i + ROW // 2


def _colour(name):
    return COLOURS.get(name, "#111827")


def _step(largest):
    """A round distance that gives at most six ticks."""
    power = 10 ** math.floor(math.log10(largest / 5)) if largest > 0 else 1
    return next(power * m for m in (1, 2, 2.5, 5, 10) if power * m * 6 >= largest)


def _label(value):
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
