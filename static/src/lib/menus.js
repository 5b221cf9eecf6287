// Menus are native popovers; this puts them next to their button and moves with the arrow keys.
import { each, first, on } from "./dom.js";

const opener = (menu) => first(`[popovertarget="${CSS.escape(menu.id)}"]`);

function place(menu) {
    const button = opener(menu);
    if (!button) return;
    const anchor = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    const edge = 8;
    const startAligned = anchor.left + width <= innerWidth - edge;
    const left = startAligned && anchor.left < innerWidth / 2 ? anchor.left : anchor.right - width;
    const below = anchor.bottom + 4 + height <= innerHeight - edge || anchor.top < innerHeight / 2;
    menu.style.left = `${Math.max(edge, Math.min(left, innerWidth - width - edge))}px`;
    menu.style.top = `${Math.max(edge, below ? Math.min(anchor.bottom + 4, innerHeight - height - edge) : anchor.top - height - 4)}px`;
}

document.addEventListener(
    "toggle",
    (event) => {
        const menu = event.target;
        if (!(menu instanceof HTMLElement) || !menu.matches(".menu[popover]")) return;
        const open = event.newState === "open";
        opener(menu)?.setAttribute("aria-expanded", String(open));
        if (!open) return;
        place(menu);
        first("a, button, input, select", menu)?.focus({ preventScroll: true });
    },
    true,
);

const openMenus = () => each(".menu:popover-open");
for (const type of ["scroll", "resize"]) addEventListener(type, () => openMenus().forEach(place), { capture: true, passive: true });

on("keydown", ".menu", (event, menu) => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: "first", End: "last" }[event.key];
    if (step === undefined || event.target.matches("input, select")) return;
    const items = each("a[href], button", menu);
    const here = items.indexOf(document.activeElement);
    const next = step === "first" ? 0 : step === "last" ? items.length - 1 : (here + step + items.length) % items.length;
    items[next]?.focus();
    event.preventDefault();
});

on("click", ".menu a, .menu button", (_event, item) => {
    if (item.getAttribute("aria-disabled") === "true" || item.hasAttribute("data-keep-open")) return;
    item.closest(".menu").hidePopover();
});

on("click", '[aria-disabled="true"]', (event) => event.preventDefault());
