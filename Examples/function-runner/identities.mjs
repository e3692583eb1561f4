// The users of workers. A runner that root has started gives each run a user id that nothing else
// on the machine has. So a function cannot read the runner's files (its token, its secrets) or the
// environment of other runs, and processes that a run leaves behind are found by their user.

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { ProjectError } from "./project.mjs";
import { setpriv } from "./setpriv.mjs";

/** The default ids: the end of the range that Debian gives to people. */
export const standardIds = { first: 59_000, last: 59_999 };
/** The ids of a block. A runner locks whole blocks, so that no other runner uses them. */
const blockSize = 100;
const locks = "/run";

/** Attempts to end the processes of a user, before the user is set aside. */
const rounds = 10;
/** A killer that takes longer than this was stopped by one of the processes. */
const killerMs = 500;
/**
 * Zombies: processes that have ended and whose parent has not collected them. The system counts
 * them among the few that a user may have.
 */
const mostUnnoticed = 64;
/** The longest time that a call waits for a user. */
const takeMs = 5_000;

/** Whether this process may run its workers as other users. */
export const maySwitch = process.platform === "linux" && process.geteuid() === 0;

export class Identities {
    /** Ids without processes. */
    #free = [];
    /** Ids that may still have processes: an earlier runner left them, or they could not be ended. */
    #aside = [];
    #logged = new Set();
    /** @type {((id: number|undefined) => void)[]} */
    #waiting = [];
    #log;

    /** @param {number[]} ids @param {(line: string) => void} log */
    constructor(ids, log) {
        this.all = ids;
        this.#log = log;
        const inUse = new Set(processes().flatMap(({ users }) => users));
        for (const id of ids) (inUse.has(id) ? this.#aside : this.#free).push(id);
    }

    /**
     * @param {{first: number, last: number}} range to choose from @param {number} count how many ids are needed at least
     * @param {(line: string) => void} log
     * @returns {Promise<Identities>}
     * @throws {ProjectError} if too few ids of the range are free, or setpriv is missing
     */
    static async claim({ first, last }, count, log) {
        if (setpriv === undefined) {
            throw new ProjectError("missing: setpriv (util-linux), which ends the processes that a function leaves behind. "
                + "With --worker-uids none functions run as root");
        }
        const [ids, known] = [[], knownUsers()];
        // Every runner divides all ids into the same blocks, independent of its range.
        for (let block = first - (first % blockSize); block <= last && ids.length < count; block += blockSize) {
            const [from, to] = [Math.max(first, block), Math.min(last, block + blockSize - 1)];
            const part = Array.from({ length: to - from + 1 }, (_, index) => from + index);
            if (!part.some((id) => known.has(id)) && (await isLocked(block))) ids.push(...part);
        }
        if (ids.length >= count) return new Identities(ids, log);
        throw new ProjectError(`of the user ids ${first}-${last} only ${ids.length} are free: users of this machine or other runners have `
            + `the others. Type: --worker-uids FIRST-LAST, with ${count} or more unused ids, or fewer --workers`);
    }

    /**
     * A user without processes; undefined: none was free in time.
     * @returns {Promise<number|undefined>}
     */
    take() {
        const id = this.#free.shift();
        if (id !== undefined) return Promise.resolve(id);
        const taken = this.#next();
        // The processes of a user that was set aside may have ended meanwhile.
        const again = this.#aside.shift();
        if (again !== undefined) this.giveBack(again);
        return taken;
    }

    /** The next free id. */
    #next() {
        return new Promise((resolve) => {
            const timer = setTimeout(() => {
                this.#waiting.splice(this.#waiting.indexOf(give), 1);
                resolve(undefined);
            }, takeMs);
            const give = (id) => {
                clearTimeout(timer);
                resolve(id);
            };
            this.#waiting.push(give);
        });
    }

    /** Returns a user that was not used. @param {number} id */
    putBack(id) {
        const give = this.#waiting.shift();
        if (give === undefined) this.#free.push(id);
        else give(id);
    }

    /**
     * Ends the processes of a user; then it is free again. Never rejects.
     * @param {number} id
     */
    async giveBack(id) {
        if (await isCleared(id)) return this.putBack(id);
        this.#aside.push(id);
        if (!this.#logged.has(id)) this.#log(`user ${id} is set aside: what a function left there cannot be ended yet`);
        this.#logged.add(id);
    }

    /**
     * Tests whether such a user can run functions: start Node, and read the files.
     * @param {string} folder of the files @param {string[]} files
     * @throws {ProjectError} if it cannot
     */
    async tryOut(folder, files) {
        const id = await this.take();
        if (id === undefined) throw new ProjectError(`what runs as the users from ${this.all[0]} on cannot be ended`);
        const program = "for (const file of process.argv.slice(1)) require('fs').accessSync(file, 4)";
        const { error, status, stderr } = spawnSync(process.execPath, ["-e", program, folder, ...files], { uid: id, gid: id, env: {}, cwd: "/" });
        this.putBack(id);
        if (error === undefined && status === 0) return;
        const file = /permission denied, access '(.*)'/.exec(stderr)?.[1];
        const reason = file === undefined
            ? `cannot start ${process.execPath}: ${error?.message ?? String(stderr).trim().slice(0, 500)}. Start the runner where root may do `
                + "everything, with a Node that every user may run"
            : `cannot read ${file}. Type: chmod -R o+rX ${folder}, and o+x for each folder above it`;
        throw new ProjectError(`functions run as separate users, and user ${id} ${reason}. With --worker-uids none they run as root`);
    }
}

/**
 * Ends all processes of a user.
 * @returns {Promise<boolean>} whether none is left
 */
async function isCleared(id) {
    for (let round = 1; round <= rounds; round += 1) {
        try {
            const isSent = await isKillSent(id);
            const found = processes().filter(({ users }) => users.includes(id));
            const left = found.filter(({ hasEnded }) => !hasEnded);
            if (isSent && left.length === 0 && found.length <= mostUnnoticed) return true;
            // No process that is left can stop or end this one.
            for (const { pid } of left) kill(pid);
        } catch {
            // The system is short of memory or descriptors.
        }
        await new Promise((resolve) => setTimeout(resolve, 5 * round));
    }
    return false;
}

/**
 * Sends SIGKILL to all processes of a user. Only a process of that user can do so without missing
 * one that has just started. But the processes of that user can end or stop it first. It becomes
 * that user with setpriv, not with `uid` of spawn: spawn returns when the new program has started,
 * which never happens if the process is stopped before. It does nothing as root, who would end
 * everything on the machine.
 * @returns {Promise<boolean>} whether it was sent
 */
function isKillSent(id) {
    if (!(Number.isInteger(id) && id > 0 && id < 2 ** 31)) throw new RangeError(`invalid user id: ${id}`);
    return new Promise((resolve, reject) => {
        const user = ["--reuid", String(id), "--regid", String(id), "--clear-groups"];
        const program = "if [ -O / ]; then exit 1; fi; kill -KILL -1";
        const killer = spawn(setpriv, [...user, "/bin/sh", "-c", program], { env: {}, cwd: "/", stdio: "ignore" });
        const timer = setTimeout(() => kill(killer.pid), killerMs);
        killer.on("error", (error) => {
            clearTimeout(timer);
            reject(error);
        });
        killer.on("exit", (code, signal) => {
            clearTimeout(timer);
            resolve(signal === null && code === 0);
        });
    });
}

function kill(pid) {
    try {
        process.kill(pid, "SIGKILL");
    } catch {
        // It has ended.
    }
}

/**
 * Locks a block until this process ends.
 * @returns {Promise<boolean>} false: another runner has it
 * @throws {ProjectError} if locks are not possible
 */
function isLocked(first) {
    return new Promise((resolve, reject) => {
        const fail = (reason) => reject(new ProjectError(`the user ids of workers are locked with flock (util-linux) and a file in ${locks}, `
            + `which fails: ${reason}. With --worker-uids none functions run as root`));
        const file = path.join(locks, `function-runner-${first}.lock`);
        try {
            // A process that may open the file may lock it.
            closeSync(openSync(file, "a", 0o600));
            chmodSync(file, 0o600);
        } catch (error) {
            return fail(error.message);
        }
        // It has its own session, so that Ctrl-C does not end it before the runs. It reads until
        // the other end of its pipe is closed.
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

/** The user ids in the machine's list of users. */
function knownUsers() {
    const lines = readFileSync("/etc/passwd", "latin1").split("\n");
    return new Set(lines.map((line) => Number(line.split(":")[2])));
}

/** The running processes with their user ids: real, effective, saved and for files. */
function processes() {
    const found = [];
    for (const pid of readdirSync("/proc").filter((name) => /^\d/.test(name))) {
        let status;
        try {
            // The owner of /proc/PID is not enough: it is root for a process that must not be
            // inspected.
            status = readFileSync(`/proc/${pid}/status`, "latin1");
        } catch {
            continue;    // It has ended.
        }
        const users = /^Uid:\s+(.*)$/m.exec(status)?.[1].split(/\s+/).map(Number) ?? [];
        // A process whose first thread has ended looks like a zombie too, but has other threads.
        const hasEnded = /^State:\s+[ZX]/m.test(status) && !/^Threads:\s+([2-9]|\d\d)/m.test(status);
        found.push({ pid: Number(pid), users, hasEnded });
    }
    return found;
}
