// The task drawer: fetched when it opens, kept live while it is open, emptied when it closes.
import htmx from "htmx.org";
import { each, first } from "./dom.js";

document.addEventListener(
    "toggle",
    (event) => {
        const drawer = event.target;
        if (drawer.id !== "task-drawer") return;
        const open = event.newState === "open";
        for (const button of each('[popovertarget="task-drawer"]')) button.setAttribute("aria-expanded", String(open));
        const body = first("[data-tasks]", drawer);
        if (open) {
            first("[popovertargetaction=hide]", drawer)?.focus();
            htmx.ajax("GET", body.dataset.tasks, { target: body, source: body, swap: "innerMorph" });
        } else {
            body.replaceChildren(first("template", drawer).content.cloneNode(true));
            document.dispatchEvent(new CustomEvent("virtdeck:regions"));
        }
    },
    true,
);
