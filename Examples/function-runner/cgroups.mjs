// Gives each run a memory cgroup, if the machine lets the runner create one: then the kernel keeps
// all processes of a run within its memory, even if they allocate fast. The census still measures
// their memory, and takes over if there are no groups. hierarchy.mjs finds where groups can be.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { claimParent, removeEmpty, text } from "./hierarchy.mjs";

/** Attempts to remove a group whose processes may still be ending: for 2 s in all. */
const rounds = 20;

const files = {
    1: { limit: "memory.limit_in_bytes", withSwap: "memory.memsw.limit_in_bytes", events: "memory.oom_control" },
    2: { limit: "memory.max", swap: "memory.swap.max", events: "memory.events" },
};

/**
 * How many processes of a group the kernel has killed; NaN: unknown.
 * @param {string} text of the group's events
 */
export const killsIn = (text) => Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? NaN);

/**
 * `kills`: how many of its processes the kernel has killed, because the group used more than its
 * bytes, or the machine ran out of memory.
 * @typedef {{folder: string, bytes: number, kills: number}} Group
 */

/** The groups of this runner. */
export class Groups {
    #parent;
    #log;
    #made = 0;
    #logged = new Set();
    /** Groups that are being removed. @type {Set<Promise<void>>} */
    #leaving = new Set();

    constructor(version, parent, log) {
        this.version = version;
        this.#parent = parent;
        this.#log = log;
    }

    /**
     * Call it before the runner starts other processes. Logs which kind of groups it uses.
     * @param {(line: string) => void} log
     * @returns {Groups|undefined} undefined: groups are not possible here
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
     * Creates a group for a run.
     * @param {number} bytes of memory for all its processes
     * @returns {Group|undefined} undefined: it failed, which is logged once
     */
    open(bytes) {
        return this.#trying(() => this.#make(bytes));
    }

    /** Moves a process into the group. Processes that it starts from now on are in the group too. */
    enter(group, pid) {
        this.#trying(() => writeFileSync(path.join(group.folder, "cgroup.procs"), String(pid)));
    }

    /** Removes a group in the background, after all its processes got the signal to end. */
    leave(group) {
        const removal = this.#remove(group.folder).finally(() => this.#leaving.delete(removal));
        this.#leaving.add(removal);
    }

    /** Waits for the groups that are being removed. */
    async close() {
        await Promise.all(this.#leaving);
    }

    /** Removes the runner's own folder when the runner exits. */
    removeParent() {
        removeEmpty(this.#parent);
    }

    #make(bytes) {
        const folder = path.join(this.#parent, `run-${(this.#made += 1)}`);
        // Another container may have removed the folder, because it was empty and named no process
        // there.
        mkdirSync(this.#parent, { recursive: true });
        mkdirSync(folder);
        try {
            const { limit, withSwap, swap, events } = files[this.version];
            const write = (file, value) => writeFileSync(path.join(folder, file), String(value));
            write(limit, bytes);
            if (withSwap !== undefined && existsSync(path.join(folder, withSwap))) write(withSwap, bytes);
            if (swap !== undefined && existsSync(path.join(folder, swap))) write(swap, 0);
            const group = { folder, bytes, get kills() { return killsIn(text(path.join(folder, events))); } };
            if (Number.isNaN(group.kills)) throw new Error("the kernel does not report which processes it killed");
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

    /** Logs each kind of line once. */
    #tell(matter, line) {
        if (!this.#logged.has(matter)) this.#log(line);
        this.#logged.add(matter);
    }
}
