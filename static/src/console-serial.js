// The serial console. window.virtdeckTerminal is the terminal, for tests and for the curious.
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { Frame, words } from "./console-common.js";

function start(element) {
    const screen = element.querySelector("[data-console-screen]");
    const terminal = new Terminal({
        convertEol: false,
        cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
        fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
        fontSize: 13,
        scrollback: 5000,
        screenReaderMode: element.dataset.screenReader === "true",
        theme: { background: "#0f1219", foreground: "#d7dce6", cursor: "#9db2ff", brightBlack: "#8b93a5", selectionBackground: "#34437a" },
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(screen);
    terminal.textarea?.setAttribute("aria-label", element.dataset.label ?? "");
    const resize = () => screen.clientWidth > 40 && fit.fit();
    new ResizeObserver(resize).observe(screen);
    resize();

    let socket = null;
    const encoder = new TextEncoder();
    const send = (data) => socket?.readyState === WebSocket.OPEN && socket.send(data);
    terminal.onData((data) => send(encoder.encode(data)));
    terminal.onBinary((data) => send(Uint8Array.from(data, (char) => char.charCodeAt(0))));

    const frame = new Frame(element, {
        open: ({ url }, state) => {
            socket = new WebSocket(url, ["binary"]);
            socket.binaryType = "arraybuffer";
            let opened = false;
            socket.addEventListener("open", () => {
                opened = true;
                state("connected");
                terminal.write(`\x1b[90m${words("quiet")}\x1b[0m\r\n`); // a guest at its prompt says nothing by itself
                terminal.focus();
            });
            socket.addEventListener("message", ({ data }) => {
                terminal.write(typeof data === "string" ? data : new Uint8Array(data));
            });
            socket.addEventListener("close", ({ reason, wasClean }) => {
                state("closed", reason || (opened ? words(wasClean ? "ended" : "lost") : words("refused")));
            });
        },
        close: () => {
            socket?.close();
            socket = null;
        },
        focus: () => terminal.focus(),
    });

    element.addEventListener("console:clear", () => {
        terminal.clear();
        terminal.focus();
    });
    element.addEventListener("console:paste", async () => {
        const text = await navigator.clipboard?.readText?.().catch(() => "");
        if (text) terminal.paste(text);
        terminal.focus();
    });
    window.virtdeckTerminal = terminal;
    frame.connect();
}

for (const element of document.querySelectorAll('[data-console="serial"]')) start(element);
