// Finds where in the machine's hierarchy of cgroups a runner can create groups that bound memory.
//
// With v1 that is the top, where a later runner finds the groups that a killed one left. But if the
// runner's own group is bounded, it is within that group, whose bound then also covers the runs.
// With v2 it is always within the runner's group, because a v2 cgroup bounds more than memory, such
// as the network access of a service. In v2 only leaves can have processes, so the runner moves
// into a leaf. This works if nothing else is in its group, as in a service with Delegate=yes.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = "/sys/fs/cgroup";
const prefix = "stint-runner-";
/** In v1 a group without a limit shows this many bytes or more. */
const unlimited = 2 ** 62;

/** The path of a process in the memory hierarchy. @param {string} text its /proc/PID/cgroup */
export function ownPath(text, version) {
    const line = version === 1 ? /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(\/.*)$/m : /^0::(\/.*)$/m;
    return line.exec(text)?.[1] ?? "/";
}

/**
 * Whether a v1 group, or one above it, has a bound.
 * @param {string} text its memory.stat
 */
export const isBounded = (text) => Number(/^hierarchical_memory_limit (\d+)$/m.exec(text)?.[1] ?? NaN) < unlimited;

/** The process id of the runner in a folder's name; undefined: it is not a runner's folder. */
export const runnerOf = (name) => (/^stint-runner-\d{1,10}$/.test(name) ? Number(name.slice(prefix.length)) : undefined);

/**
 * Creates the folder for the groups of this process. Call it before the process starts others.
 * @returns {{version: 1|2, parent: string}}
 * @throws if groups are not possible here
 */
export function claimParent() {
    const version = existsSync(`${root}/memory/memory.limit_in_bytes`) ? 1 : 2;
    return { version, parent: version === 1 ? claimFirst() : claimSecond() };
}

function claimFirst() {
    const top = `${root}/memory`;
    const own = path.resolve(top, `.${ownPath(text("/proc/self/cgroup"), 1)}`);
    return makeParent(isBounded(text(`${own}/memory.stat`)) ? own : top);
}

function claimSecond() {
    const own = path.resolve(root, `.${ownPath(text("/proc/self/cgroup"), 2)}`);
    if (!/\bmemory\b/.test(text(`${own}/cgroup.controllers`))) throw new Error(`${own} has no memory controller`);
    const [parent, leaf] = [makeParent(own), path.join(own, `${prefix}${process.pid}`, "runner")];
    const move = (to) => writeFileSync(`${to}/cgroup.procs`, String(process.pid));
    try {
        mkdirSync(leaf);
        move(leaf);
        for (const folder of [own, parent]) writeFileSync(`${folder}/cgroup.subtree_control`, "+memory");
        return parent;
    } catch (error) {
        try {
            move(own);
        } catch {
            // The process has ended, or cannot be moved.
        }
        for (const folder of [leaf, parent]) removeEmpty(folder);
        throw error;
    }
}

/** Removes the empty folders of runners that have ended, and creates this runner's folder. */
function makeParent(base) {
    for (const name of readdirSync(base)) {
        const runner = runnerOf(name);
        if (runner === undefined || (runner !== process.pid && existsSync(`/proc/${runner}`))) continue;
        const stale = path.join(base, name);
        const within = readdirSync(stale, { withFileTypes: true }).filter((one) => one.isDirectory());
        for (const one of within) removeEmpty(path.join(stale, one.name));
        removeEmpty(stale);
    }
    const parent = path.join(base, `${prefix}${process.pid}`);
    mkdirSync(parent, { mode: 0o755 });
    return parent;
}

/** @returns {boolean} whether it was removed; a group with processes or groups in it stays */
export function removeEmpty(folder) {
    try {
        rmdirSync(folder);
        return true;
    } catch (error) {
        return error.code === "ENOENT";
    }
}

export function text(file) {
    try {
        return readFileSync(file, "latin1");
    } catch {
        return "";    // It is missing, or may not be read.
    }
}
