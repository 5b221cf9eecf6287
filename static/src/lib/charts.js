// Charts: uPlot comes as a chunk of its own, only where a chart is on the page.
import { each, onContent } from "./dom.js";

let library;
const load = () => (library ??= import("./plot.js"));

onContent(async (scope) => {
    const holders = each("[data-chart]", scope).filter((holder) => !holder.dataset.drawn);
    if (!holders.length) return;
    for (const holder of holders) holder.dataset.drawn = "1";
    const { draw } = await load();
    holders.forEach(draw);
});

export async function sample(region, point) {
    if (!each(`[data-chart="${CSS.escape(region)}"]`).length) return;
    const { append } = await load();
    append(region, point);
}
