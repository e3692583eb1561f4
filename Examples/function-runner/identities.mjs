// Who workers are. A runner that root has started gives each run a user id that nothing else on the
// machine has: what belongs to the runner (its token, its secrets file) and what belongs to other
// runs (their environment) is out of a function's reach then, and whatever a run leaves behind is
// found by its user.

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { ProjectError } from "./project.mjs";

/** Unless others are named: the end of what Debian gives to people. */
export const standardIds = { first: 59_000, last: 59_999 };
/** So many ids are claimed at once; a runner that has them keeps others from using them. */
const blockSize = 100;
const locks = "/run";

/** How often at most it is tried to end what runs as a user, before the user is set aside. */
const rounds = 10;
/** What takes longer to end them has been stopped by one of them. */
const killerMs = 500;
/**
 * Processes that have ended, and that their parent has not noticed: the system counts them among the
 * few that a user may have.
 */
const mostUnnoticed = 64;
/** So long does a call wait for a user at most. */
const takeMs = 5_000;

/** Whether this process may make its workers other users. */
export const maySwitch = process.platform === "linux" && process.geteuid() === 0;

export class Identities {
    /** Ids that nothing runs as. */
    #free = [];
    /** Ids that something may still run as: an earlier runner left it, or it could not be ended. */
    #aside = [];
    #told = new Set();
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
     * @param {{first: number, last: number}} range to choose from @param {number} count of those that are needed at least
     * @param {(line: string) => void} log
     * @returns {Promise<Identities>}
     * @throws {ProjectError} when the range has not as many that are free, or there is no setpriv
     */
    static async claim({ first, last }, count, log) {
        if (spawnSync("setpriv", ["--version"], { env: {} }).status !== 0) {
            throw new ProjectError("what a function leaves behind is ended by setpriv (util-linux), which is missing. "
                + "With --worker-uids none functions run as root");
        }
        const [ids, known] = [[], knownUsers()];
        // Every runner cuts all ids into the same blocks, wherever its range begins.
        for (let block = first - (first % blockSize); block <= last && ids.length < count; block += blockSize) {
            const [from, to] = [Math.max(first, block), Math.min(last, block + blockSize - 1)];
            const part = Array.from({ length: to - from + 1 }, (_, index) => from + index);
            if (!part.some((id) => known.has(id)) && (await isLocked(block))) ids.push(...part);
        }
        if (ids.length >= count) return new Identities(ids, log);
        throw new ProjectError(`of the user ids ${first}-${last} only ${ids.length} are free: users of this machine or other runners have `
            + `the others. Type: --worker-uids FIRST-LAST, ${count} or more that nobody has, or fewer --workers`);
    }

    /**
     * A user that nothing runs as; undefined: there is none, also after a while.
     * @returns {Promise<number|undefined>}
     */
    take() {
        const id = this.#free.shift();
        if (id !== undefined) return Promise.resolve(id);
        const taken = this.#next();
        // Whatever kept this one may have ended meanwhile.
        const again = this.#aside.shift();
        if (again !== undefined) this.giveBack(again);
        return taken;
    }

    /** The next that is free. */
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

    /** Nothing was run as this user. @param {number} id */
    putBack(id) {
        const give = this.#waiting.shift();
        if (give === undefined) this.#free.push(id);
        else give(id);
    }

    /**
     * Ends whatever still runs as this user; then it is free again. Never rejects.
     * @param {number} id
     */
    async giveBack(id) {
        if (await isCleared(id)) return this.putBack(id);
        this.#aside.push(id);
        if (!this.#told.has(id)) this.#log(`user ${id} is set aside: what a function left there cannot be ended yet`);
        this.#told.add(id);
    }

    /**
     * Tries whether such a user can run functions: start Node, and read these files.
     * @param {string} folder where they are @param {string[]} files
     * @throws {ProjectError} when it cannot
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
                + "everything, with a Node that everybody may run"
            : `cannot read ${file}. Type: chmod -R o+rX ${folder}, and o+x for each folder above it`;
        throw new ProjectError(`functions run as users of their own, and user ${id} ${reason}. With --worker-uids none they run as root`);
    }
}

/**
 * Ends everything that runs as a user.
 * @returns {Promise<boolean>} whether nothing is left
 */
async function isCleared(id) {
    for (let round = 1; round <= rounds; round += 1) {
        try {
            const isSent = await isKillSent(id);
            const found = processes().filter(({ users }) => users.includes(id));
            const left = found.filter(({ hasEnded }) => !hasEnded);
            if (isSent && left.length === 0 && found.length <= mostUnnoticed) return true;
            // Nobody who is left can stop this process, or end it first.
            for (const { pid } of left) kill(pid);
        } catch {
            // Memory or descriptors are short.
        }
        await new Promise((resolve) => setTimeout(resolve, 5 * round));
    }
    return false;
}

/**
 * Sends SIGKILL to everything that runs as a user. Only a process of that user can do so without
 * missing one that is just begun; but what is left can also end or stop that process before it has
 * done so. It becomes that user by setpriv, and not by `uid` of spawn: that returns when the new
 * program has begun, which is never if the process is stopped between the two. It does nothing as
 * root, who would end everything on the machine.
 * @returns {Promise<boolean>} whether it was sent
 */
function isKillSent(id) {
    if (!(Number.isInteger(id) && id > 0 && id < 2 ** 31)) throw new RangeError(`no user id: ${id}`);
    return new Promise((resolve, reject) => {
        const user = ["--reuid", String(id), "--regid", String(id), "--clear-groups"];
        const program = "if [ -O / ]; then exit 1; fi; kill -KILL -1";
        const killer = spawn("setpriv", [...user, "/bin/sh", "-c", program], { env: {}, cwd: "/", stdio: "ignore" });
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
 * Takes the lock of a block for as long as this process lives.
 * @returns {Promise<boolean>} false: another runner has it
 * @throws {ProjectError} when there can be no lock
 */
function isLocked(first) {
    return new Promise((resolve, reject) => {
        const fail = (reason) => reject(new ProjectError(`the user ids of workers are locked with flock (util-linux) and a file in ${locks}, `
            + `which fails: ${reason}. With --worker-uids none functions run as root`));
        const file = path.join(locks, `function-runner-${first}.lock`);
        try {
            // Whoever may open it may lock it.
            closeSync(openSync(file, "a", 0o600));
            chmodSync(file, 0o600);
        } catch (error) {
            return fail(error.message);
        }
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

/** What runs, and as which users: in the first place, in effect, as was kept and for files. */
function processes() {
    const found = [];
    for (const pid of readdirSync("/proc").filter((name) => /^\d/.test(name))) {
        let status;
        try {
            // Who owns /proc/PID does not tell: that is root, for one that must not be looked into.
            status = readFileSync(`/proc/${pid}/status`, "latin1");
        } catch {
            continue;    // It has ended.
        }
        const users = /^Uid:\s+(.*)$/m.exec(status)?.[1].split(/\s+/).map(Number) ?? [];
        // One whose first thread has ended looks like that too, but has others.
        const hasEnded = /^State:\s+[ZX]/m.test(status) && !/^Threads:\s+([2-9]|\d\d)/m.test(status);
        found.push({ pid: Number(pid), users, hasEnded });
    }
    return found;
}
