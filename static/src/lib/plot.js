// Draws [data-chart] elements. The data lie in a JSON script inside:
//   {"unit": "percent" | "bytes" | "mib" | "rate" | "number", "series": [{"key": "cpu", "label": "CPU"}],
//    "points": [{"t": seconds, "cpu": 12.5}], "window": seconds, "spark": true, "max": 100,
//    "words": {"now": ..., "mean": ..., "peak": ..., "time": ...}}
import uPlot from "uplot";

const COLOURS = ["oklch(58% 0.17 267)", "oklch(64% 0.15 155)", "oklch(70% 0.16 60)", "oklch(60% 0.19 15)"];
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const charts = new Map();

function show(value, unit) {
    if (value === null || value === undefined) return "-";
    if (unit === "percent") return `${Number(value.toFixed(value < 10 ? 1 : 0))} %`;
    if (unit === "bytes" || unit === "rate" || unit === "mib") {
        let step = unit === "mib" ? 2 : 0;
        while (value >= 1024 && step < UNITS.length - 1) {
            value /= 1024;
            step += 1;
        }
        return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${UNITS[step]}${unit === "rate" ? "/s" : ""}`;
    }
    return String(Number(value.toFixed(1)));
}

const language = document.documentElement.lang || "en";
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const minutes = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const time = (stamp) => clock.format(stamp * 1000);
const STEPS = [5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400];

const seconds = (stamp) => (stamp > 1e11 ? stamp / 1000 : stamp);

// A canvas understands colours, not light-dark() or var(): let an element resolve them.
function resolve(holder, name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    holder.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
}
const columns = (spec) => [spec.points.map((point) => seconds(point.t)), ...spec.series.map(({ key }) => spec.points.map((point) => point[key] ?? null))];

function options(holder, canvas, spec) {
    const size = { width: canvas.clientWidth, height: canvas.clientHeight };
    const series = spec.series.map(({ label }, index) => ({
        label,
        stroke: COLOURS[index % COLOURS.length],
        fill: spec.series.length === 1 ? "oklch(58% 0.17 267 / 12%)" : undefined,
        width: 1.5,
        points: { show: false },
        value: (_plot, value) => show(value, spec.unit),
    }));
    const y = { range: (_plot, _low, high) => [0, spec.max ?? Math.max(high * 1.1, spec.unit === "percent" ? 5 : 1)] };
    if (spec.spark) {
        return { ...size, series: [{}, ...series], scales: { y }, axes: [{ show: false }, { show: false }], legend: { show: false }, cursor: { show: false } };
    }
    const axis = {
        stroke: () => resolve(holder, "--tblr-secondary-color"),
        grid: { stroke: () => resolve(holder, "--tblr-border-color"), width: 1 },
        ticks: { show: false },
        font: "11px Inter, system-ui, sans-serif",
    };
    return {
        ...size,
        series: [{ value: (_plot, stamp) => (stamp ? time(stamp) : "-") }, ...series],
        scales: { y },
        axes: [
            {
                ...axis,
                size: 28,
                space: 56,
                incrs: STEPS,
                values: (_plot, splits, _axis, _space, step) => splits.map((stamp) => (step < 60 ? time(stamp) : minutes.format(stamp * 1000))),
            },
            { ...axis, size: 64, values: (_plot, splits) => splits.map((value) => show(value, spec.unit)) },
        ],
        legend: { show: spec.series.length > 1, live: false },
        cursor: { drag: { x: false, y: false } },
    };
}

// What the picture says, in a sentence and in a table.
function tell(chart) {
    const { holder, spec } = chart;
    const words = spec.words ?? {};
    const line = spec.series
        .map(({ key, label }) => {
            const values = spec.points.map((point) => point[key]).filter((value) => typeof value === "number");
            if (!values.length) return `${label}: -`;
            const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
            const parts = [values.at(-1), mean, Math.max(...values)].map((value) => show(value, spec.unit));
            return `${label}: ${parts[0]} ${words.now ?? "now"}, ${parts[1]} ${words.mean ?? "mean"}, ${parts[2]} ${words.peak ?? "peak"}`;
        })
        .join(" · ");
    const summary = holder.querySelector("[data-chart-summary]");
    if (summary && summary.textContent !== line) summary.textContent = line;
    const table = holder.querySelector("details[open] table");
    if (!table) return;
    const row = (cells, tag) => {
        const tr = document.createElement("tr");
        for (const cell of cells) tr.append(Object.assign(document.createElement(tag), { textContent: cell }));
        return tr;
    };
    table.replaceChildren(row([words.time ?? "Time", ...spec.series.map(({ label }) => label)], "th"));
    for (const point of spec.points.slice(-30).reverse()) {
        const cells = spec.series.map(({ key }) => show(point[key], spec.unit));
        table.append(row([time(seconds(point.t)), ...cells], "td"));
    }
}

export function draw(holder) {
    const canvas = holder.querySelector("[data-chart-canvas]");
    const spec = JSON.parse(holder.querySelector("script[type='application/json']").textContent);
    const plot = new uPlot(options(holder, canvas, spec), columns(spec), canvas);
    const chart = { holder, canvas, spec, plot };
    charts.set(holder, chart);
    new ResizeObserver(() => {
        if (canvas.clientWidth) plot.setSize({ width: canvas.clientWidth, height: plot.height });
    }).observe(canvas);
    holder.addEventListener("toggle", () => tell(chart), true);
    tell(chart);
}

export function append(region, point) {
    for (const [holder, chart] of charts) {
        if (!holder.isConnected) {
            chart.plot.destroy();
            charts.delete(holder);
            continue;
        }
        if (holder.dataset.chart !== region) continue;
        const { spec, plot } = chart;
        const stamp = seconds(point.t);
        if (spec.points.length && stamp <= seconds(spec.points.at(-1).t)) continue;
        spec.points.push(point);
        const oldest = stamp - (spec.window ?? 600);
        spec.points = spec.points.filter((item) => seconds(item.t) >= oldest);
        plot.setData(columns(spec));
        tell(chart);
    }
}

document.addEventListener("virtdeck:theme", () => charts.forEach(({ plot }) => plot.redraw(false, true)));
