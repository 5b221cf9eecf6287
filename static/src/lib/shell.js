// Theme, sidebar, and the navigation drawer on phones.
import { first, on, setCookie } from "./dom.js";

const root = document.documentElement;

// On a phone the tab of this page may lie beyond the edge.
const tab = first(".tabs [aria-current]");
if (tab) tab.closest(".tabs").scrollLeft = tab.offsetLeft - 24;

on("click", "[data-theme-choice]", (_event, button) => {
    const theme = button.dataset.themeChoice;
    setCookie("theme", theme);
    root.dataset.bsTheme = theme;
    for (const other of document.querySelectorAll("[data-theme-choice]")) {
        other.setAttribute("aria-pressed", String(other.dataset.themeChoice === theme));
    }
    document.dispatchEvent(new CustomEvent("virtdeck:theme"));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("virtdeck:theme")));

on("click", "[data-sidebar-fold]", (_event, button) => {
    const folded = root.dataset.sidebar !== "folded";
    root.dataset.sidebar = folded ? "folded" : "open";
    setCookie("sidebar", root.dataset.sidebar);
    button.setAttribute("aria-expanded", String(!folded));
});

function navigation(open) {
    root.classList.toggle("nav-open", open);
    const button = first("[data-nav-toggle]");
    button?.setAttribute("aria-expanded", String(open));
    first(".shell-main")?.toggleAttribute("inert", open);
    (open ? first(".sidebar a") : button)?.focus();
}

on("click", "[data-nav-toggle]", () => navigation(!root.classList.contains("nav-open")));
on("click", ".nav-backdrop", () => navigation(false));
document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.classList.contains("nav-open")) navigation(false);
});
matchMedia("(min-width: 992px)").addEventListener("change", (query) => {
    if (query.matches && root.classList.contains("nav-open")) navigation(false);
});
