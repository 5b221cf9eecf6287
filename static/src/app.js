// What every page loads. Everything listens on the document, so that swapped and morphed content needs no wiring.
import "./lib/requests.js";
import "./lib/charts.js";
import "./lib/confirm.js";
import "./lib/copy.js";
import "./lib/download.js";
import "./lib/forms.js";
import "./lib/lists.js";
import "./lib/menus.js";
import "./lib/palette.js";
import "./lib/shell.js";
import "./lib/tasks.js";
import "./lib/times.js";
import "./lib/toasts.js";
import "./live.js";
import { csrfToken, each, first, onContent, text } from "./lib/dom.js";

// Alpine is fetched only by pages that have a component.
let alpine;
onContent((scope) => {
    if (!alpine && each("[x-data]", scope).length) {
        alpine = import("./lib/alpine.js");
    }
});

// Uploads are rare: their script is fetched only by pages that take one.
let uploads;
onContent((scope) => {
    if (uploads || !each("form[data-upload]", scope).length) return;
    uploads = import("./lib/upload.js").then(({ start }) => start({ csrfToken, each, first, text }));
});
