// Who workers are. A runner that root has started gives each run a user id that nothing else on the
// machine has: what belongs to the runner (its token, its secrets file) and what belongs to other
// runs (their environment) is out of a function's reach then, and whatever a run leaves behind is
// found by its user.

import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

import { ProjectError } from "./project.mjs";

/** Unless others are named: the end of what Debian gives to people. */
export const standardIds = { first: 59_000, last: 59_999 };
/** So many ids are claimed at once; a runner that has them keeps others from using them. */
const blockSize = 100;
const locks = "/run";

/** Whether this process may make its workers other users. */
export const maySwitch = process.platform === "linux" && process.geteuid() === 0;

export class Identities {
    /** Ids that nothing runs as. */
    #free = [];
    /** Ids that an earlier runner may have left something behind with. */
    #unknown = new Set();
    #waiting = [];

    /** @param {number[]} ids */
    constructor(ids) {
        this.all = ids;
        this.#free = [...ids];
        const inUse = users();
        for (const id of ids) if (inUse.has(id)) this.#unknown.add(id);
    }

    /**
     * @param {{first: number, last: number}} range to choose from @param {number} count of those that are needed at least
     * @returns {Promise<Identities>}
     * @throws {ProjectError} when the range has not as many that are free
     */
    static async claim({ first, last }, count) {
        const [ids, known] = [[], knownUsers()];
        for (let start = first; start <= last && ids.length < count; start += blockSize) {
            const block = Array.from({ length: Math.min(blockSize, last - start + 1) }, (_, index) => start + index);
            if (!block.some((id) => known.has(id)) && (await isLocked(start))) ids.push(...block);
        }
        if (ids.length >= count) return new Identities(ids);
        throw new ProjectError(`of the user ids ${first}-${last} only ${ids.length} are free: users of this machine or other runners have `
            + `the others. Type: --worker-uids FIRST-LAST, ${count} or more that nobody has, or fewer --workers`);
    }

    /** @returns {Promise<number>} a user that nothing runs as */
    async take() {
        const id = this.#free.shift() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
        if (this.#unknown.has(id)) await this.#clear(id);
        return id;
    }

    /** Ends whatever still runs as this user; then it is free again. @param {number} id */
    async giveBack(id) {
        await this.#clear(id);
        const next = this.#waiting.shift();
        if (next === undefined) this.#free.push(id);
        else next(id);
    }

    async #clear(id) {
        if (await isEnded(id)) this.#unknown.delete(id);
        else this.#unknown.add(id);
    }

    /**
     * Tries whether such a user can run functions: start Node, and read these files.
     * @param {string} folder where they are @param {string[]} files
     * @throws {ProjectError} when it cannot
     */
    tryOut(folder, files) {
        const [id] = this.all;
        const program = "for (const file of process.argv.slice(1)) require('fs').accessSync(file, 4)";
        const { error, status, stderr } = spawnSync(process.execPath, ["-e", program, folder, ...files], { uid: id, gid: id, env: {}, cwd: "/" });
        if (error === undefined && status === 0) return;
        const file = /permission denied, access '(.*)'/.exec(stderr)?.[1];
        const reason = file === undefined
            ? `cannot start ${process.execPath}: ${error?.message ?? String(stderr).trim().slice(0, 500)}. Start the runner where root may do `
                + "everything, with a Node that everybody may run"
            : `cannot read ${file}. Type: chmod -R o+rX ${folder}, and o+x for each folder above it`;
        throw new ProjectError(`functions run as users of their own, and user ${id} ${reason}. With --worker-uids none they run as root`);
    }
}

/**
 * Ends everything that runs as a user. Only a process of that user can do so without missing one that is just begun.
 * @returns {Promise<boolean>} whether that could be done
 */
function isEnded(id) {
    return new Promise((resolve) => {
        const killer = spawn("/bin/sh", ["-c", "kill -KILL -1"], { uid: id, gid: id, env: {}, cwd: "/", stdio: "ignore" });
        killer.on("error", () => resolve(false));
        killer.on("exit", () => resolve(true));
    });
}

/**
 * Takes the lock of a block for as long as this process lives.
 * @returns {Promise<boolean>} false: another runner has it
 * @throws {ProjectError} when there can be no lock
 */
function isLocked(first) {
    return new Promise((resolve, reject) => {
        const fail = (reason) => reject(new ProjectError(`the user ids of workers are locked with flock (util-linux) and a file in ${locks}, `
            + `which fails: ${reason}. With --worker-uids none functions run as root`));
        const file = path.join(locks, `function-runner-${first}.lock`);
        // In a session of its own, so that Ctrl-C does not end it before the runs. It reads until
        // nobody can write any more.
        const holder = spawn("flock", ["--nonblock", "--no-fork", file, "sh", "-c", "echo; exec cat"], {
            stdio: ["pipe", "pipe", "ignore"], detached: true,
        });
        holder.on("error", (error) => fail(error.message));
        holder.on("exit", (code) => (code === 1 ? resolve(false) : fail(`exit code ${code}`)));
        holder.stdin.on("error", () => {});
        holder.stdout.once("data", () => {
            for (const one of [holder, holder.stdin, holder.stdout]) one.unref();
            resolve(true);
        });
    });
}

/** Whose ids stand in the machine's list. */
function knownUsers() {
    const lines = readFileSync("/etc/passwd", "latin1").split("\n");
    return new Set(lines.map((line) => Number(line.split(":")[2])));
}

/** As whom anything runs. */
function users() {
    const found = new Set();
    for (const pid of readdirSync("/proc").filter((name) => /^\d/.test(name))) {
        try {
            found.add(statSync(`/proc/${pid}`).uid);
        } catch {
            // It has ended.
        }
    }
    return found;
}
