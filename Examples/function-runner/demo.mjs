// `make demo`: starts Stint with an embedded Redis, and the runner with the sample functions in a
// temporary directory. It sends a burst over the limit, runs functions that misbehave and a poller,
// and prints the result of each call. Then it stops everything. It fails if an expected result is
// missing. Stint requires tokens: the runner's is bound to the account that it serves.

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const account = "demo";
const plans = `
default: demo
plans:
  demo:                      # small, so that a burst crosses it, also on a slow machine
    limits:
      - {name: executions, meter: executions, amount: 40, windowMs: 10000}
      - {name: execution-time, meter: execution-time, amount: 60000, windowMs: 10000}
    kinds:
      function: {maxDurationMs: 1500, memoryBytes: 67108864, payloadBytes: 6291456}
      workflow-action: {maxDurationMs: 3000, memoryBytes: 67108864, payloadBytes: 6291456}
    resources: {endpoints: 100, secrets: 50}
`;

const began = performance.now();
const say = (line = "") => process.stdout.write(`${line}\n`);
const at = () => `${((performance.now() - began) / 1_000).toFixed(2).padStart(6)} s`;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const must = (holds, what) => {
    if (!holds) throw new Error(`not seen: ${what}`);
};

/** The environment without the variables that functions must not see. */
const environment = { ...process.env };
delete environment.STINT_TOKEN;

/** The programs that this demo has started, newest first. @type {Program[]} */
const programs = [];

/** A program that logs its address to the standard error. */
class Program {
    #output = "";

    constructor(name, command, args) {
        this.name = name;
        this.process = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], detached: true, env: environment });
        this.ended = new Promise((resolve) => this.process.on("close", resolve));
        this.process.on("error", (error) => (this.#output += `${error.message}\n`));
        this.process.stderr.on("data", (bytes) => (this.#output = (this.#output + bytes).slice(-64_000)));
        programs.unshift(this);
    }

    /** Waits until its output matches. */
    async says(pattern) {
        const end = performance.now() + 60_000;
        while (!pattern.test(this.#output)) {
            must(this.process.exitCode === null && performance.now() < end, `${this.name} serving. It said:\n${this.#output}`);
            await sleep(20);
        }
        return pattern.exec(this.#output);
    }

    async stop() {
        this.process.kill("SIGTERM");
        const timer = setTimeout(() => this.process.kill("SIGKILL"), 20_000);
        await this.ended;
        clearTimeout(timer);
    }
}

/** One call over a kept-alive connection, with its reply as text. */
const agent = new http.Agent({ keepAlive: true });
function call(url, { method = "GET", json, token } = {}) {
    return new Promise((resolve, reject) => {
        const headers = json === undefined ? {} : { "Content-Type": "application/json" };
        if (token !== undefined) headers.Authorization = `Bearer ${token}`;
        const request = http.request(url, { method, headers, agent }, (response) => {
            const chunks = [];
            response.on("data", (chunk) => chunks.push(chunk));
            response.on("error", reject);
            response.on("end", () => {
                const text = Buffer.concat(chunks).toString();
                const isJSON = response.headers["content-type"]?.includes("json");
                resolve({ status: response.statusCode, headers: response.headers, text, body: isJSON ? JSON.parse(text) : undefined });
            });
        });
        request.on("error", reject);
        request.end(json === undefined ? undefined : JSON.stringify(json));
    });
}

/** Creates a token with the command line. */
function token(binary, ...args) {
    const { status, stdout, stderr } = spawnSync(binary, ["token", "create", ...args], { env: environment });
    must(status === 0, `a token: ${stderr}`);
    return String(stdout).trim();
}

async function start(binary, place) {
    const file = (name) => path.join(place, name);
    writeFileSync(file("plans.yaml"), plans);
    writeFileSync(file("secrets.json"), '{"SESSION_KEY":"of-the-demo-only"}', { mode: 0o600 });
    const runners = token(binary, "--name", "functions", "--scope", "runner", "--accounts", account, "--file", file("tokens"));
    writeFileSync(file("token"), runners, { mode: 0o600 });
    const people = token(binary, "--name", "people", "--scope", "admin", "--file", file("tokens"));
    // Functions may run as users who cannot read this checkout.
    chmodSync(place, 0o711);
    cpSync(path.join(here, "samples.functions"), file("samples.functions"), { recursive: true });
    must(spawnSync("chmod", ["-R", "u=rwX,go=rX", file("samples.functions")]).status === 0, "samples that everybody may read");
    const stint = new Program("Stint", binary, [
        "serve", "--runner-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0", "--data-dir", file("ledger"),
        "--plans", file("plans.yaml"), "--security-tokens", file("tokens"), "--runner-socket", file("stint.sock"),
        // A busy machine must not cause a 503 here.
        "--redis-command-deadline-ms", "1000", "--redis-connect-deadline-ms", "1000",
    ]);
    const [, admin] = await stint.says(/admin=(127\.0\.0\.1:\d+) .*runners=/);
    while ((await call(`http://${admin}/readyz`)).status !== 200) await sleep(50);
    say(`${at()}  Stint serves, with an embedded Redis: the runner API is at stint.sock, the admin API at ${admin}`);
    const runner = new Program("the runner", process.execPath, [
        path.join(here, "runner.mjs"), file("samples.functions"), "--account", account, "--listen", "127.0.0.1:0",
        "--stint", `unix:${file("stint.sock")}`, "--admin", `http://${admin}`, "--secrets", file("secrets.json"),
        "--token-file", file("token"),
    ]);
    const [, url] = await runner.says(/serves (http:\/\/\S+)/);
    const { body } = await call(`http://${admin}/v1/accounts/${account}/resources`, { token: people });
    say(`${at()}  the runner serves samples.functions: ${body.resources.map((one) => `${one.used} of ${one.quota} ${one.kind}`).join(", ")}`);
    const [, users] = await runner.says(/ workers( as users from)?/);
    return { admin: `http://${admin}`, people, isApart: users !== undefined, fn: (name, query = "") => `${url}/_hcms/api/${name}?portalid=${account}${query}`, url };
}

/** A call every 50 ms, while few are in flight. */
async function burst({ fn }, count) {
    say(`\n${count} calls of "fast", one every 50 ms; the plan allows 40 in 10 s        o admitted, x denied`);
    const calls = [];
    let underWay = 0;
    while (calls.length < count) {
        underWay += 1;
        calls.push(call(fn("fast")).finally(() => (underWay -= 1)));
        await sleep(50);
        while (underWay >= 8) await sleep(5);
    }
    const replies = await Promise.all(calls);
    for (let first = 0; first < count; first += 10) {
        const few = replies.slice(first, first + 10);
        const denied = few.filter((reply) => reply.status === 429);
        const last = few.findLast((reply) => reply.status === 200);
        const left = last === undefined ? "" : `${last.body.limits.executionsRemaining} left`;
        const wait = denied.length === 0 ? "" : `429, Retry-After: ${denied.at(-1).headers["retry-after"]}`;
        const marks = few.map((reply) => ({ 200: "o", 429: "x" })[reply.status] ?? reply.status).join("");
        say(`          calls ${String(first + 1).padStart(2)} to ${first + few.length}   ${marks.padEnd(12)} ${left.padEnd(9)} ${wait}`);
    }
    return replies;
}

/** Repeats a call until it is admitted, after the wait of each denial. One wait is enough if there are no other calls. */
async function admitted(url, how) {
    for (let round = 1; ; round += 1) {
        const reply = await call(url, how);
        if (reply.status !== 429) return reply;
        must(round < 20, `admission after ${round} waits`);
        say(`${at()}  429: ${reply.body.detail}; again in ${reply.body.retryAfterMs} ms`);
        await sleep(reply.body.retryAfterMs);
    }
}

async function recovery({ fn }) {
    const reply = await admitted(fn("fast"));
    say(`${at()}  ${reply.status}: ${reply.text}`);
    must(reply.status === 200, "the recovery after the wait of a denial");
}

async function misbehaviour({ fn, url }) {
    say("\nfunctions that misbehave");
    for (const [name, status] of [["never-ending", 504], ["memory-hog", 500], ["crowd", 500], ["throwing", 500]]) {
        const reply = await admitted(fn(name));
        const log = await call(`${url}/_logs/${reply.headers["x-execution-id"]}`);
        say(`${at()}  ${name.padEnd(12)} ${reply.status} ${reply.body.title}: ${reply.body.detail.split(";")[0]}`);
        say(`            it printed: ${log.text.trim().split("\n")[0]}`);
        must(reply.status === status, `${status} of ${name}`);
    }
    const redirect = await admitted(fn("orders/login"), { method: "POST", json: { user: "ann" } });
    say(`${at()}  orders/login ${redirect.status} to ${redirect.headers.location}, with ${redirect.headers["set-cookie"].length} cookies`);
    const action = await admitted(`${url}/_workflow/actions/add?portalid=${account}`, {
        method: "POST", json: { inputFields: { first: 2, second: 40 } },
    });
    say(`${at()}  actions/add  ${action.status} ${action.text}`);
}

/** Runs a function that tries to change its quota and to read what belongs to others. */
async function trespassing({ fn, isApart }) {
    const whose = isApart ? "separate users" : "the runner's own user (with root they would be separate users, without access to its files)";
    say(`\na function that tries to reach what belongs to others; functions run as ${whose}`);
    const { body } = await admitted(fn("trespassing"));
    for (const [what, got] of Object.entries(body)) say(`          ${what.padEnd(30)} ${got}`);
    for (const what of ["forget its charges", "raise its limit"]) must(body[what] === 401, `401 for a function that wants to ${what}`);
    if (!isApart) return;
    must(body["settle an execution"] === "EACCES" && body["read other environments"] === 0, "a function that is kept from others");
    for (const what of ["the token", "the secrets", "the runner's environment"]) must(body[`read ${what}`] === "EACCES", `${what} kept secret`);
}

/** Polls at the interval that each reply suggests. */
async function polling({ fn }, lastsMs) {
    say(`\na page that polls for ${lastsMs / 1_000} s, at the interval that each reply suggests`);
    const end = performance.now() + lastsMs;
    const counts = {};
    for (let reply = await admitted(fn("poll")); performance.now() < end; reply = await call(fn("poll"))) {
        counts[reply.status] = (counts[reply.status] ?? 0) + 1;
        await sleep(Math.max(20, reply.body.callAgainInMs ?? reply.body.retryAfterMs ?? 1_000));
    }
    say(`${at()}  ${Object.entries(counts).map(([status, count]) => `${count} x ${status}`).join(", ")}`);
    must(counts[429] === undefined, "a poller that keeps the interval and is never denied");
}

async function books({ admin, people }) {
    const { body } = await call(`${admin}/v1/accounts/${account}/executions?limit=1000`, { token: people });
    const outcomes = {};
    for (const { outcome, durationMs } of body.executions) {
        const sum = (outcomes[outcome] ??= { count: 0, ms: 0 });
        sum.count += 1;
        sum.ms += durationMs;
    }
    say("\nthe execution log of Stint");
    for (const [outcome, { count, ms }] of Object.entries(outcomes)) {
        say(`          ${outcome.padEnd(8)} ${String(count).padStart(4)} executions, ${String(ms).padStart(6)} ms`);
    }
}

async function demo(binary, place) {
    const scene = await start(binary, place);
    const replies = await burst(scene, 60);
    for (const status of [200, 429]) must(replies.some((reply) => reply.status === status), `${status} in the burst`);
    await recovery(scene);
    await misbehaviour(scene);
    await trespassing(scene);
    await polling(scene, 6_000);
    await books(scene);
}

const binary = process.argv[2];
if (binary === undefined) {
    process.stderr.write("demo: which stint? Type: make demo\n");
    process.exit(2);
}
const place = mkdtempSync(path.join(os.tmpdir(), "stint-demo-"));
let failure;
const interrupted = new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => reject(new Error(`ended by ${signal}`)));
});
try {
    await Promise.race([demo(binary, place), interrupted]);
} catch (error) {
    failure = error;
}
for (const program of programs) await program.stop();
rmSync(place, { recursive: true, force: true });
say(failure === undefined ? `${at()}  everything is stopped` : `demo: ${failure.message}`);
process.exit(failure === undefined ? 0 : 1);
