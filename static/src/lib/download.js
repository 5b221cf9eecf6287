// <button data-download="#id" data-download-name="key.pem"> saves the text of an element as a file.
import { first, make, on } from "./dom.js";

on("click", "[data-download]", (_event, button) => {
    const url = URL.createObjectURL(new Blob([first(button.dataset.download).textContent], { type: "application/octet-stream" }));
    make("a", { href: url, download: button.dataset.downloadName }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
});
