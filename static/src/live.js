// One socket per tab. The page says which regions and lists it shows; the server pushes HTML for them, already
// filtered by what the viewer may see.
import htmx from "htmx.org";
import { sample } from "./lib/charts.js";
import { each, first, onContent, text } from "./lib/dom.js";
import { arrived, reload } from "./lib/lists.js";
import { toast } from "./lib/toasts.js";

const FIRST_DELAY = 500;
const LAST_DELAY = 10_000;
const QUIET = 70_000; // the server pings more often than this; longer silence means a dead line

let socket = null;
let attempt = 0;
let retry;
let watchdog;
let sent = "";
let lost = false;

const project = () => document.body.dataset.project ?? location.pathname.match(/^\/p\/([^/]+)\//)?.[1] ?? "";

function wanted() {
    const regions = new Set([
        ...each("[data-live]").map((element) => element.dataset.live),
        ...each("[data-chart]").map((element) => element.dataset.chart),
    ]);
    const lists = new Set(each("[data-live-list]").map((element) => element.dataset.liveList));
    return { type: "subscribe", project: project(), regions: [...regions].filter(Boolean).sort(), lists: [...lists].filter(Boolean).sort() };
}

export function subscribe() {
    if (socket?.readyState !== WebSocket.OPEN) return;
    const message = JSON.stringify(wanted());
    if (message === sent) return;
    sent = message;
    socket.send(message);
}

function gone(element) {
    if (element.dataset.liveGone !== "strike") {
        const list = element.closest("[data-live-list]");
        element.remove();
        if (list && !first("tbody tr", list)) reload(list); // what an empty list says, its page knows
        return;
    }
    if (element.classList.contains("is-gone")) return;
    element.classList.add("is-gone");
    element.removeAttribute("data-live");
    for (const control of each("button, input, select", element)) control.disabled = true;
    const pill = first(".pill", element);
    if (pill) {
        pill.className = "pill pill-grey";
        pill.replaceChildren(text("deleted"));
    }
}

function render({ region, html }) {
    for (const element of each(`[data-live="${CSS.escape(region)}"]`)) {
        if (html === null) gone(element);
        else htmx.swap({ text: html.trim(), target: element, sourceElement: element, swap: "outerMorph" });
    }
}

const handlers = {
    render: ({ items }) => items.forEach(render),
    created: ({ model, id }) => arrived(model, id),
    toast: (message) => toast(message),
    sample: ({ region, point }) => sample(region, point),
    news: ({ flows }) => {
        mark(flows);
        if (flows) catchUp();
    },
    ping: () => {},
};

function mark(connected) {
    document.body.classList.toggle("is-reconnecting", !connected);
    const sign = document.getElementById("live-mark");
    if (sign) sign.hidden = connected;
    document.documentElement.dataset.live = connected ? "on" : "off";
}

// Regions are rendered again by the server; rows that came or went meanwhile are known to the list's own page only.
function catchUp() {
    for (const list of each("[data-live-list]")) reload(list);
}

function listen() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => socket?.close(), QUIET);
}

function connect() {
    clearTimeout(retry);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/ws/live/`);
    const mine = socket;
    socket.addEventListener("open", () => {
        attempt = 0;
        sent = "";
        mark(true);
        if (lost) catchUp();
        lost = false;
        subscribe();
        listen();
    });
    socket.addEventListener("message", (event) => {
        listen();
        const message = JSON.parse(event.data);
        handlers[message.type]?.(message);
    });
    socket.addEventListener("close", (event) => {
        if (mine !== socket) return;
        clearTimeout(watchdog);
        socket = null;
        lost = true;
        mark(false);
        if (event.code === 4401 || event.code === 4403) return; // logged out: asking again would change nothing
        const ceiling = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** attempt);
        attempt += 1;
        retry = setTimeout(connect, ceiling / 2 + Math.random() * (ceiling / 2));
    });
}

const now = () => {
    if (!socket) connect();
};

if (document.querySelector('meta[name="live"]')) {
    connect();
    addEventListener("online", now);
    addEventListener("pageshow", (event) => event.persisted && now());
    addEventListener("pagehide", () => {
        const old = socket;
        socket = null;
        clearTimeout(retry);
        old?.close();
    });
    document.addEventListener("visibilitychange", () => document.hidden || now());
    document.addEventListener("virtdeck:regions", subscribe);
    onContent(() => queueMicrotask(subscribe));
}
