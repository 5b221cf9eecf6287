// Small helpers that every module shares.

export const each = (selector, scope = document) => [
    ...(scope instanceof Element && scope.matches(selector) ? [scope] : []),
    ...scope.querySelectorAll(selector),
];

export const first = (selector, scope = document) => scope.querySelector(selector);

export function on(type, selector, handler, options) {
    document.addEventListener(
        type,
        (event) => {
            const target = event.target instanceof Element ? event.target.closest(selector) : null;
            if (target) handler(event, target);
        },
        options,
    );
}

// Run now, and again for whatever htmx brings in.
export function onContent(handler) {
    const start = () => handler(document);
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
    else start();
    document.addEventListener("htmx:after:settle", (event) => handler(event.target instanceof Element ? event.target : document));
}

let words;
export function text(key, value) {
    words ??= JSON.parse(document.getElementById("ui-strings")?.textContent || "{}");
    const found = key.split(".").reduce((level, part) => level?.[part], words) ?? key;
    return value === undefined ? found : found.replace("%s", value);
}

export const csrfToken = () => first('meta[name="csrf-token"]')?.content ?? "";

export function icon(name, css = "") {
    const sprite = first('meta[name="icons"]')?.content ?? "";
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", `icon ${css}`.trim());
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${sprite}#${name}`);
    svg.append(use);
    return svg;
}

export function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
}

export function setCookie(name, value) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

export function announce(message) {
    const region = document.getElementById("announcer");
    if (region) region.textContent = message;
}
