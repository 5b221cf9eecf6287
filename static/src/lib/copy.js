// <button class="copy" data-copy="text"> or data-copy-from="#id".
import { announce, first, on, text } from "./dom.js";

async function write(value) {
    if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(value);
    const area = document.createElement("textarea"); // plain HTTP in a lab has no clipboard API
    area.value = value;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("refused");
    return undefined;
}

on("click", "[data-copy], [data-copy-from]", async (_event, button) => {
    const source = button.dataset.copyFrom ? first(button.dataset.copyFrom) : null;
    const value = source ? (source.value ?? source.textContent) : button.dataset.copy;
    try {
        await write(value);
        button.classList.add("is-done");
        announce(text("copied"));
        setTimeout(() => button.classList.remove("is-done"), 1500);
    } catch {
        announce(text("copyFailed"));
    }
    button.focus();
});
