// Builds static/dist/ from static/src/ and the npm packages. Run by `npm run build`.
//
// Entry files keep plain names (Django's manifest storage hashes them); lazily loaded chunks carry esbuild's own
// content hash, because the storage does not rewrite imports inside scripts. No source maps: a reference to a file
// that is not there breaks collectstatic.
import { build, context } from "esbuild";
import { bundleAsync, transform } from "lightningcss";
import { PurgeCSS } from "purgecss";
import { createRequire } from "node:module";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const src = path.join(root, "static/src");
const dist = path.join(root, "static/dist");
const modules = path.join(root, "node_modules");
const require = createRequire(import.meta.url);
const BUDGET = 150 * 1024; // gzip bytes a normal page may load: app.js, app.css, icons.svg and the Latin font

// --scan DIR: more places that name icons and classes, for trying things out
const scanned = process.argv.flatMap((word, index, all) => (all[index - 1] === "--scan" ? [word] : []));
const IGNORED = new Set([".git", ".venv", "node_modules", "dist", "var", "__pycache__", "migrations", "locale", "tests"]);

async function* walk(directory, extensions) {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
        if (IGNORED.has(entry.name) || entry.name.startsWith(".")) continue;
        const full = path.join(directory, entry.name);
        if (entry.isDirectory()) yield* walk(full, extensions);
        else if (extensions.includes(path.extname(entry.name))) yield full;
    }
}

async function sources() {
    const files = [];
    for await (const file of walk(root, [".html", ".py"])) files.push(file);
    for await (const file of walk(src, [".js"])) files.push(file);
    for (const extra of scanned) for await (const file of walk(path.resolve(extra), [".html", ".py"])) files.push(file);
    return Promise.all(files.map(async (file) => ({ file, text: await readFile(file, "utf8") })));
}

// One sprite with exactly the icons somebody names: {% icon "server" %}, icon="server", "icon": "server". In Python
// files that speak of icons every string that is an icon's name counts too: names travel there in tuples and tables.
async function icons(files) {
    const available = new Set((await readdir(path.join(modules, "@tabler/icons/icons/outline"))).map((name) => name.slice(0, -4)));
    const wanted = new Map();
    for (const { file, text } of files) {
        for (const match of text.matchAll(/\bicon(?:_name)?["']?\s*[=:(]?\s*["']([a-z][a-z0-9-]*)["']/g)) {
            if (!wanted.has(match[1])) wanted.set(match[1], file);
        }
        if (!file.endsWith(".py") || !/\bicon\b/.test(text)) continue;
        for (const [, name] of text.matchAll(/["']([a-z][a-z0-9-]*)["']/g)) {
            if (available.has(name) && !wanted.has(name)) wanted.set(name, file);
        }
    }
    const symbols = [];
    const missing = [];
    for (const name of [...wanted.keys()].sort()) {
        const file = path.join(modules, "@tabler/icons/icons/outline", `${name}.svg`);
        if (!available.has(name)) {
            missing.push(`${name} (${path.relative(root, wanted.get(name))})`);
            continue;
        }
        const svg = await readFile(file, "utf8");
        const body = svg
            .replace(/<!--[\s\S]*?-->/g, "")
            .replace(/^[\s\S]*?<svg[^>]*>/, "")
            .replace(/<\/svg>\s*$/, "")
            .replace(/\s*\n\s*/g, "");
        symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${body}</symbol>`);
    }
    if (missing.length) console.warn(`  no such icon in @tabler/icons: ${missing.join(", ")}`);
    await writeFile(path.join(dist, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
    return symbols.length;
}

function packageFile(specifier) {
    return path.join(modules, specifier);
}

async function bundleCss(entry) {
    const { code } = await bundleAsync({
        filename: path.join(src, "css", entry),
        resolver: {
            resolve: (specifier, from) =>
                specifier.startsWith("~") ? packageFile(specifier.slice(1)) : path.resolve(path.dirname(from), specifier),
        },
    });
    return code.toString();
}

// Tabler is 70 KiB gzip; our pages use a fraction. Class names are looked for in templates, Python and our scripts;
// the everyday utilities stay in any case. Our own style sheets are never cut.
async function vendorCss(files) {
    const content = files.map(({ file, text }) => ({ raw: text, extension: path.extname(file).slice(1) }));
    const [purged] = await new PurgeCSS().purge({
        content,
        css: [{ raw: await bundleCss("vendor.css") }],
        defaultExtractor: (text) => text.match(/[A-Za-z0-9_-]+/g) ?? [],
        safelist: {
            standard: [/^htmx-/, /^(show|active|disabled)$/, /^[mp][tbsexy]?-(sm-|md-|lg-)?(\d|auto)$/, /^d-(md-|lg-)?(none|block|flex|grid)$/,
                /^(gap|row|col|flex|align|justify|text|w|h|fw|small|btn|form|badge|input)(-|$)/],
            greedy: [/^uplot/, /^u-/],
        },
        keyframes: true,
    });
    return purged.css;
}

async function styles(files) {
    const sheets = {
        "app.css": `${await vendorCss(files)}\n${await bundleCss("app.css")}`,
        "console.css": await bundleCss("console.css"),
    };
    for (const [name, css] of Object.entries(sheets)) {
        const { code } = transform({
            filename: name,
            code: Buffer.from(css),
            minify: true,
            exclude: 0xfffff, // every browser we serve has light-dark(), color-mix() and nesting: keep them as written
        });
        await writeFile(path.join(dist, name), code);
    }
}

const common = {
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    splitting: true,
    legalComments: "none",
    outdir: dist,
    chunkNames: "chunks/[name]-[hash]",
    metafile: true,
    logLevel: "warning",
    absWorkingDir: root,
};
const bundles = [
    { ...common, entryPoints: { app: path.join(src, "app.js") } },
    {
        ...common,
        entryPoints: {
            "console-vnc": path.join(src, "console-vnc.js"),
            "console-serial": path.join(src, "console-serial.js"),
        },
    },
];

async function assets() {
    await mkdir(path.join(dist, "fonts"), { recursive: true });
    await mkdir(path.join(dist, "img"), { recursive: true });
    const fonts = path.dirname(require.resolve("@fontsource-variable/inter/package.json"));
    await copyFile(path.join(fonts, "files/inter-latin-wght-normal.woff2"), path.join(dist, "fonts/inter-latin.woff2"));
    await copyFile(path.join(fonts, "files/inter-latin-ext-wght-normal.woff2"), path.join(dist, "fonts/inter-latin-ext.woff2"));
    for (const file of await readdir(path.join(src, "img"))) {
        await copyFile(path.join(src, "img", file), path.join(dist, "img", file));
    }
}

const kib = (bytes) => `${(bytes / 1024).toFixed(1).padStart(6)} KiB`;

async function report(count) {
    const names = [];
    for await (const file of walk(dist, [".js", ".css", ".svg", ".woff2"])) names.push(path.relative(dist, file));
    let page = 0;
    for (const name of names.sort()) {
        const data = await readFile(path.join(dist, name));
        const size = name.endsWith(".woff2") ? data.length : gzipSync(data, { level: 9 }).length;
        const counted = ["app.js", "app.css", "icons.svg", "fonts/inter-latin.woff2"].includes(name);
        if (counted) page += size;
        console.log(`  ${name.padEnd(36)} ${kib(data.length)}  gzip ${kib(size)}${counted ? "  *" : ""}`);
    }
    console.log(`  * a normal page: ${kib(page).trim()} of ${kib(BUDGET).trim()} gzip, ${count} icons`);
    return page;
}

async function once() {
    const started = performance.now();
    await rm(dist, { recursive: true, force: true });
    await mkdir(dist, { recursive: true });
    const files = await sources();
    const [count, results] = await Promise.all([
        icons(files),
        Promise.all(bundles.map((options) => build(options))),
        styles(files),
        assets(),
    ]);
    // app.js must stand alone: a chunk that it imports statically would be a second round trip on every page.
    const entry = results[0].metafile.outputs["static/dist/app.js"];
    const eager = entry.imports.filter((item) => item.kind === "import-statement");
    const page = await report(count);
    console.log(`  built in ${Math.round(performance.now() - started)} ms`);
    if (eager.length) throw new Error(`app.js imports chunks eagerly: ${eager.map((item) => item.path).join(", ")}`);
    if (page > BUDGET) throw new Error(`a normal page would load ${kib(page).trim()} gzip; the budget is ${kib(BUDGET).trim()}`);
}

async function watch() {
    await once();
    const again = {
        name: "again",
        setup(step) {
            step.onEnd(async () => {
                const files = await sources();
                await Promise.all([icons(files), styles(files)]);
                console.log("  rebuilt");
            });
        },
    };
    for (const options of bundles) await (await context({ ...options, plugins: [again] })).watch();
}

try {
    await (process.argv.includes("--watch") ? watch() : once());
} catch (error) {
    console.error(error.message ?? error);
    process.exitCode = 1;
}
