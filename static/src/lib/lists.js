// Lists: selection and its bulk bar, hidden columns, "2 new, show".
import htmx from "htmx.org";
import { announce, each, first, on, onContent, text } from "./dom.js";

const listOf = (element) => element.closest("[data-list]") ?? document;
const boxes = (list) => each(".row-select", list);
export const selected = (element) => boxes(listOf(element)).filter((box) => box.checked);

function refresh(list, speak = false) {
    const all = boxes(list);
    const chosen = all.filter((box) => box.checked).length;
    const head = first(".row-select-all", list);
    if (head) {
        head.checked = chosen > 0 && chosen === all.length;
        head.indeterminate = chosen > 0 && chosen < all.length;
    }
    const bulk = first("[data-bulk]", list);
    if (!bulk) return;
    const filter = first("[data-filter-bar]", list);
    bulk.hidden = chosen === 0;
    if (filter) filter.hidden = chosen > 0;
    const output = first("output", bulk);
    const message = text("selected", chosen);
    if (output && output.textContent !== message) output.textContent = message;
    if (speak) announce(message);
}

on("change", ".row-select-all", (_event, head) => {
    const list = listOf(head);
    for (const box of boxes(list)) box.checked = head.checked;
    refresh(list, true);
});

let last = null;
on("click", ".row-select", (event, box) => {
    const list = listOf(box);
    const all = boxes(list);
    if (event.shiftKey && last && all.includes(last)) {
        const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
        for (const other of all.slice(from, to + 1)) other.checked = box.checked;
    }
    last = box;
    refresh(list, true);
});

on("click", "[data-bulk-clear]", (_event, button) => {
    const list = listOf(button);
    for (const box of boxes(list)) box.checked = false;
    refresh(list, true);
});

// An empty filter does not belong into the address.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (!ctx.sourceElement.matches?.("[data-filter-bar]")) return;
    for (const [name, value] of [...ctx.request.body]) if (value === "") ctx.request.body.delete(name);
});

// Bulk actions send the ids of the ticked rows.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    const source = ctx.sourceElement;
    if (!source.closest?.("[data-bulk]") || ctx.request.method === "GET") return;
    ctx.request.body.delete("ids");
    for (const box of selected(source)) ctx.request.body.append("ids", box.value);
});
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const list = ctx.sourceElement.closest?.("[data-bulk]")?.closest("[data-list]");
    if (!list || ctx.response.status >= 400) return;
    for (const box of boxes(list)) box.checked = false;
    refresh(list);
});

onContent(() => each("[data-list]").forEach((list) => refresh(list)));

// A filter field that is cleared with Escape applies at once.
on("keydown", "[data-filter-bar] input[type=search]", (event, input) => {
    if (event.key !== "Escape" || !input.value) return;
    input.value = "";
    input.form?.requestSubmit();
    event.preventDefault();
});

// A shortcut to the filter, as in every other console.
document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable], .console")) return;
    const input = first("[data-filter-bar] input[type=search]");
    if (!input) return;
    event.preventDefault();
    input.focus();
});

const arrivals = new Map();

export function arrived(model, id) {
    for (const list of each(`[data-live-list="${CSS.escape(model)}"]`)) {
        if (document.getElementById(`${model}-row-${id}`)) continue;
        const ids = arrivals.get(model) ?? new Set();
        ids.add(id);
        arrivals.set(model, ids);
        const button = first("[data-list-new]", list);
        if (!button) continue;
        button.textContent = text("new", ids.size);
        button.hidden = false;
        announce(button.textContent);
    }
}

export function reload(list) {
    arrivals.delete(list.dataset.liveList);
    const target = `#${CSS.escape(list.id)}`;
    return htmx.ajax("GET", location.pathname + location.search, { source: list, target, select: target, swap: "outerMorph" });
}

on("click", "[data-list-new]", (_event, button) => reload(button.closest("[data-live-list]")));
