// The runner's HTTP server: checks the caller, finds the function, checks the call, and then runs
// one execution: a place for its worker, Stint's grant, the run, the reply. Settling happens in the
// background.

import http from "node:http";

import { Denied, Refused, Unavailable } from "../../Clients/node/stint.mjs";
import { FunctionLogs } from "./logs.mjs";
import {
    Problem, problemOf, problems, sendActionsResponse, sendFunctionsResponse, sendJSON, sendProblem, sendProblemBody, sendText,
} from "./replies.mjs";
import { Slots } from "./slots.mjs";

/** The most bytes of a payload. */
export const maximumBodyBytes = 6 << 20;
/** The most bytes of all payloads in memory. */
const maximumBodiesBytes = 256 << 20;
const maximumConnections = 1_000;
/** The longest run of each kind, which the plan may shorten; also the grant if Stint does not answer. */
const longestMs = { function: 10_000, "workflow-action": 20_000 };
/** A shorter grant would end before Node has started. */
const smallestGrantMs = 250;
const contactHeader = "x-contact";
const maximumContactBytes = 4 << 10;

export class FunctionServer {
    #project;
    #stint;
    #accounts;
    #admitsWhenUnavailable;
    #memoryBytes;
    #slots;
    #workers;
    #visitors;
    #isLoopback = true;
    #logs = new FunctionLogs();
    #bodiesBytes = 0;
    #uncounted = 0;
    #log;
    #logged = new Set();
    #http;

    /**
     * @param {object} settings
     * @param {import("./project.mjs").Project} settings.project
     * @param {import("../../Clients/node/stint.mjs").Stint} settings.stint
     * @param {Set<string>} settings.accounts the accounts with these functions
     * @param {"deny"|"admit"} settings.whenUnavailable
     * @param {number} settings.memoryBytes the memory of a run whose grant has none
     * @param {{workers: number, queue: number, waitMs: number}} settings.bounds
     * @param {import("./execution.mjs").Workers} settings.workers
     * @param {import("./visitors.mjs").Visitors} settings.visitors
     * @param {(line: string) => void} settings.log
     */
    constructor({ project, stint, accounts, whenUnavailable, memoryBytes, bounds, workers, visitors, log }) {
        this.#project = project;
        this.#stint = stint;
        this.#accounts = accounts;
        this.#admitsWhenUnavailable = whenUnavailable === "admit";
        this.#memoryBytes = memoryBytes;
        this.#slots = new Slots(bounds);
        this.#workers = workers;
        this.#visitors = visitors;
        this.#log = log;
        this.#http = http.createServer({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 75_000 });
        this.#http.maxConnections = maximumConnections;
        this.#http.on("request", (req, res) => this.#answer(req, res));
    }

    /** @returns {Promise<import("node:net").AddressInfo>} where it listens */
    listen(port, host) {
        return new Promise((resolve, reject) => {
            this.#http.once("error", reject);
            this.#http.listen(port, host, () => {
                const address = this.#http.address();
                this.#isLoopback = /^(::ffff:)?127\.|^::1$/.test(address.address);
                resolve(address);
            });
        });
    }

    /** Accepts no more requests, and waits for the current ones. */
    close() {
        return new Promise((resolve) => {
            // A kept-alive connection may become idle only now.
            const idle = setInterval(() => this.#http.closeIdleConnections(), 50);
            this.#http.close(() => {
                clearInterval(idle);
                resolve();
            });
        });
    }

    async #answer(req, res) {
        try {
            await this.#route(req, res);
        } catch (error) {
            if (error instanceof Problem) return sendProblem(res, error);
            if (error instanceof Denied) return this.#deny(res, error);
            if (error instanceof Refused) return this.#refuse(res, error);
            if (error instanceof Unavailable) return this.#unavailable(res, error);
            this.#log(`a fault of the runner: ${error.stack}`);
            sendProblem(res, new Problem(problems.internalError, "a fault of the runner; see its log"));
        }
    }

    async #route(req, res) {
        const mark = req.url.indexOf("?");
        const path = mark < 0 ? req.url : req.url.slice(0, mark);
        const query = new URLSearchParams(mark < 0 ? "" : req.url.slice(mark));
        const isFunction = path.startsWith("/_hcms/api/");
        this.#visitors.check(req.headers, { isFunction, isLoopback: this.#isLoopback });
        if (isFunction) {
            return this.#call(req, res, this.#project.endpoints.get(path.slice("/_hcms/api/".length)), query);
        }
        if (path.startsWith("/_workflow/actions/")) {
            return this.#call(req, res, this.#project.actions.get(path.slice("/_workflow/actions/".length)), query);
        }
        if (path.startsWith("/_logs/")) return this.#showLog(req, res, path.slice("/_logs/".length));
        if (path === "/_status") return this.#showStatus(req, res);
        throw new Problem(problems.unknownRoute, "unknown path; see /_hcms/api/{path}?portalid={account}");
    }

    #showLog(req, res, id) {
        allow(req, ["GET", "HEAD"]);
        const text = this.#logs.of(id);
        if (text === undefined) throw new Problem(problems.unknownRoute, "unknown execution, or one that is too old");
        sendText(res, 200, text);
    }

    #showStatus(req, res) {
        allow(req, ["GET", "HEAD"]);
        sendJSON(res, 200, {
            running: this.#slots.running, waiting: this.#slots.waiting, payloadBytes: this.#bodiesBytes, uncounted: this.#uncounted,
            unsettled: this.#stint.unsettled, settlementsDropped: this.#stint.dropped,
        });
    }

    // Calls of functions.

    async #call(req, res, fn, query) {
        if (fn === undefined) throw new Problem(problems.unknownRoute, "unknown function");
        allow(req, fn.methods);
        const account = query.get("portalid");
        if (account === null) throw new Problem(problems.malformedRequest, "missing account: add ?portalid={account}");
        if (!this.#accounts.has(account)) throw new Problem(problems.unknownAccount, "this runner does not serve that account");
        const context = {
            accountId: account, endpoint: fn.name, method: req.method, headers: { ...req.headers }, params: lists(query),
        };
        delete context.headers[contactHeader];
        const contact = contactOf(req);
        if (contact !== undefined) context.contact = contact;
        const body = await this.#body(req, fn);
        try {
            if (!(await this.#slots.enter())) {
                throw busy("all workers are busy; nothing was charged");
            }
            try {
                await this.#seated(res, (seat) => this.#run(res, fn, account, context, body.text, seat));
            } finally {
                this.#slots.leave();
            }
        } finally {
            this.#bodiesBytes -= body.bytes;
        }
    }

    async #seated(res, run) {
        const seat = await this.#workers.seat();
        if (seat === undefined) throw busy("no user for functions is free; nothing was charged");
        try {
            // The caller hung up while it waited, so nothing is charged.
            if (!res.destroyed) await run(seat);
        } finally {
            this.#workers.leave(seat);
        }
    }

    async #run(res, fn, account, context, body, seat) {
        const fallback = { grantedMs: longestMs[fn.kind], memoryBytes: this.#memoryBytes };
        const ask = {
            account, function: fn.name, kind: fn.kind, minDurationMs: smallestGrantMs, payloadBytes: Buffer.byteLength(body ?? ""),
            whenUnavailable: this.#admitsWhenUnavailable ? fallback : undefined, graceMs: 30_000,
        };
        await this.#stint.withExecution(ask, async (grant) => {
            if (grant.degraded && !grant.overUse) this.#uncounted += 1;
            const seen = { ...context, limits: grant.limits, suggestedIntervalMs: grant.suggestedIntervalMs };
            const run = await this.#workers.run(seat, fn, seen, body, {
                grantedMs: Math.min(grant.grantedMs, longestMs[fn.kind]), memoryBytes: grant.memoryBytes ?? this.#memoryBytes,
            });
            this.#logs.keep(grant.id, run.log);
            res.setHeader("X-Execution-Id", grant.id);
            grant.report(usage(run, this.#replied(res, fn, run, grant.id)));
        });
    }

    /** @returns {boolean} whether the function's response was valid and was sent */
    #replied(res, fn, run, id) {
        try {
            if (run.ending !== "responded") throw problemOf(run, id);
            if (fn.kind === "function") sendFunctionsResponse(res, run.response);
            else sendActionsResponse(res, run.response);
            return true;
        } catch (error) {
            if (!(error instanceof Problem)) throw error;
            sendProblem(res, error);
            return false;
        }
    }

    /** The complete JSON body as text, or undefined. `bytes` count towards the most bytes of all bodies. */
    async #body(req, fn) {
        const length = Number(req.headers["content-length"] ?? 0);
        const isChunked = req.headers["transfer-encoding"] !== undefined;
        if (length === 0 && !isChunked) return { text: undefined, bytes: 0 };
        const isJSON = /^application\/json\s*(;|$)/i.test(req.headers["content-type"] ?? "");
        // A chunked body may be empty, which needs no type.
        if (!isJSON && !isChunked) throw notJSON();
        if (length > maximumBodyBytes) throw tooLarge();
        const read = await this.#read(req);
        try {
            if (!isJSON && read.bytes > 0) throw notJSON();
            return { text: json(read.chunks, fn), bytes: read.bytes };
        } catch (error) {
            this.#bodiesBytes -= read.bytes;
            throw error;
        }
    }

    /** A body that is too large is read to its end and dropped, because a caller that still sends would miss the reply. */
    #read(req) {
        return new Promise((resolve, reject) => {
            let [chunks, bytes] = [[], 0];
            const give = (settle, value) => {
                if (settle === reject) this.#bodiesBytes -= bytes;
                [chunks, bytes] = [undefined, 0];
                settle(value);
            };
            req.on("data", (chunk) => {
                if (chunks === undefined) return;
                bytes += chunk.length;
                this.#bodiesBytes += chunk.length;
                chunks.push(chunk);
                if (bytes > maximumBodyBytes) give(reject, tooLarge());
                else if (this.#bodiesBytes > maximumBodiesBytes) give(reject, busy("too many bytes of payloads at once"));
            });
            req.on("end", () => give(resolve, { chunks, bytes }));
            req.on("error", () => give(reject, new Problem(problems.malformedRequest, "the payload was cut off")));
        });
    }

    // Replies of Stint without a grant.

    #deny(res, error) {
        sendProblemBody(res, 429, error.problem, error.headers);
    }

    /** A payload above the plan's ceiling is the caller's error; any other rejection is the runner's. */
    #refuse(res, error) {
        if (error.status === 413) return sendProblemBody(res, 413, error.problem, {});
        if (!this.#logged.has(error.problem.type)) this.#log(`Stint refuses an execution: ${error.message}`);
        this.#logged.add(error.problem.type);
        sendProblem(res, new Problem(problems.refused, `Stint refuses this execution: ${error.message}`));
    }

    #unavailable(res, error) {
        const seconds = Math.max(1, Math.ceil(error.retryAfterMs / 1_000));
        sendProblem(res, new Problem(problems.unavailable, "Stint did not answer, so it is unknown whether the quota has room", { "Retry-After": String(seconds) }));
    }
}

/** The settlement of a run. */
function usage(run, isGood) {
    const failures = { "timed-out": "timeout", "not-started": "not-started" };
    const outcome = isGood ? "ok" : failures[run.ending] ?? "error";
    return {
        durationMs: outcome === "not-started" ? 0 : run.durationMs, outcome,
        ...(run.memoryBytes > 0 ? { memoryBytes: run.memoryBytes } : {}),
    };
}

function allow(req, methods) {
    const list = [...methods];
    if (list.includes(req.method)) return;
    throw new Problem(problems.methodNotAllowed, `this takes ${list.join(", ")}`, { Allow: list.join(", ") });
}

const notJSON = () => new Problem(problems.unsupportedMediaType, "Content-Type must be application/json");
const tooLarge = () => new Problem(problems.bodyTooLarge, `a payload has at most ${maximumBodyBytes} bytes`);
const busy = (detail) => new Problem(problems.busy, detail, { "Retry-After": "1" });

const lists = (query) => Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]));

/** The contact who calls, from the header that a proxy in front of the runner sets. */
function contactOf(req) {
    const text = req.headers[contactHeader];
    if (text === undefined) return undefined;
    const contact = text.length <= maximumContactBytes ? object(text) : undefined;
    if (contact === undefined) {
        throw new Problem(problems.malformedRequest, `${contactHeader} must be a JSON object of at most ${maximumContactBytes} bytes`);
    }
    return contact;
}

/** The text of a JSON body. For a workflow it must be an object with an object of input fields. */
function json(chunks, fn) {
    const text = Buffer.concat(chunks).toString();
    if (text === "") return undefined;
    let value;
    try {
        value = JSON.parse(text);
    } catch (error) {
        throw new Problem(problems.malformedRequest, `the body must be JSON: ${error.message}`);
    }
    if (fn.kind === "workflow-action" && !(isObject(value) && isObject(value.inputFields ?? {}))) {
        throw new Problem(problems.malformedRequest, 'the body must be an object such as {"inputFields":{}}');
    }
    return text;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function object(text) {
    try {
        const value = JSON.parse(text);
        return isObject(value) ? value : undefined;
    } catch {
        return undefined;
    }
}
