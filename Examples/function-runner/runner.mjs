#!/usr/bin/env node
// A function runner: serves a folder of functions, and asks Stint before each run. This file reads
// the command line and puts the parts together. docs/RUNNER.md describes the runner.

import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { Stint } from "../../Clients/node/stint.mjs";
import { Groups } from "./cgroups.mjs";
import { Workers } from "./execution.mjs";
import { Identities, maySwitch, standardIds } from "./identities.mjs";
import { printable } from "./logs.mjs";
import { ProjectError, readProject, readSecrets, readToken } from "./project.mjs";
import { register } from "./registration.mjs";
import { FunctionServer } from "./server.mjs";
import { setpriv } from "./setpriv.mjs";
import { Visitors } from "./visitors.mjs";

const usage = `usage: node runner.mjs FOLDER --account NAME [--account NAME ...]
  --listen HOST:PORT            the runner's address (127.0.0.1:7410; port 0 takes a free port)
  --host NAME                   a host name that callers use, such as that of a proxy; may be repeated
  --stint URL                   Stint's runner API: http://HOST:PORT or unix:PATH (http://127.0.0.1:7400)
  --admin URL                   Stint's admin API, for resource quotas (http://127.0.0.1:7401)
  --token-file FILE             Stint's token; only its owner may read the file
  --secrets FILE                a JSON object with the values of the folder's secrets; only its owner may read it
  --when-unavailable WHAT       deny (503), or admit: run uncounted while Stint does not answer (deny)
  --workers N                   functions that run at once (2 per core)
  --worker-uids FIRST-LAST      unused user ids for functions, if started by root (59000-59999); none: the runner's own user
  --queue N                     the most calls that wait for a worker, 5 s each (100)
  --memory-mb N                 memory of a run whose plan has no memory ceiling (128)`;

/**
 * Writes a log line. The text may come from elsewhere: further lines are indented, so that none
 * looks like a line of the runner.
 */
const log = (text) => process.stderr.write(`function-runner: ${printable(text).replaceAll("\n", "\n    ")}\n`);

/** Reads and checks the arguments. @throws {ProjectError} */
function settings() {
    let typed;
    try {
        typed = parseArgs({
            allowPositionals: true,
            options: {
                account: { type: "string", multiple: true }, listen: { type: "string", default: "127.0.0.1:7410" },
                stint: { type: "string" }, admin: { type: "string" }, secrets: { type: "string" },
                "when-unavailable": { type: "string", default: "deny" }, workers: { type: "string" }, queue: { type: "string" },
                "memory-mb": { type: "string" }, host: { type: "string", multiple: true, default: [] },
                "token-file": { type: "string" }, "worker-uids": { type: "string" },
            },
        });
    } catch (error) {
        throw new ProjectError(`${error.message}\n${usage}`);
    }
    const { values, positionals } = typed;
    const accounts = new Set(values.account ?? []);
    const listen = /^(\[[0-9a-f:]+\]|[^:]+):(\d{1,5})$/.exec(values.listen);
    if (positionals.length !== 1) throw new ProjectError(`name one folder\n${usage}`);
    if (accounts.size < 1 || accounts.size > 100) throw new ProjectError(`name 1 to 100 accounts\n${usage}`);
    if (listen === null) throw new ProjectError(`--listen: must be HOST:PORT\n${usage}`);
    if (!["deny", "admit"].includes(values["when-unavailable"])) {
        throw new ProjectError(`--when-unavailable: must be deny or admit\n${usage}`);
    }
    if (process.env.STINT_TOKEN) {
        throw new ProjectError("STINT_TOKEN is in the environment, where functions may be able to read it. "
            + "Type: unset STINT_TOKEN, and name a file with --token-file");
    }
    const wrongName = values.host.find((name) => !/^[\w.-]{1,253}$/.test(name));
    if (wrongName !== undefined) throw new ProjectError(`--host: ${JSON.stringify(wrongName)}: must be a name without scheme and port`);
    return {
        folder: positionals[0], accounts, host: listen[1].replace(/^\[|\]$/g, ""), port: Number(listen[2]), stint: values.stint,
        admin: values.admin, secrets: values.secrets, whenUnavailable: values["when-unavailable"], names: values.host,
        tokenFile: values["token-file"], ids: workerIds(values["worker-uids"]),
        workers: number("workers", values.workers, 2 * os.cpus().length, 1, 1_000),
        queue: number("queue", values.queue, 100, 0, 10_000),
        memoryBytes: number("memory-mb", values["memory-mb"], 128, 8, 65_536) * 2 ** 20,
    };
}

/** The user ids of workers; undefined: the runner's own user. */
function workerIds(text) {
    if (text === "none" || (text === undefined && !maySwitch)) return undefined;
    const found = /^(\d{1,9})-(\d{1,9})$/.exec(text ?? `${standardIds.first}-${standardIds.last}`);
    const [first, last] = [Number(found?.[1]), Number(found?.[2])];
    if (!(first > 0 && last >= first && last - first < 100_000)) {
        throw new ProjectError(`--worker-uids: must be none, or such as ${standardIds.first}-${standardIds.last}`);
    }
    if (!maySwitch) throw new ProjectError("--worker-uids: only root, on Linux, can run workers as other users");
    return { first, last };
}

/** @returns {Promise<Identities|undefined>} the users of functions; undefined: the runner's own user */
async function identities({ ids, workers, tokenFile }, project) {
    if (tokenFile === undefined) log("no token for Stint: functions that can reach Stint can send requests too; see docs/RUNNER.md");
    if (ids === undefined) {
        log("functions run as the runner's own user, and can read its files: the token, the secrets, other functions; see docs/RUNNER.md");
        return undefined;
    }
    const found = await Identities.claim(ids, workers, log);
    const files = [...project.endpoints.values(), ...project.actions.values()].map((fn) => fn.file);
    await found.tryOut(project.folder, [...new Set(files)]);
    return found;
}

function number(name, text, standard, least, most) {
    const value = text === undefined ? standard : Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new ProjectError(`--${name}: must be ${least} to ${most}, not ${text}`);
}

function client(how) {
    try {
        return new Stint(how);
    } catch (error) {
        throw new ProjectError(`--stint, --admin, --token-file: ${error.message}`);
    }
}

async function main() {
    const chosen = settings();
    const project = readProject(chosen.folder, chosen.secrets === undefined ? {} : readSecrets(chosen.secrets));
    // Only root can create groups, and only a process of another user cannot leave its group.
    const groups = chosen.ids === undefined ? undefined : Groups.claim(log);
    if (chosen.ids === undefined) log("memory: census");
    process.on("exit", () => groups?.removeParent());
    const users = await identities(chosen, project);
    const stint = client({
        url: chosen.stint, admin: chosen.admin, token: chosen.tokenFile === undefined ? undefined : readToken(chosen.tokenFile),
        onDropped: ({ account, id }, reason) => log(`execution ${id} of ${account} stays charged with its grant: ${reason.message}`),
    });
    const server = new FunctionServer({
        project, stint, accounts: chosen.accounts, whenUnavailable: chosen.whenUnavailable, memoryBytes: chosen.memoryBytes, log,
        bounds: { workers: chosen.workers, queue: chosen.queue, waitMs: 5_000 },
        workers: new Workers(project.folder, users, groups), visitors: new Visitors(chosen.names),
    });
    if (setpriv === undefined) log("missing: setpriv (util-linux). Workers outlive a runner that is killed, until their function ends");

    // The runner starts even if Stint does not answer: calls are then answered according to
    // --when-unavailable.
    const registered = register(stint, project, chosen.accounts, log);
    await Promise.race([registered, new Promise((resolve) => setTimeout(resolve, 3_000).unref())]);

    const address = await server.listen(chosen.port, chosen.host);
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    log(`${path.basename(project.folder)}: ${project.endpoints.size} endpoints, ${project.actions.size} actions for `
        + `${[...chosen.accounts].join(", ")}, ${chosen.workers} workers${users === undefined ? "" : ` as users from ${users.all[0]}`}`);
    log(`serves http://${host}:${address.port}`);

    let isStopping = false;
    const stop = async (exitCode) => {
        if (isStopping) return;
        isStopping = true;
        log("stopping when the current runs have ended");
        await server.close();
        const left = await stint.close();
        await groups?.close();
        log(left === 0 ? "stopped" : `stopped; ${left} executions stay charged with their grants`);
        process.exit(exitCode);
    };
    process.on("SIGTERM", () => stop(0));
    process.on("SIGINT", () => stop(0));
    registered.catch((error) => {
        log(error instanceof ProjectError ? error.message : error.stack);
        stop(1);
    });
}

function fail(error) {
    log(error instanceof ProjectError ? error.message : error.stack);
    process.exit(1);
}

main().catch(fail);
