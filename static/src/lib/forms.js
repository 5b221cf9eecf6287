// Forms: the error summary takes the focus, a summary card mirrors what is chosen, nothing is sent twice.
import { each, first, make, on, onContent } from "./dom.js";

onContent((scope) => first("[data-error-summary]", scope)?.focus());

on("click", "[data-error-summary] a", (event, link) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    const target = field.matches("input, select, textarea, button") ? field : first("input, select, textarea", field);
    target?.closest("details")?.setAttribute("open", "");
    (target ?? field).focus();
    (target ?? field).scrollIntoView({ block: "center" });
});

// data-mirror="flavor" shows the chosen label of the field of that name; an element can name the form with data-form.
function chosen(control) {
    if (!control) return null;
    if (control instanceof RadioNodeList) return [...control].find((item) => item.checked) ?? null;
    if (control instanceof HTMLSelectElement) return control.selectedOptions[0] ?? null;
    if (control.type === "radio" || control.type === "checkbox") return control.checked ? control : null;
    return control;
}

function label(item) {
    if (!item) return "";
    if (item.dataset.label) return item.dataset.label;
    return item instanceof HTMLOptionElement ? item.textContent.trim() : item.value;
}

// data-cost='{"vcpus": 2, "ram_mib": 2048}' on a choice, times the field marked data-cost-count, against quota bars.
function costs(form) {
    const times = Math.max(1, Number(first("[data-cost-count]", form)?.value) || 1);
    const total = { instances: times };
    for (const item of each("[data-cost]", form)) {
        const active = item instanceof HTMLOptionElement ? item.selected : item.checked;
        if (!active) continue;
        for (const [key, value] of Object.entries(JSON.parse(item.dataset.cost))) total[key] = (total[key] ?? 0) + value * times;
    }
    return total;
}

const scale = (value, unit) => {
    if (unit !== "mib" && unit !== "gib") return String(value);
    const units = ["MiB", "GiB", "TiB"];
    let step = unit === "gib" ? 1 : 0;
    while (value >= 1024 && step < 2) {
        value /= 1024;
        step += 1;
    }
    return `${Number(value.toFixed(1))} ${units[step]}`;
};

// data-needs on the chosen option of one field against data-cost of the options of another: what is too small says so.
function fit(form) {
    const chooser = first("[data-needs]:checked", form);
    const needs = chooser ? JSON.parse(chooser.dataset.needs) : {};
    for (const item of each("input[data-cost]", form)) {
        if (item.disabled && !item.dataset.unfit) continue; // disabled by the server, for a reason of its own
        const cost = JSON.parse(item.dataset.cost);
        const short = Object.entries(needs).some(([key, value]) => key in cost && cost[key] < value);
        item.disabled = short;
        if (short) item.dataset.unfit = "1";
        else delete item.dataset.unfit;
        if (short) item.checked = false;
        const words = first(".choice-text", item.closest(".choice"));
        let reason = first("[data-unfit-reason]", words);
        if (short && !reason) {
            reason = make("span", { class: "choice-reason", "data-unfit-reason": true }, form.dataset.fitReason);
            words.append(reason);
        } else if (!short) reason?.remove();
    }
}

function summarise(form) {
    fit(form);
    for (const element of each("[data-mirror]", form)) {
        const value = label(chosen(form.elements[element.dataset.mirror])) || element.dataset.empty || "-";
        if (element.textContent !== value) element.textContent = value;
    }
    const cost = costs(form);
    for (const bar of each("[data-quota]", form)) {
        const { quota, used, limit, unit } = bar.dataset;
        const after = Number(used) + (cost[quota] ?? 0);
        const bounded = limit !== "" && Number(limit) >= 0;
        const over = bounded && after > Number(limit);
        const meter = first("progress", bar);
        if (meter) {
            meter.value = after;
            meter.classList.toggle("progress-full", bounded && after >= Number(limit));
        }
        const output = first("[data-quota-text]", bar);
        if (output) {
            output.textContent = bounded ? `${scale(after, unit)} / ${scale(Number(limit), unit)}` : scale(after, unit);
            output.classList.toggle("text-danger", over);
        }
    }
}

const summaries = () => each("form[data-summary]").forEach(summarise);
onContent(summaries);
for (const type of ["input", "change"]) on(type, "form[data-summary]", (_event, form) => summarise(form));

// A plain form is sent once, however often the button is pressed.
document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog" || form.hasAttribute("hx-post") || form.hasAttribute("hx-get")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 8000);
});
addEventListener("pageshow", () => each("form[data-sent]").forEach((form) => delete form.dataset.sent));

// Menus and selects that act at once: <select data-submit>.
on("change", "[data-submit]", (_event, control) => control.form?.requestSubmit());
