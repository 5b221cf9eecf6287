// What both consoles share: the ticket, the state line, the toolbar.
const strings = JSON.parse(document.getElementById("ui-strings")?.textContent || "{}").console ?? {};

export const words = (key) => strings[key] ?? key;

async function ticket(element) {
    const answer = await fetch(element.dataset.ticketUrl, {
        method: "POST",
        headers: {
            "Content-Type": "application/json",
            Accept: "application/json",
            "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content ?? "",
        },
        body: JSON.stringify({ type: element.dataset.kind || element.dataset.console }),
    });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(body.detail || body.title || words("refused"));
    const url = new URL(body.url, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    return { url: url.href, password: body.password ?? "" };
}

// open({url, password}) starts the session; it calls frame.state() as things happen.
export class Frame {
    constructor(element, { open, close, focus }) {
        this.element = element;
        this.screen = element.querySelector("[data-console-screen]");
        this.open = open;
        this.close = close;
        this.focus = focus;
        this.attempt = 0;
        element.addEventListener("click", (event) => {
            const button = event.target.closest("[data-console-action]");
            if (button) this.act(button.dataset.consoleAction, button);
        });
        // The way out for the keyboard: the guest takes every other key, Tab and Escape among them.
        element.addEventListener(
            "keydown",
            (event) => {
                if (event.ctrlKey && event.shiftKey && event.code === "KeyL") {
                    event.preventDefault();
                    event.stopImmediatePropagation();
                    element.querySelector("[data-console-action]")?.focus();
                }
            },
            true,
        );
        addEventListener("pagehide", () => this.close());
    }

    act(action, button) {
        if (action === "reconnect") this.connect();
        else if (action === "fullscreen") this.fullscreen();
        else this.element.dispatchEvent(new CustomEvent(`console:${action}`, { detail: { button } }));
    }

    async fullscreen() {
        if (document.fullscreenElement) await document.exitFullscreen();
        else await this.element.requestFullscreen();
        this.focus();
    }

    state(name, reason = "") {
        const line = this.element.querySelector("[data-console-state]");
        line.dataset.state = name;
        line.textContent = reason ? `${words(name)}: ${reason}` : words(name);
        this.element.dataset.state = name;
        for (const button of this.element.querySelectorAll("[data-needs-connection]")) button.disabled = name !== "connected";
    }

    async connect() {
        this.attempt += 1;
        const mine = this.attempt;
        this.close();
        this.state("connecting");
        try {
            const session = await ticket(this.element);
            if (mine !== this.attempt) return;
            await this.open(session, (name, reason) => mine === this.attempt && this.state(name, reason));
        } catch (error) {
            if (mine === this.attempt) this.state("closed", error.message);
        }
    }
}
