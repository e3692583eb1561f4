// Runs one function in a process of its own and says how that ended: at its response, at the granted time, at its memory cap, or by
// itself. Everything that comes out of the process is bounded, and nothing of it is left when the run is over.

import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** A response has at most so many bytes, as the line it travels in. */
export const maximumResponseBytes = 6 << 20;
/** Of what a run prints, so much is kept. */
export const maximumLogBytes = 4 << 10;
/** What Node itself takes, beside the heap that the cap is about. */
const nodesOwnBytes = 64 << 20;
const memoryLookMs = 100;
/** What a process leaves behind it may hold its pipes open; so long are they waited for. */
const pipesMs = 100;

const worker = path.join(path.dirname(fileURLToPath(import.meta.url)), "worker.mjs");

/** No core files; and, where the machine can do that, no worker survives the runner, however that ends. */
const setpriv = spawnSync("/bin/sh", ["-c", "setpriv --pdeathsig KILL true && command -v setpriv"], { env: {} })
    .stdout?.toString().trim();
export const diesWithRunner = Boolean(setpriv);
const dying = diesWithRunner ? [setpriv, "--pdeathsig", "KILL"] : [];
const prelude = ["-c", 'ulimit -c 0; exec "$@"', "sh", ...dying, process.execPath];

/**
 * How a run ended. `response`: what was given to sendResponse, only for `responded`. `memoryBytes`: the most that the process had, 0 where
 * that cannot be known. `log`: what it printed.
 * @typedef {{ending: "responded"|"timed-out"|"out-of-memory"|"crashed"|"silent"|"unreadable"|"not-started", detail: string,
 *   response?: any, durationMs: number, memoryBytes: number, log: string}} Run
 */

/**
 * @param {import("./project.mjs").Fn} fn
 * @param {string} folder where it is at home
 * @param {object} context @param {string|undefined} body JSON
 * @param {{grantedMs: number, memoryBytes: number}} bounds
 * @returns {Promise<Run>} never rejects
 */
export function execute(fn, folder, context, body, { grantedMs, memoryBytes }) {
    return new Promise((resolve) => new Execution(fn, folder, { grantedMs, memoryBytes }, resolve).start(context, body));
}

class Execution {
    #fn;
    #folder;
    #bounds;
    #resolve;
    #process;
    #began = performance.now();
    #endedAt;
    #exit;
    #ending;
    #heapIsFull = false;
    #peakBytes = 0;
    #log = new Log();
    #line = [];
    #lineBytes = 0;
    #timers = [];

    constructor(fn, folder, bounds, resolve) {
        this.#fn = fn;
        this.#folder = folder;
        this.#bounds = bounds;
        this.#resolve = resolve;
    }

    start(context, body) {
        const { grantedMs, memoryBytes } = this.#bounds;
        const heapMiB = Math.max(8, Math.floor(memoryBytes / 2 ** 20));
        try {
            // A group of its own, so that what a function starts ends with it.
            this.#process = spawn("/bin/sh", [...prelude, `--max-old-space-size=${heapMiB}`, worker], {
                cwd: this.#folder, env: this.#fn.environment, stdio: ["pipe", "pipe", "pipe", "pipe"], detached: true,
            });
        } catch (error) {
            return this.#notStarted(error);
        }
        this.#process.on("error", (error) => this.#notStarted(error));
        if (this.#process.pid === undefined) return;
        this.#process.on("exit", (code, signal) => this.#exited(code, signal));
        this.#process.on("close", () => this.#finish());
        const [input, output, errors, reply] = this.#process.stdio;
        // It may end before it has read its job, or while something is read from it.
        for (const stream of [input, output, errors, reply]) stream.on("error", () => {});
        output.on("data", (bytes) => this.#log.add(bytes));
        errors.on("data", (bytes) => {
            this.#log.add(bytes);
            this.#heapIsFull ||= bytes.includes("JavaScript heap out of memory");
        });
        reply.on("data", (bytes) => this.#read(bytes));
        this.#timers.push(
            setTimeout(() => this.#end("timed-out", `it had not answered after the granted ${grantedMs} ms`), grantedMs),
            setInterval(() => this.#watchMemory(), memoryLookMs),
        );
        input.end(JSON.stringify({ file: this.#fn.file, kind: this.#fn.kind, context, body }));
    }

    #notStarted(error) {
        this.#ending ??= { ending: "not-started", detail: `its process cannot be started: ${error.message}` };
        this.#endedAt ??= performance.now();
        this.#finish();
    }

    /** What has ended the run first counts. */
    #end(ending, detail, response) {
        if (this.#ending !== undefined) return;
        this.#ending = { ending, detail, response };
        this.#measure();
        this.#kill();
    }

    #kill() {
        try {
            process.kill(-this.#process.pid, "SIGKILL");
        } catch (error) {
            if (error.code !== "ESRCH") throw error;
        }
    }

    /** One line; whatever comes behind it is nobody's business. */
    #read(bytes) {
        if (this.#ending !== undefined) return;
        const end = bytes.indexOf(0x0a);
        this.#line.push(end < 0 ? bytes : bytes.subarray(0, end));
        this.#lineBytes += bytes.length;
        if (this.#lineBytes > maximumResponseBytes) {
            this.#line = [];
            return this.#end("unreadable", `its response has more than ${maximumResponseBytes} bytes`);
        }
        if (end < 0) return;
        try {
            const { response, fault } = JSON.parse(Buffer.concat(this.#line).toString());
            if (fault === undefined) this.#end("responded", "it responded", response);
            else this.#end("unreadable", fault);
        } catch (error) {
            this.#end("unreadable", `its response cannot be read: ${error.message}`);
        }
    }

    #watchMemory() {
        this.#measure();
        if (this.#peakBytes > this.#bounds.memoryBytes + nodesOwnBytes) this.#end("out-of-memory", this.#tooMuch);
    }

    get #tooMuch() {
        return `it took more than ${this.#bounds.memoryBytes} bytes of memory`;
    }

    /** The most that the process ever had, where /proc tells. */
    #measure() {
        let status;
        try {
            status = readFileSync(`/proc/${this.#process.pid}/status`, "latin1");
        } catch {
            return;    // It has ended, or there is no /proc.
        }
        const peakKiB = Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0);
        this.#peakBytes = Math.max(this.#peakBytes, peakKiB * 1024);
    }

    #exited(code, signal) {
        this.#endedAt = performance.now();
        this.#timers.forEach(clearTimeout);
        // What it had started goes with it.
        this.#kill();
        this.#timers = [setTimeout(() => this.#finish(), pipesMs)];
        this.#exit = { code, signal };
    }

    /** The process is gone, and all that it said was read. */
    #finish() {
        if (this.#resolve === undefined) return;
        const resolve = this.#resolve;
        this.#resolve = undefined;
        this.#timers.forEach(clearTimeout);
        for (const stream of this.#process?.stdio ?? []) stream?.destroy();
        const durationMs = Math.round(this.#endedAt - this.#began);
        const ending = this.#ending ?? this.#ownEnding(this.#exit);
        resolve({ ...ending, durationMs, memoryBytes: this.#peakBytes, log: this.#log.text });
    }

    /** It ended by itself, and without a response. */
    #ownEnding({ code, signal }) {
        if (this.#heapIsFull) return { ending: "out-of-memory", detail: this.#tooMuch };
        if (code === 0) return { ending: "silent", detail: "it ended without calling sendResponse" };
        return { ending: "crashed", detail: `its process ended with ${signal ?? `exit code ${code}`}` };
    }
}

/** The beginning of what a run prints, and whether that is all. */
class Log {
    #chunks = [];
    #bytes = 0;
    #isCut = false;

    add(bytes) {
        const place = maximumLogBytes - this.#bytes;
        if (bytes.length > place) this.#isCut = true;
        if (place === 0) return;
        const kept = Buffer.from(bytes.subarray(0, place));
        this.#chunks.push(kept);
        this.#bytes += kept.length;
    }

    get text() {
        return Buffer.concat(this.#chunks).toString() + (this.#isCut ? "\n... (the rest was not kept)\n" : "");
    }
}
