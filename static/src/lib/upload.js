// <form data-upload>: the file goes up in a request of its own, with progress.
// Without data-upload-to the form's fields are sent first; the answer {file, page} says where the file goes.
// A chunk of its own: it takes its helpers from the caller, so that it shares no module with app.js.
let csrfToken;
let each;
let first;
let text;

const part = (form, name) => first(`[data-upload-${name}]`, form);

function complain(form, message) {
    const error = part(form, "error");
    error.textContent = message;
    error.hidden = false;
    part(form, "progress").hidden = true;
}

async function describe(form) {
    if (form.dataset.uploadTo) return { file: form.dataset.uploadTo, page: form.dataset.uploadDone };
    const answer = await fetch(form.action || location.href, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
        body: new FormData(form),
    });
    if (answer.status === 201) return answer.json();
    if (answer.status === 422) {
        // The page again, with what has to be corrected. The chosen file stays: only the fields are exchanged.
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const fresh of each("form[data-upload] > .field, form[data-upload] > .error-summary", page)) {
            if (first("[data-upload-file]", fresh)) continue;
            const id = first("[id^=id_]", fresh)?.id;
            const old = id && document.getElementById(id)?.closest(".field");
            if (old) old.replaceWith(fresh);
            else if (fresh.matches(".error-summary")) {
                first(".error-summary", form)?.remove();
                form.prepend(fresh);
                fresh.focus();
            }
        }
        return null;
    }
    const body = await answer.json().catch(() => ({}));
    throw new Error(body.detail || body.title || text("errorServer"));
}

const MEBI = 1024 * 1024;
const amount = (bytes) => `${(bytes / MEBI).toFixed(bytes < 10 * MEBI ? 1 : 0)} MiB`;

function send(form, file, to) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
        request.open("PUT", to);
        request.setRequestHeader("Content-Type", "application/octet-stream");
        request.setRequestHeader("Accept", "application/json");
        request.setRequestHeader("X-CSRFToken", csrfToken());
        const holder = part(form, "progress");
        holder.hidden = false;
        request.upload.addEventListener("progress", ({ loaded, total }) => {
            first("progress", holder).value = total ? loaded / total : 0;
            part(form, "text").textContent = `${amount(loaded)} / ${amount(total)}`;
        });
        request.addEventListener("load", () => {
            if (request.status < 300) return resolve();
            let body;
            try {
                body = JSON.parse(request.responseText);
            } catch {
                body = {};
            }
            return reject(new Error([body.detail || body.title || text("errorServer"), body.hint].filter(Boolean).join(" ")));
        });
        request.addEventListener("error", () => reject(new Error(text("errorNetwork"))));
        request.send(file);
    });
}

async function upload(form) {
    const file = part(form, "file").files[0];
    part(form, "error").hidden = true;
    if (!file) {
        part(form, "file").focus();
        complain(form, text("fileMissing"));
        return;
    }
    const buttons = each("button", form);
    for (const button of buttons) button.disabled = true;
    try {
        const goal = await describe(form);
        if (!goal) return;
        form.dataset.uploadTo = goal.file; // a second try sends the file only: the image is there already
        form.dataset.uploadDone = goal.page;
        await send(form, file, goal.file);
        location.assign(goal.page);
    } catch (error) {
        complain(form, error.message);
    } finally {
        for (const button of buttons) button.disabled = false;
    }
}

export function start(helpers) {
    ({ csrfToken, each, first, text } = helpers);
    document.addEventListener("submit", (event) => {
        if (!event.target.matches("form[data-upload]")) return;
        event.preventDefault();
        upload(event.target);
    });
}
