// Where in the machine's hierarchy of cgroups a runner can make groups that bound memory.
//
// With v1 that is the top, where a later runner finds what a killed one left; but where something
// bounds the runner's own group it is within that, which bounds its runs then. With v2 it is always
// within it: a cgroup there bounds more than memory, such as whom a service may call. Processes can
// only be in its leaves, so the runner moves into one; that works where nothing else is in its
// group, as in a service with Delegate=yes.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = "/sys/fs/cgroup";
const prefix = "stint-runner-";
/** A group without a limit has this many bytes or more, with v1. */
const unlimited = 2 ** 62;

/** Where a process is in the hierarchy of memory. @param {string} text its /proc/PID/cgroup */
export function ownPath(text, version) {
    const line = version === 1 ? /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(\/.*)$/m : /^0::(\/.*)$/m;
    return line.exec(text)?.[1] ?? "/";
}

/**
 * Whether something bounds a group of v1, itself or one above it.
 * @param {string} text its memory.stat
 */
export const isBounded = (text) => Number(/^hierarchical_memory_limit (\d+)$/m.exec(text)?.[1] ?? NaN) < unlimited;

/** The runner that a folder's name names; undefined: it is no runner's. */
export const runnerOf = (name) => (/^stint-runner-\d{1,10}$/.test(name) ? Number(name.slice(prefix.length)) : undefined);

/**
 * Makes a folder for the groups of this process, before it starts others.
 * @returns {{version: 1|2, parent: string}}
 * @throws when there can be none
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
            // It is not there, or must stay where it is.
        }
        for (const folder of [leaf, parent]) removeEmpty(folder);
        throw error;
    }
}

/** Removes what runners left that are no more, if it is empty, and makes this one's folder. */
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

/** @returns {boolean} whether it is gone; one with processes or groups in it stays */
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
        return "";    // It is not there, or not for us to read.
    }
}
