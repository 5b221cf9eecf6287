// The command palette: pages of the sidebar at once, everything else from /palette.json?q=.
import { announce, each, first, icon, make, on, text } from "./dom.js";

const dialog = () => document.getElementById("palette");
const input = () => first("input", dialog());
const list = () => first("[role=listbox]", dialog());
let request;
let timer;
let impatient; // Enter that was pressed before anything was found

function pages(query) {
    const wanted = query.toLowerCase();
    return each(".sidebar-link[href]")
        .map((link) => ({
            label: first(".sidebar-text", link).textContent.trim(),
            hint: link.closest("[data-group]")?.dataset.group ?? "",
            url: link.getAttribute("href"),
            icon: link.dataset.icon,
            group: text("pages"),
        }))
        .filter((item) => `${item.label} ${item.hint}`.toLowerCase().includes(wanted))
        .slice(0, query ? 6 : 40);
}

function choose(option) {
    for (const other of each("[role=option]", list())) other.setAttribute("aria-selected", String(other === option));
    input().setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
}

function draw(items, more = false) {
    const holder = list();
    const chosen = first("[aria-selected=true]", holder)?.dataset.url;
    holder.replaceChildren();
    let group;
    items.forEach((item, index) => {
        if (item.group !== group) {
            group = item.group;
            holder.append(make("li", { class: "palette-group", role: "presentation" }, group));
        }
        const option = make("li", { class: "palette-item", role: "option", id: `palette-${index}`, "data-url": item.url });
        if (item.icon) option.append(icon(item.icon));
        option.append(make("span", {}, item.label));
        if (item.hint) option.append(make("span", { class: "palette-hint" }, item.hint));
        holder.append(option);
    });
    if (!items.length) holder.append(make("li", { class: "palette-empty", role: "presentation" }, text(more ? "loading" : "nothingFound")));
    const options = each("[role=option]", holder);
    choose(options.find((option) => !more && option.dataset.url === chosen) ?? options[0]);
}

// The answer to what was typed last; Enter that came first is carried out when it is there.
async function ask(query, near) {
    request = new AbortController();
    try {
        const url = new URL(dialog().dataset.url, location.href);
        url.searchParams.set("q", query);
        const answer = await fetch(url, { signal: request.signal, headers: { Accept: "application/json" } });
        if (!answer.ok) return;
        const body = await answer.json();
        const found = Array.isArray(body) ? body : (body.results ?? []);
        const known = new Set(near.map((item) => item.url));
        const items = [...near, ...found.filter((item) => !known.has(item.url))];
        draw(items);
        announce(text("results", items.length));
        if (impatient && dialog().open) go(first("[role=option]", list()), impatient);
    } catch (error) {
        if (error.name !== "AbortError") draw(near);
    }
}

function search(query) {
    clearTimeout(timer);
    request?.abort();
    request = null;
    impatient = null;
    const near = pages(query);
    draw(near, Boolean(query));
    timer = query && setTimeout(ask, 120, query, near);
}

export function open() {
    if (!dialog() || dialog().open) return;
    dialog().showModal();
    input().value = "";
    search("");
}

function go(option, event) {
    if (!option) return;
    if (event.ctrlKey || event.metaKey) window.open(option.dataset.url, "_blank", "noopener");
    else location.assign(option.dataset.url);
    dialog().close();
}

document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    if (event.target.closest?.(".console-screen")) return; // Ctrl-K belongs to the guest there
    event.preventDefault();
    open();
});
on("click", "[data-palette-open]", open);
on("input", "#palette input", (event) => {
    search(event.target.value.trim());
});
on("keydown", "#palette input", (event) => {
    const options = each("[role=option]", list());
    const here = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) choose(options[(here + step + options.length) % options.length]);
    else if (event.key === "Enter" && !options.length) impatient = event;
    else if (event.key === "Enter") go(options[here], event);
    else return;
    event.preventDefault();
});
on("click", "#palette [role=option]", (event, option) => go(option, event));
on("mousemove", "#palette [role=option]", (_event, option) => {
    if (option.getAttribute("aria-selected") !== "true") choose(option);
});
on("click", "[data-dialog-close]", (_event, button) => button.closest("dialog").close(""));
// A click beside a dialog closes it.
on("click", "dialog[data-light-dismiss]", (event, element) => {
    if (event.target === element) element.close();
});
