// Runs each function in a separate process and reports how the run ended: with a response, at the
// granted time, at its memory cap, or by itself. The output of the process is bounded, and no part
// of the process is left after the run.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

import { Census, peakBytes } from "./census.mjs";
import { setpriv } from "./setpriv.mjs";

/** The most bytes of a response: status, headers and content together. */
export const maximumResponseBytes = 6 << 20;
/** The most bytes of a run's output that are kept. */
export const maximumLogBytes = 4 << 10;
/** The memory of Node itself, besides the heap to which the cap applies. */
const nodesOwnBytes = 64 << 20;
/** How long to wait for a process' pipes, which processes that it left behind may hold open. */
const pipesMs = 100;

/** The worker's text is passed on, because its user may not be able to read this folder. */
const worker = readFileSync(new URL("worker.js", import.meta.url), "utf8");

/** If the machine has setpriv, no worker survives the runner, even a killed one, and none can regain rights (as with sudo). */
const bound = setpriv === undefined ? [] : [setpriv, "--pdeathsig", "KILL", "--no-new-privs"];
/** The most processes and threads of a user that runs one run. */
const maximumProcesses = 256;
/** What the shell does first: no core files; and for a separate user, a bound on processes. (In dash the letter is p.) */
const shared = "ulimit -c 0; ";
const alone = `${shared}ulimit -u ${maximumProcesses} 2>/dev/null || ulimit -p ${maximumProcesses}; `;
/**
 * Before that it waits until it is in its cgroup, so that code which Node loads because of the
 * environment (NODE_OPTIONS) cannot start processes outside.
 */
const gated = "read -r _ || exit 1; ";

/**
 * How a run ended. `response`: the argument of sendResponse, only for `responded`: its members unchanged, and its body or output
 * fields as bytes. `memoryBytes`: the most memory of its processes, 0 if unknown. `log`: its output.
 * @typedef {{ending: "responded"|"timed-out"|"out-of-memory"|"crashed"|"silent"|"unreadable"|"not-started", detail: string,
 *   response?: Response, durationMs: number, memoryBytes: number, log: string}} Run
 * @typedef {{members: object, content: Buffer, isJSON: boolean}} Response
 * The user of a run; undefined: the runner's own user.
 * @typedef {{user: number|undefined, isUsed: boolean}} Seat
 */

export class Workers {
    #folder;
    #identities;
    #groups;
    #census = new Census();

    /**
     * @param {string} folder of the functions
     * @param {import("./identities.mjs").Identities|undefined} identities undefined: workers run as the runner's own user
     * @param {import("./cgroups.mjs").Groups|undefined} groups undefined: only the census
     */
    constructor(folder, identities, groups) {
        this.#folder = folder;
        this.#identities = identities;
        this.#groups = groups;
    }

    /**
     * Gets the user for a run. Call it before the run is charged.
     * @returns {Promise<Seat|undefined>} undefined: no user is free; otherwise call `leave` after the run
     */
    async seat() {
        const user = await this.#identities?.take();
        return user === undefined && this.#identities !== undefined ? undefined : { user, isUsed: false };
    }

    /** Frees the user in the background. @param {Seat} seat */
    leave({ user, isUsed }) {
        if (user === undefined) return;
        if (isUsed) this.#identities.giveBack(user);
        else this.#identities.putBack(user);
    }

    /**
     * @param {Seat} seat not used before
     * @param {import("./project.mjs").Fn} fn
     * @param {object} context @param {string|undefined} body JSON
     * @param {{grantedMs: number, memoryBytes: number}} bounds
     * @returns {Promise<Run>} never rejects
     */
    run(seat, fn, context, body, bounds) {
        seat.isUsed = true;
        const place = { folder: this.#folder, census: this.#census, groups: this.#groups, user: seat.user };
        return new Promise((resolve) => new Execution(fn, place, bounds, resolve).start(context, body));
    }
}

class Execution {
    #fn;
    #place;
    #bounds;
    #resolve;
    #unwatch = () => [];
    /** @type {import("./cgroups.mjs").Group|undefined} */
    #group;
    #process;
    #began = performance.now();
    #endedAt;
    #exit;
    #ending;
    #heapIsFull = false;
    #peakBytes = 0;
    #log = new Log();
    /** The bytes of the response so far: first its line, then its content. */
    #chunks = [];
    #chunksBytes = 0;
    #lineBytes = 0;
    #line;
    #timers = [];

    constructor(fn, place, bounds, resolve) {
        this.#fn = fn;
        this.#place = place;
        this.#bounds = bounds;
        this.#resolve = resolve;
    }

    start(context, body) {
        const { grantedMs, memoryBytes } = this.#bounds;
        const { folder, census, groups, user } = this.#place;
        const heapMiB = Math.max(8, Math.floor(memoryBytes / 2 ** 20));
        const node = [process.execPath, `--max-old-space-size=${heapMiB}`, "--eval", worker];
        this.#group = groups?.open(this.#mostBytes);
        const first = `${this.#group === undefined ? "" : gated}${user === undefined ? shared : alone}exec "$@"`;
        try {
            // The user changes before any code runs, because the environment is the function's. The
            // process leads a group, so that the processes that it starts end with it.
            this.#process = spawn("/bin/sh", ["-c", first, "sh", ...bound, ...node], {
                cwd: folder, env: this.#fn.environment, stdio: ["pipe", "pipe", "pipe", "pipe"], detached: true, uid: user, gid: user,
            });
        } catch (error) {
            return this.#notStarted(error);
        }
        this.#process.on("error", (error) => this.#notStarted(error));
        if (this.#process.pid === undefined) return;
        if (this.#group !== undefined) groups.enter(this.#group, this.#process.pid);
        this.#process.on("exit", (code, signal) => this.#exited(code, signal));
        this.#process.on("close", () => this.#finish());
        const [input, output, errors, reply] = this.#process.stdio;
        // The process may end before it has read its job, or while it is read from.
        for (const stream of [input, output, errors, reply]) stream.on("error", () => {});
        output.on("data", (bytes) => this.#log.add(bytes));
        errors.on("data", (bytes) => {
            this.#log.add(bytes);
            this.#heapIsFull ||= bytes.includes("JavaScript heap out of memory");
        });
        reply.on("data", (bytes) => this.#read(bytes));
        const late = `it had not answered after the granted ${grantedMs} ms`;
        this.#timers.push(setTimeout(() => this.#end("timed-out", late), grantedMs));
        this.#unwatch = census.watch({ user, group: this.#process.pid }, (bytes) => this.#weigh(bytes));
        if (this.#group !== undefined) input.write("\n");
        input.end(JSON.stringify({ file: this.#fn.file, kind: this.#fn.kind, context, body }));
    }

    #notStarted(error) {
        this.#ending ??= { ending: "not-started", detail: `its process cannot be started: ${error.message}` };
        this.#endedAt ??= performance.now();
        this.#finish();
    }

    /** Ends the run. The first reason counts. */
    #end(ending, detail, response) {
        if (this.#ending !== undefined) return;
        this.#ending = this.#killedForMemory() ?? { ending, detail, response };
        // The run may have been too short for the census.
        this.#peakBytes = Math.max(this.#peakBytes, peakBytes(this.#process.pid));
        this.#kill();
    }

    /** Kills the process, and all that it has started. */
    #kill() {
        const left = this.#unwatch();
        for (const pid of [-this.#process.pid, ...left]) signal(pid, "SIGKILL");
    }

    /** Reads the line and the content of the response; later bytes are ignored. */
    #read(bytes) {
        if (this.#ending !== undefined) return;
        this.#chunks.push(bytes);
        this.#chunksBytes += bytes.length;
        try {
            if (this.#lineBytes + this.#chunksBytes > maximumResponseBytes) {
                throw new RangeError(`it has more than ${maximumResponseBytes} bytes`);
            }
            if (this.#line === undefined && bytes.includes(0x0a)) this.#readLine();
        } catch (error) {
            return this.#end("unreadable", `its response cannot be read: ${error.message}`);
        }
        if (this.#line === undefined || this.#chunksBytes < this.#line.contentBytes) return;
        const { members, contentBytes, isJSON } = this.#line;
        const content = Buffer.concat(this.#chunks).subarray(0, contentBytes);
        this.#end("responded", "it responded", { members, content, isJSON });
    }

    #readLine() {
        const all = Buffer.concat(this.#chunks);
        this.#lineBytes = all.indexOf(0x0a) + 1;
        this.#chunks = [all.subarray(this.#lineBytes)];
        this.#chunksBytes -= this.#lineBytes;
        const line = JSON.parse(all.subarray(0, this.#lineBytes).toString());
        if (typeof line?.fault === "string") return this.#end("unreadable", line.fault);
        // A function can write this line itself, so it is checked.
        const isWhole = isObject(line) && isObject(line.members) && typeof line.isJSON === "boolean";
        if (!isWhole || !Number.isSafeInteger(line.contentBytes) || line.contentBytes < 0) {
            throw new TypeError("it is not what a worker writes");
        }
        this.#line = line;
    }

    #weigh(bytes) {
        this.#peakBytes = Math.max(this.#peakBytes, bytes);
        if (bytes > this.#mostBytes || this.#group?.kills > 0) this.#end("out-of-memory", this.#tooMuch);
    }

    /** How the run ended if the kernel has killed one of its processes, not necessarily the first. */
    #killedForMemory() {
        if (!(this.#group?.kills > 0)) return undefined;
        this.#peakBytes = Math.max(this.#peakBytes, this.#group.bytes);
        return { ending: "out-of-memory", detail: this.#tooMuch };
    }

    get #mostBytes() {
        return this.#bounds.memoryBytes + nodesOwnBytes;
    }

    get #tooMuch() {
        return `it took more than ${this.#bounds.memoryBytes} bytes of memory`;
    }

    #exited(code, signal) {
        this.#endedAt = performance.now();
        this.#timers.forEach(clearTimeout);
        this.#ending ??= this.#killedForMemory();
        // Kills the processes that it has started.
        this.#kill();
        this.#timers = [setTimeout(() => this.#finish(), pipesMs)];
        this.#exit = { code, signal };
    }

    /** The process has ended, and all its output was read. */
    #finish() {
        if (this.#resolve === undefined) return;
        const resolve = this.#resolve;
        this.#resolve = undefined;
        this.#timers.forEach(clearTimeout);
        for (const stream of this.#process?.stdio ?? []) stream?.destroy();
        if (this.#group !== undefined) this.#place.groups.leave(this.#group);
        const durationMs = Math.round(this.#endedAt - this.#began);
        const ending = this.#ending ?? this.#ownEnding(this.#exit);
        resolve({ ...ending, durationMs, memoryBytes: this.#peakBytes, log: this.#log.text });
    }

    /** How a run ended that ended by itself, without a response. */
    #ownEnding({ code, signal }) {
        if (this.#heapIsFull) return { ending: "out-of-memory", detail: this.#tooMuch };
        if (code === 0) return { ending: "silent", detail: "it ended without calling sendResponse" };
        return { ending: "crashed", detail: `its process ended with ${signal ?? `exit code ${code}`}` };
    }
}

function signal(pid, name) {
    try {
        process.kill(pid, name);
    } catch (error) {
        if (error.code !== "ESRCH") throw error;
    }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The start of a run's output, and whether it is complete. */
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
