// Finds the processes of a run and their memory: all processes of its user, or, if it has no
// separate user, its process group and all processes that were seen to descend from it. All runs
// are read together, from /proc; without /proc nothing is known.

import { existsSync, readdirSync, readFileSync } from "node:fs";

const lookMs = 100;
/** For this many passes a process of no run is not read again. Later it is, because the system reuses process ids. */
const rememberedLooks = 20;
const isThere = existsSync("/proc/self/status");

/** One run: what its processes have in common, those that were seen, and the callback that gets their memory. */
class Watched {
    constructor({ user, group }, tell) {
        this.user = user;
        this.group = group;
        this.tell = tell;
        this.processes = new Map([[group, ""]]);
    }

    owns({ pid, parent, user, group }) {
        if (this.user !== undefined) return this.user === user;
        return this.group === group || this.processes.has(pid) || this.processes.has(parent);
    }
}

export class Census {
    /** @type {Set<Watched>} */
    #runs = new Set();
    #strangers = new Set();
    #looks = 0;
    #timer;

    /**
     * @param {{user?: number, group: number}} run its first process leads the group
     * @param {(bytes: number) => void} tell called on every pass
     * @returns {() => number[]} ends the watch, and returns the processes that exist, unless their user identifies them
     */
    watch(run, tell) {
        if (!isThere) return () => [];
        const watched = new Watched(run, tell);
        this.#runs.add(watched);
        this.#strangers.delete(run.group);
        this.#timer ??= setInterval(() => this.#look(), lookMs);
        return () => {
            if (!this.#runs.has(watched)) return [];
            if (run.user === undefined) this.#look();
            const left = run.user === undefined ? [...watched.processes.keys()] : [];
            this.#runs.delete(watched);
            if (this.#runs.size === 0) {
                clearInterval(this.#timer);
                this.#timer = undefined;
                this.#strangers.clear();
            }
            return left;
        };
    }

    #look() {
        this.#looks += 1;
        if (this.#looks % rememberedLooks === 0) this.#strangers.clear();
        const found = new Map([...this.#runs].map((run) => [run, new Map()]));
        for (const name of readdirSync("/proc")) {
            const pid = Number(name);
            if (!(pid > 0) || this.#strangers.has(pid)) continue;
            const status = text(`/proc/${pid}/status`);
            const facts = { pid, parent: number(status, "PPid"), user: number(status, "Uid"), group: number(status, "NSpgid") };
            const run = [...this.#runs].find((one) => one.owns(facts));
            if (run === undefined) this.#strangers.add(pid);
            else found.get(run).set(pid, status);
        }
        for (const [run, processes] of found) {
            run.processes = processes;
            if (processes.size > 0) run.tell(bytesOf(processes));
        }
    }
}

/** The most memory that a process ever had, in bytes; 0 if it has ended. @param {number} pid */
export function peakBytes(pid) {
    return bytes(text(`/proc/${pid}/status`), "VmHWM");
}

/** The memory of processes: for one, its maximum; for several, the sum, with shared memory counted once if the system reports it. */
function bytesOf(processes) {
    const all = [...processes];
    if (all.length === 1) return bytes(all[0][1], "VmHWM");
    const each = all.map(([pid, status]) => bytes(text(`/proc/${pid}/smaps_rollup`), "Pss") || bytes(status, "VmRSS"));
    return each.reduce((sum, one) => sum + one, 0);
}

function text(file) {
    try {
        return readFileSync(file, "latin1");
    } catch {
        return "";    // It has ended, or may not be read.
    }
}

const number = (status, name) => Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1] ?? NaN);
const bytes = (status, name) => (number(status, name) || 0) * 1_024;
