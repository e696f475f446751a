#!/usr/bin/python3
"""Writes the Grafana board of Raven Gateway, from the tables of metrics.

    scripts/grafana.py METRICS_MARKDOWN     (configs/metrics.md; the board goes to stdout)

A panel is one row below.  Its description is the meaning of its first metric in the table; a
metric or label that the table does not have is an error.
"""
# SPDX-License-Identifier: Apache-2.0
import json
import re
import sys

COLUMNS, HEIGHT = 24, 8
QUIET_DROPS = "probe_answer|natt_keepalive"  # not errors, and always there


class Metrics:
    """The rows of metrics.md: name -> (kind, labels, meaning)."""

    def __init__(self, markdown):
        self.rows = {}
        for line in markdown.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if re.fullmatch(r"`raven_\w+`", cells[0]):
                name, kind, labels, _, meaning = (*cells[:4], "|".join(cells[4:]))
                self.rows[name.strip("`")] = (kind, labels.split(",") if labels else [], meaning)

    def check(self, name, kind, labels):
        if name not in self.rows:
            raise KeyError(f"no metric {name}")
        has_kind, has_labels, _ = self.rows[name]
        if has_kind != kind:
            raise KeyError(f"{name} is a {has_kind}, no {kind}")
        for label in labels:
            if label not in has_labels:
                raise KeyError(f"{name} has no label {label}")


class Board:
    def __init__(self, metrics):
        self.metrics, self.panels = metrics, []
        self._x = self._y = 0

    def row(self, title):
        self._y += HEIGHT if self._x else 0
        self._x = 0
        self._add(title, "row", {"collapsed": False, "panels": []}, COLUMNS, 1)

    def graph(self, title, unit, *queries, width=8):
        """Queries are made by rate() or gauge()."""
        targets = [{"refId": chr(ord("A") + i), "expr": expr, "legendFormat": legend,
                    "datasource": {"type": "prometheus", "uid": "${datasource}"}}
                   for i, (expr, legend, _) in enumerate(queries)]
        self._add(title, "timeseries", {
            "description": self.metrics.rows[queries[0][2]][2], "targets": targets,
            "datasource": {"type": "prometheus", "uid": "${datasource}"},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"},
                        "tooltip": {"mode": "multi", "sort": "desc"}}}, width, HEIGHT)

    def _add(self, title, kind, more, width, height):
        if self._x + width > COLUMNS:
            self._x, self._y = 0, self._y + HEIGHT
        self.panels.append({"id": len(self.panels) + 1, "title": title, "type": kind,
                            "gridPos": {"x": self._x, "y": self._y, "w": width, "h": height},
                            **more})
        self._x += width
        if self._x >= COLUMNS:
            self._x, self._y = 0, self._y + height

    def rate(self, name, *labels, factor="", only=""):
        """Growth of a counter in a second, per box and labels."""
        self.metrics.check(name, "counter", [*labels, *re.findall(r"\w+(?=!?[=~])", only)])
        return (f"sum by ({', '.join(('instance', *labels))}) "
                f"(rate({self._selected(name, only)}[$__rate_interval])){factor}",
                self._legend(labels), name)

    def gauge(self, name, *labels, only=""):
        self.metrics.check(name, "gauge", [*labels, *re.findall(r"\w+(?=!?[=~])", only)])
        return self._selected(name, only), self._legend(labels), name

    @staticmethod
    def _selected(name, only):
        return f'{name}{{instance=~"$instance"{"," if only else ""}{only}}}'

    @staticmethod
    def _legend(labels):
        return " ".join("{{%s}}" % label for label in ("instance", *labels))


def fill(board):
    rate, gauge = board.rate, board.gauge
    board.row("Sites")
    board.graph("Active gateways", "none",
                gauge("raven_controller_active_endpoint", "gateway", "node", only='type="tunnel"'))
    board.graph("Failovers", "none",
                rate("raven_dataplane_pool_switches_total", "pool", factor=" * 60"),
                rate("raven_controller_switches_total", "gateway", factor=" * 60"),
                rate("raven_agent_lite_gateway_switches_total", factor=" * 60"))
    board.graph("Heartbeat age", "s", gauge("raven_controller_heartbeat_age_seconds", "node"))
    board.row("Tunnels")
    board.graph("Throughput", "bps",
                rate("raven_dataplane_tunnel_bytes_total", "peer", "direction", factor=" * 8"))
    board.graph("Packets", "pps",
                rate("raven_dataplane_tunnel_packets_total", "peer", "direction"))
    board.graph("Up", "none", gauge("raven_dataplane_tunnel_up", "peer"))
    board.graph("Round trip", "s", gauge("raven_dataplane_tunnel_round_trip_seconds", "peer"))
    board.graph("SA age", "s",
                gauge("raven_dataplane_tunnel_sa_age_seconds", "peer", "direction"))
    board.graph("SAs", "none", gauge("raven_dataplane_tunnel_sas", "peer", "direction"),
                gauge("raven_gateway_agent_child_sas_wanted", "peer"))
    board.row("Packets")
    board.graph("Drops by stage and reason", "pps",
                rate("raven_dataplane_drops_total", "stage", "reason",
                     only=f'reason!~"{QUIET_DROPS}"'),
                width=12)
    board.graph("Ports", "bps",
                rate("raven_dataplane_port_bytes_total", "port", "direction", factor=" * 8"),
                width=12)
    board.row("Workers")
    board.graph("Cycles per packet", "none", gauge("raven_dataplane_cycles_per_packet", "worker"))
    busy = rate("raven_dataplane_worker_cycles_total", "worker", only='state="busy"')
    every = rate("raven_dataplane_worker_cycles_total", "worker")
    board.graph("Busy share", "percentunit", (f"{busy[0]} / {every[0]}", *busy[1:]))
    board.graph("Free packet buffers", "none", gauge("raven_dataplane_buffers_free"))
    board.row("Control")
    board.graph("Problems", "none", gauge("raven_gateway_agent_problems"),
                gauge("raven_dataplane_item_errors"), gauge("raven_agent_lite_problems"))
    board.graph("Last word of the API server", "s",
                gauge("raven_gateway_agent_contact_age_seconds"),
                gauge("raven_controller_contact_age_seconds"),
                gauge("raven_agent_lite_source_age_seconds"))
    board.graph("Outputs that are as desired", "none",
                gauge("raven_gateway_agent_output_ok", "output"))


def make(markdown):
    board = Board(Metrics(markdown))
    fill(board)
    variables = [
        {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
        {"name": "instance", "type": "query", "label": "Box", "multi": True, "includeAll": True,
         "allValue": ".*", "current": {"text": "All", "value": "$__all"}, "refresh": 2,
         "datasource": {"type": "prometheus", "uid": "${datasource}"},
         "query": "label_values({__name__=~\"raven_.*\"}, instance)"}]
    return {"title": "Raven Gateway", "uid": "raven-gateway", "tags": ["raven"],
            "schemaVersion": 36, "editable": True, "refresh": "10s",
            "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": variables}, "panels": board.panels}


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        asked = sys.argv[1:2] in (["-h"], ["--help"])
        print(__doc__, end="", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 64
    with open(sys.argv[1], encoding="utf-8") as file:
        board = make(file.read())
    panels = ",\n".join(json.dumps(panel) for panel in board.pop("panels"))
    print(f'{json.dumps(board)[:-1]}, "panels": [\n{panels}\n]}}')
    return 0


if __name__ == "__main__":
    sys.exit(main())
