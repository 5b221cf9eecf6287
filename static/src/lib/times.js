// Keeps <time class="rel"> fresh, in the very words that the server used.
import { each, onContent, text } from "./dom.js";

const language = document.documentElement.lang || "en";
const absolute = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

function relative(seconds) {
    if (seconds < 10) return text("justNow");
    if (seconds < 60) return text("ago.second", seconds);
    if (seconds < 3600) return text("ago.minute", Math.floor(seconds / 60));
    if (seconds < 86400) return text("ago.hour", Math.floor(seconds / 3600));
    const days = Math.floor(seconds / 86400);
    return text(days === 1 ? "ago.day" : "ago.days", days);
}

function show(element) {
    const then = Date.parse(element.dateTime);
    if (Number.isNaN(then)) return;
    const seconds = Math.max(0, Math.floor((Date.now() - then) / 1000));
    const label = element.classList.contains("elapsed") ? clock(seconds) : relative(seconds);
    if (element.textContent !== label) element.textContent = label;
    const title = absolute.format(then);
    if (element.title !== title) element.title = title;
}

const all = (scope) => each("time.rel, time.elapsed", scope).forEach(show);
onContent(all);
setInterval(() => {
    if (!document.hidden) each("time.elapsed").forEach(show);
}, 1000);
setInterval(() => {
    if (!document.hidden) all(document);
}, 15000);
document.addEventListener("visibilitychange", () => all(document));
