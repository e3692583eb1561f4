// A memory cgroup for each run, where the machine lets the runner make one: the kernel itself then
// keeps all of a run's processes within its memory, however fast they take it. The census goes on:
// it says what they have, and stands in where there are no groups. hierarchy.mjs says where groups
// can be.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { claimParent, removeEmpty, text } from "./hierarchy.mjs";

/** How often it is tried to remove a group, whose processes may still be ending: for 2 s in all. */
const rounds = 20;

const files = {
    1: { limit: "memory.limit_in_bytes", withSwap: "memory.memsw.limit_in_bytes", events: "memory.oom_control" },
    2: { limit: "memory.max", swap: "memory.swap.max", events: "memory.events" },
};

/**
 * How many processes of a group the kernel killed; NaN: it does not tell.
 * @param {string} text of the group's events
 */
export const killsIn = (text) => Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? NaN);

/**
 * `kills`: how many of its processes the kernel has killed because they took more than the group's
 * bytes, or all together more than the machine has.
 * @typedef {{folder: string, bytes: number, kills: number}} Group
 */

/** The groups of this runner. */
export class Groups {
    #parent;
    #log;
    #made = 0;
    #told = new Set();
    /** Groups that are being removed. @type {Set<Promise<void>>} */
    #leaving = new Set();

    constructor(version, parent, log) {
        this.version = version;
        this.#parent = parent;
        this.#log = log;
    }

    /**
     * Before the runner starts other processes. The log tells which it is.
     * @param {(line: string) => void} log
     * @returns {Groups|undefined} undefined: there can be none
     */
    static claim(log) {
        let groups;
        try {
            const { version, parent } = claimParent();
            groups = new Groups(version, parent, log);
            const first = groups.#make(2 ** 30);
            removeEmpty(first.folder);
            log(`memory: cgroup v${version}`);
            return groups;
        } catch (error) {
            groups?.removeParent();
            log(`memory: census (no cgroups: ${error.message})`);
            return undefined;
        }
    }

    /**
     * A group for a run.
     * @param {number} bytes for all its processes
     * @returns {Group|undefined} undefined, and once a line in the log: there is none
     */
    open(bytes) {
        return this.#trying(() => this.#make(bytes));
    }

    /** What the process starts from now on is there too. */
    enter(group, pid) {
        this.#trying(() => writeFileSync(path.join(group.folder, "cgroup.procs"), String(pid)));
    }

    /** When all its processes were told to end. Nobody waits for it. */
    leave(group) {
        const removal = this.#remove(group.folder).finally(() => this.#leaving.delete(removal));
        this.#leaving.add(removal);
    }

    /** Waits for what is being removed. */
    async close() {
        await Promise.all(this.#leaving);
    }

    /** When the runner exits. */
    removeParent() {
        removeEmpty(this.#parent);
    }

    #make(bytes) {
        const folder = path.join(this.#parent, `run-${(this.#made += 1)}`);
        // Where another container has removed it, because it was empty and named nobody there.
        mkdirSync(this.#parent, { recursive: true });
        mkdirSync(folder);
        try {
            const { limit, withSwap, swap, events } = files[this.version];
            const write = (file, value) => writeFileSync(path.join(folder, file), String(value));
            write(limit, bytes);
            if (withSwap !== undefined && existsSync(path.join(folder, withSwap))) write(withSwap, bytes);
            if (swap !== undefined && existsSync(path.join(folder, swap))) write(swap, 0);
            const group = { folder, bytes, get kills() { return killsIn(text(path.join(folder, events))); } };
            if (Number.isNaN(group.kills)) throw new Error("the kernel does not tell whom it killed");
            return group;
        } catch (error) {
            removeEmpty(folder);
            throw error;
        }
    }

    async #remove(folder) {
        for (let round = 1; round <= rounds; round += 1) {
            if (removeEmpty(folder)) return;
            await new Promise((resolve) => setTimeout(resolve, 10 * round));
        }
        this.#tell("stays", `${folder} stays: what a function left there cannot be ended yet`);
    }

    #trying(work) {
        try {
            return work();
        } catch (error) {
            if (error.code !== "ESRCH") this.#tell("none", `a run has no cgroup, only the census: ${error.message}`);
            return undefined;
        }
    }

    /** Once for each matter. */
    #tell(matter, line) {
        if (!this.#told.has(matter)) this.#log(line);
        this.#told.add(matter);
    }
}
