// One run of one function, in a separate process, which execution.mjs starts with this text. The
// job comes on standard input. The response leaves on descriptor 3: a line with the length of the
// content, then the content. Console output goes to the standard output and error. A run without a
// response has failed.

const { readFileSync, writeSync } = require("node:fs");
const { pathToFileURL } = require("node:url");

// Printing is synchronous, because a run may end at any time.
for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);

const job = JSON.parse(readFileSync(0, "utf8"));
const isAction = job.kind === "workflow-action";
const context = { ...job.context };
if (job.body !== undefined) context.body = JSON.parse(job.body);
if (isAction) context.inputFields = context.body?.inputFields ?? {};

/** Types that JSON would silently encode as an empty object. */
const unspeakable = new Set(["DOMException", "Error", "Map", "Promise", "Set", "WeakMap", "WeakSet"]);
const kindOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

/** The bytes of the response. The content already has the form in which callers get it. */
function said(response) {
    if (kindOf(response) !== "Object") {
        const example = isAction ? "{outputFields}" : "{statusCode, body, headers}";
        throw new TypeError(`it takes an object, such as ${example}, and not ${kindOf(response)}`);
    }
    const part = isAction ? "outputFields" : "body";
    const { [part]: value, ...members } = response;
    const { text, isJSON } = content(value, part);
    const bytes = Buffer.from(text);
    const line = JSON.stringify({ members, contentBytes: bytes.length, isJSON });
    return Buffer.concat([Buffer.from(`${line}\n`), bytes]);
}

function content(value, part) {
    if (isAction && value !== undefined && kindOf(value) !== "Object") throw new TypeError(`outputFields must be an object, not ${kindOf(value)}`);
    if (value === undefined) return { text: isAction ? "{}" : "", isJSON: isAction };
    if (typeof value === "string") return { text: value, isJSON: false };
    const text = unspeakable.has(kindOf(value)) ? undefined : JSON.stringify(value);
    if (text === undefined) throw new TypeError(`${part} cannot be JSON: ${kindOf(value)}`);
    return { text, isJSON: true };
}

/** Ends the run: the runner kills this process now, so no code after a response runs uncounted. */
function sendResponse(response = {}) {
    if (kindOf(response) === "Error" || response instanceof Error) {
        console.error(response);
        process.exit(1);
    }
    let bytes;
    try {
        bytes = said(response);
    } catch (error) {
        const fault = `what was given to sendResponse cannot be sent: ${error.message}`;
        bytes = Buffer.from(`${JSON.stringify({ fault })}\n`);
    }
    for (let sent = 0; sent < bytes.length; ) sent += writeSync(3, bytes, sent);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
    process.exit(0);
}

async function run() {
    const module = await import(pathToFileURL(job.file));
    const main = module.main ?? module.default?.main;
    if (typeof main !== "function") throw new TypeError(`${job.file} exports no main(context, sendResponse)`);
    return main(context, sendResponse);
}

run();
