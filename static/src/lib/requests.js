// htmx: the CSRF header, what happens when a request fails, and what a morph must leave alone.
import htmx from "htmx.org";
import { csrfToken, text } from "./dom.js";
import { toast } from "./toasts.js";

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    if (ctx.request.method !== "GET") ctx.request.headers["X-CSRFToken"] = csrfToken();
});

const GENERIC = { 401: "errorLogin", 403: "errorForbidden", 404: "errorMissing", 409: "error", 429: "error" };

function problem(ctx) {
    const type = ctx.response.headers.get("content-type") ?? "";
    let body = {};
    if (type.includes("json")) {
        try {
            body = JSON.parse(ctx.text);
        } catch {
            body = {};
        }
    }
    const { status } = ctx.response;
    return {
        level: "error",
        text: body.detail || body.title || text(GENERIC[status] ?? (status >= 500 ? "errorServer" : "error")),
        hint: body.hint,
        requestId: body.request_id ?? ctx.response.headers.get("x-request-id") ?? undefined,
    };
}

// A 422 is a form with its errors: it is swapped in. Anything else that failed is told in a toast and changes nothing.
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    if (ctx.response.status === 422 || ctx.hx?.reswap || ctx.hx?.retarget) return;
    ctx.swap = "none";
    ctx.push = null;
    ctx.replace = null;
    toast(problem(ctx));
});

document.addEventListener("htmx:error", ({ detail: { ctx, error } }) => {
    if (!ctx?.request) return;
    const late = ctx.request.signal?.reason === "timeout";
    if (error?.name === "AbortError" && !late) return;
    toast({ level: "error", text: text(late ? "errorTime" : "errorNetwork") });
});

// Logged out in the meantime: the login page must not land inside a table.
document.addEventListener("htmx:before:response", (event) => {
    const { raw } = event.detail.ctx.response;
    if (raw.redirected && new URL(raw.url).pathname.startsWith("/accounts/")) {
        event.preventDefault();
        location.assign(raw.url);
    }
});

// What the reader has opened, typed or ticked outlives a morph.
const KEPT = { DETAILS: ["open"], DIALOG: ["open"] };
htmx.registerExtension("keep", {
    htmx_before_morph_attr: (element, { attrName }) => {
        if (KEPT[element.tagName]?.includes(attrName)) return false;
        if (element.hasAttribute("data-keep") && element.dataset.keep.split(" ").includes(attrName)) return false;
        return true;
    },
});

export default htmx;
