// One run of one function, in a process of its own (execution.mjs starts it). The job comes on standard input, the response leaves
// as one line on descriptor 3, and console output goes where it always goes. What ends otherwise has failed.

import { readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

// What is printed is out before the next statement: a run may end at any time.
for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);

const job = JSON.parse(readFileSync(0, "utf8"));
const context = { ...job.context };
if (job.body !== undefined) context.body = JSON.parse(job.body);
if (job.kind === "workflow-action") context.inputFields = context.body?.inputFields ?? {};

/** The run ends here: whoever started this process kills it now, so nothing behind a response runs uncounted. */
function sendResponse(response = {}) {
    let line;
    try {
        line = JSON.stringify({ response });
    } catch (error) {
        line = JSON.stringify({ fault: `what was given to sendResponse is not JSON: ${error.message}` });
    }
    const bytes = Buffer.from(`${line}\n`);
    for (let sent = 0; sent < bytes.length; ) sent += writeSync(3, bytes, sent);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
    process.exit(0);
}

const module = await import(pathToFileURL(job.file));
const main = module.main ?? module.default?.main;
if (typeof main !== "function") throw new TypeError(`${job.file} exports no main(context, sendResponse)`);
main(context, sendResponse);
