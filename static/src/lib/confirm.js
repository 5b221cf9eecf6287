// Friction before damage. Any link, button or form with data-confirm-title asks first:
//   data-confirm-title   "Delete instance web-1"; {n} becomes the number of selected rows
//   data-confirm-text    a sentence, or
//   data-confirm-body    id of a <template>, or
//   data-confirm-src     URL of a fragment (what goes and what stays); fields in it are sent along
//   data-confirm-type    "name" (with data-confirm-expect) or "count": what has to be typed
//   data-confirm-button  text of the button; data-confirm-danger colours it
import { first, make, text } from "./dom.js";
import { selected } from "./lists.js";

let pending = null;
const allowed = new WeakMap();

const dialog = () => document.getElementById("confirm-dialog");
const part = (name) => first(`[data-part="${name}"]`, dialog());

async function fill(element, names) {
    const { confirmText, confirmBody, confirmSrc } = element.dataset;
    const body = part("body");
    body.replaceChildren();
    if (confirmBody) {
        const template = document.getElementById(confirmBody.replace(/^#/, ""));
        if (template) body.append(template.content.cloneNode(true));
    } else if (confirmText) {
        body.append(make("p", {}, confirmText.replace("{n}", names.length)));
    }
    if (names.length) {
        const shown = names.slice(0, 10).map((name) => make("li", {}, name));
        if (names.length > 10) shown.push(make("li", {}, text("andMore", names.length - 10)));
        body.append(make("ul", {}, ...shown));
    }
    if (confirmSrc) {
        body.append(make("p", {}, text("loading")));
        try {
            const answer = await fetch(confirmSrc, { headers: { "HX-Request": "true" } });
            if (!answer.ok) throw new Error(answer.statusText);
            const html = await answer.text();
            if (pending?.element === element) body.innerHTML = html;
        } catch {
            body.replaceChildren(make("p", { class: "text-danger" }, text("errorNetwork")));
            part("accept").disabled = true;
        }
    }
}

function ask(element, submitter) {
    const { confirmTitle, confirmType, confirmExpect, confirmButton, confirmDanger } = element.dataset;
    const names = element.closest("[data-bulk]") ? selected(element).map((box) => box.dataset.name || box.value) : [];
    const title = confirmTitle.replace("{n}", names.length);
    const expected = confirmType === "count" ? String(names.length || confirmExpect) : confirmType === "name" ? confirmExpect : null;
    pending = { element, submitter, expected };
    part("title").textContent = title;
    const accept = part("accept");
    accept.textContent = confirmButton || title;
    accept.className = `btn ${confirmDanger ? "btn-danger" : "btn-primary"}`;
    accept.disabled = expected !== null;
    part("type").hidden = expected === null;
    const input = part("input");
    input.value = "";
    if (expected !== null) part("type-label").textContent = text(confirmType === "count" ? "typeCount" : "typeName", expected);
    fill(element, names);
    dialog().returnValue = "";
    dialog().showModal();
    (expected === null ? part("cancel") : input).focus();
}

function proceed() {
    const { element, submitter } = pending;
    const values = [...new FormData(first("form", dialog()))].filter(([name]) => name !== "confirm_text");
    allowed.set(element, values);
    if (element instanceof HTMLFormElement) element.requestSubmit(submitter ?? undefined);
    else element.click();
    allowed.delete(element);
}

function guard(event, element, submitter) {
    if (!element?.dataset.confirmTitle || element.getAttribute("aria-disabled") === "true") return;
    if (allowed.has(element)) {
        if (element instanceof HTMLFormElement && !element.hasAttribute("hx-post")) {
            for (const [name, value] of allowed.get(element)) element.append(make("input", { type: "hidden", name, value }));
        }
        return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(element, submitter);
}

document.addEventListener(
    "click",
    (event) => {
        const element = event.target instanceof Element ? event.target.closest("a[data-confirm-title], button[data-confirm-title]") : null;
        const menu = element?.closest(".menu:popover-open");
        guard(event, element);
        if (event.defaultPrevented) menu?.hidePopover();
    },
    true,
);
document.addEventListener("submit", (event) => guard(event, event.target, event.submitter), true);

// Fields of the dialog travel with the request that was confirmed.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    for (const [name, value] of allowed.get(ctx.sourceElement) ?? []) ctx.request.body.append(name, value);
});

document.addEventListener("input", (event) => {
    if (event.target.matches?.('#confirm-dialog [data-part="input"]')) {
        part("accept").disabled = event.target.value.trim() !== pending?.expected;
    }
});

document.addEventListener(
    "close",
    (event) => {
        if (event.target.id !== "confirm-dialog") return;
        if (event.target.returnValue === "accept" && pending) proceed();
        else pending?.element.focus?.();
        pending = null;
    },
    true,
);
