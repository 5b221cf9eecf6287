// The graphical console.
import RFB from "@novnc/novnc";
import { Frame, words } from "./console-common.js";

const X11 = { enter: 0xff0d, tab: 0xff09, shift: 0xffe1 };

function keysym(char) {
    if (char === "\n") return X11.enter;
    if (char === "\t") return X11.tab;
    const point = char.codePointAt(0);
    return point < 0x100 ? point : 0x1000000 + point;
}

// A guest without an agent has no clipboard: type the text, key by key.
async function type(rfb, text) {
    for (const char of text.replaceAll("\r\n", "\n")) {
        const shifted = /[A-Z~!@#$%^&*()_+{}|:"<>?]/.test(char);
        if (shifted) rfb.sendKey(X11.shift, "ShiftLeft", true);
        rfb.sendKey(keysym(char), null);
        if (shifted) rfb.sendKey(X11.shift, "ShiftLeft", false);
        await new Promise((resolve) => setTimeout(resolve, 12));
    }
}

function start(element) {
    const screen = element.querySelector("[data-console-screen]");
    let rfb = null;

    const frame = new Frame(element, {
        open: ({ url, password }, state) => {
            rfb = new RFB(screen, url, { wsProtocols: ["binary"], credentials: { password } });
            rfb.scaleViewport = true;
            rfb.resizeSession = false;
            rfb.background = "#0f1219";
            rfb.focusOnClick = true;
            let reason = "";
            let opened = false;
            rfb.addEventListener("connect", () => {
                opened = true;
                state("connected");
                const canvas = screen.querySelector("canvas");
                canvas?.setAttribute("aria-label", element.dataset.label ?? "");
                canvas?.setAttribute("role", "img");
                rfb.focus();
            });
            rfb.addEventListener("securityfailure", ({ detail }) => {
                reason = detail.reason ?? "";
            });
            rfb.addEventListener("disconnect", ({ detail }) => {
                state("closed", reason || (opened ? words(detail.clean ? "ended" : "lost") : words("refused")));
            });
            window.virtdeckVnc = rfb;
        },
        close: () => {
            rfb?.disconnect();
            rfb = null;
            screen.replaceChildren();
        },
        focus: () => rfb?.focus(),
    });

    element.addEventListener("console:ctrlaltdel", () => {
        rfb?.sendCtrlAltDel();
        rfb?.focus();
    });
    const dialog = element.querySelector("dialog");
    element.addEventListener("console:paste", () => dialog?.showModal());
    dialog?.addEventListener("close", async () => {
        const area = dialog.querySelector("textarea");
        const text = area.value;
        area.value = "";
        if (dialog.returnValue === "send" && rfb) await type(rfb, text);
        rfb?.focus();
    });
    frame.connect();
}

for (const element of document.querySelectorAll('[data-console="vnc"]')) start(element);
