// The result of my own action. Good news leaves by itself, errors stay until they are closed.
import { icon, make, on, onContent, text } from "./dom.js";

const STAY = 6000;
const ICONS = { success: "circle-check", error: "alert-circle", warning: "alert-triangle", info: "info-circle" };

function leave(note) {
    const timer = setTimeout(() => {
        if (note.matches(":hover, :focus-within")) leave(note);
        else note.remove();
    }, STAY);
    note.addEventListener("click", () => clearTimeout(timer), { once: true });
}

export function toast({ level = "success", text: message, hint, href, requestId }) {
    const holder = document.getElementById("toasts");
    if (!holder || !message) return;
    const same = [...holder.children].find((note) => note.dataset.message === message);
    same?.remove();
    const body = make("div", { class: "note-text" }, href ? make("a", { href }, message) : message);
    if (hint) body.append(make("small", {}, hint));
    if (requestId) body.append(make("small", {}, text("requestId", requestId)));
    const note = make(
        "div",
        { class: `note note-${level}`, role: level === "error" ? "alert" : "status", "data-message": message },
        icon(ICONS[level] ?? ICONS.info),
        body,
        make("button", { type: "button", class: "btn-close-note", "aria-label": text("close") }, icon("x", "icon-sm")),
    );
    holder.append(note);
    if (level !== "error") leave(note);
}

on("click", ".btn-close-note", (_event, button) => button.closest(".note").remove());

// `HX-Trigger: {"toast": {"level": "success", "text": "..."}}` on any answer.
document.addEventListener("toast", (event) => toast(event.detail));

onContent((scope) => {
    for (const note of scope.querySelectorAll(".note:not([data-message])")) {
        note.dataset.message = note.textContent.trim();
        if (!note.classList.contains("note-error")) leave(note);
    }
});
