"""The report of the demonstration as one HTML page: a picture of the sites, the gap, the checks.

Pure: takes what Report.as_dict() gives, touches nothing.  The page needs no other file.
"""
# SPDX-License-Identifier: Apache-2.0
import html

from . import topology

SITE_WIDTH, SITE_HEIGHT = 300, 190
BOX_WIDTH, BOX_HEIGHT, BOX_GAP = 128, 44, 12
PLACES = ((350, 10), (20, 300), (680, 300))  # of the sites: the first above the others
VIEW = (1000, 510)
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2430; max-width: 1000px; margin: 2em auto }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 1.6em }
svg text { font: 13px system-ui, sans-serif; fill: #1c2430 }
svg .small { font-size: 11px; fill: #5a6675 } svg .title { font-size: 15px; font-weight: 600 }
.site { fill: #f4f6f9; stroke: #c3ccd8 } .plain { fill: #fff; stroke: #c3ccd8 }
.standby { fill: #e8edf4; stroke: #8fa0b5 } .active { fill: #cdeed8; stroke: #2d8a4e }
.lost { fill: #f9d6d3; stroke: #c0392b }
.tunnel { stroke: #b4bfcc; fill: none } .used { stroke: #2d8a4e; stroke-width: 2.5; fill: none }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .25em .6em; border-bottom: 1px solid #e3e8ee }
.yes { color: #2d8a4e } .no { color: #c0392b; font-weight: 600 }
.figures { display: flex; flex-wrap: wrap; gap: 1em } .figure { flex: 1 1 150px; padding: .7em 1em;
background: #f4f6f9; border-radius: 6px } .figure b { display: block; font-size: 1.35em }
"""


def page(title, result):
    verdict = result["result"]
    parts = [f"<h1>{html.escape(title)}: <span class='{'yes' if verdict == 'pass' else 'no'}'>"
             f"{html.escape(verdict)}</span></h1>",
             figures(result),
             "<h2>Sites, at the start</h2>", picture(result.get("active_gateways"))]
    if result.get("active_gateways_after"):
        parts += ["<h2>After a gateway box lost power</h2>",
                  picture(result["active_gateways_after"], lost=result.get("failover_victim"))]
    parts += ["<h2>Checks</h2>", table(result["checks"])]
    return ("<!DOCTYPE html>\n<html lang='en'><meta charset='utf-8'>"
            f"<title>{html.escape(title)}</title><style>{STYLE}</style>\n" + "\n".join(parts)
            + "\n</html>\n")


def figures(result):
    def show(value, unit=""):
        return "none" if value is None else f"{value}{unit}"

    rows = (("pod pairs reachable", f"{show(result.get('pod_pairs_reachable'))} of "
             f"{show(result.get('pod_pairs'))}"),
            ("gap of the failover", show(result.get("failover_gap_ms"), " ms")),
            ("frames on the WAN", show(result.get("wan_frames"))),
            ("of them plain text", show(result.get("wan_plaintext_frames"))),
            ("took", show(result.get("seconds"), " s")))
    return "<div class='figures'>" + "".join(
        f"<div class='figure'><b>{html.escape(value)}</b>{name}</div>" for name, value in rows
    ) + "</div>"


def table(checks):
    rows = "".join(
        f"<tr><td>{html.escape(check['name'])}<td class='{'yes' if check['held'] else 'no'}'>"
        f"{'yes' if check['held'] else 'NO'}<td>{html.escape(check['detail'])}" for check in checks)
    return f"<table><tr><th>check<th>held<th>detail{rows}</table>"


# --- the picture ---

def places():
    """Box -> its left upper corner; gateway boxes on the side of their site that faces the WAN."""
    corners = {}
    for number, site in enumerate(topology.SITES):
        left, top = PLACES[number]
        rows = {True: [], False: []}
        for box in topology.BOXES:
            if box.site == site:
                rows[box.gateway].append(box)
        for gateway, boxes in rows.items():
            y = top + (16 if gateway else 84)
            if number == 0:
                y = 2 * top + SITE_HEIGHT - BOX_HEIGHT - y
            width = len(boxes) * BOX_WIDTH + (len(boxes) - 1) * BOX_GAP
            for position, box in enumerate(boxes):
                x = left + (SITE_WIDTH - width) / 2 + position * (BOX_WIDTH + BOX_GAP)
                corners[box.name] = (x, y)
    return corners


def picture(active, lost=None):
    """Sites, boxes and tunnels; `active`: pool -> names of its active gateway boxes."""
    chosen = {name for names in (active or {}).values() for name in names}
    corners = places()
    shapes = [f"<rect class='site' x='{x}' y='{y}' width='{SITE_WIDTH}' height='{SITE_HEIGHT}' "
              "rx='8'/>" for x, y in PLACES[:len(topology.SITES)]]
    shapes += tunnels(corners, chosen, lost)
    for (x, y), site in zip(PLACES, topology.SITES):
        line = y + (24 if site == topology.SITES[0] else SITE_HEIGHT - 16)
        shapes.append(text(x + 14, line, site.name, "title"))
        shapes.append(text(x + SITE_WIDTH - 14, line,
                           f"ports: {site.ports}, nodes: {site.encapsulation}", "small", "end"))
    for box in topology.BOXES:
        shapes += drawn(box, corners[box.name], chosen, lost)
    return (f"<svg viewBox='0 0 {VIEW[0]} {VIEW[1]}' role='img' "
            f"aria-label='Sites, gateway boxes and tunnels'>{''.join(shapes)}</svg>")


def tunnels(corners, chosen, lost):
    boxes = [box for box in topology.BOXES if box.gateway and box.name != lost]
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1:] if a.site != b.site]
    shapes = []
    for a, b in sorted(pairs, key=lambda pair: {pair[0].name, pair[1].name} <= chosen):
        kind = "used" if {a.name, b.name} <= chosen else "tunnel"
        (ax, ay), (bx, by) = (facing(box, corners) for box in (a, b))
        middle = (ay + by) / 2 if ay != by else ay - 60
        shapes.append(f"<path class='{kind}' d='M{ax},{ay} C{ax},{middle} {bx},{middle} "
                      f"{bx},{by}'/>")
    return shapes


def facing(box, corners):
    """The point of a gateway box where its tunnels end."""
    x, y = corners[box.name]
    return x + BOX_WIDTH / 2, y + (BOX_HEIGHT if box.site == topology.SITES[0] else 0)


def drawn(box, corner, chosen, lost):
    x, y = corner
    kind = ("lost" if box.name == lost else "plain" if not box.gateway
            else "active" if box.name in chosen else "standby")
    note = kind if box.gateway else f"plain node, {len(box.pods)} pods"
    return [f"<rect class='{kind}' x='{x}' y='{y}' width='{BOX_WIDTH}' height='{BOX_HEIGHT}' "
            "rx='5'/>", text(x + BOX_WIDTH / 2, y + 19, box.name, "", "middle"),
            text(x + BOX_WIDTH / 2, y + 35, note, "small", "middle")]


def text(x, y, words, kind, anchor="start"):
    return (f"<text class='{kind}' x='{x}' y='{y}' text-anchor='{anchor}'>"
            f"{html.escape(words)}</text>")
