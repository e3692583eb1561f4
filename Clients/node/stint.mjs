// Stint's client for runners in Node: one file without dependencies, for Node 18 or later. Import
// it, or copy it.
//
//   const stint = new Stint({ url: "http://127.0.0.1:7400" });
//   const ask = { account: "acme", function: "resize" };
//   const value = await stint.withExecution(ask, async (execution) => {
//       return resize(execution.signal);               // aborted when the granted time is up
//   });
//   await stint.close();
//
// Every request has a deadline. A request with a 503 or without an answer is repeated after a
// jittered pause, a bounded number of times, with the same id, so that nothing is charged twice. A
// denial is thrown as `Denied`, a missing answer as `Unavailable`, any other rejection as
// `Refused`. An invalid argument, such as a token with a blank in it, is a `TypeError`, not an
// outage.
// Settlements are sent in the background and repeated while Stint does not answer; their queue is
// bounded.

import { randomUUID } from "node:crypto";
import http from "node:http";
import https from "node:https";

/**
 * What is left: a count, and milliseconds. `null`: the plan has no such limit, or Stint did not answer.
 * @typedef {{executionsRemaining: number|null, timeRemaining: number|null}} Limits
 */

/**
 * An error of Stint (RFC 9457). Compare `type`; `detail` is for people.
 * @typedef {{type: string, title?: string, status?: number, detail?: string, "violated-policies"?: string[],
 *   retryAfterMs?: number, limits?: Limits, field?: string, id?: string}} Problem
 */

/**
 * What an execution asks for; all optional. Bounds: docs/API.md.
 * @typedef {{id?: string, function?: string, kind?: string, maxDurationMs?: number, minDurationMs?: number,
 *   payloadBytes?: number}} Ask
 */

/**
 * A grant. `ageMs`: it was admitted at most this long before the reply came. `headers`: `ratelimit` and
 * `ratelimit-policy`, if Stint sent them. `degraded`: Stint did not answer, or its
 * ledger did not: the execution runs uncounted, unless there is `overUse`, by which its account may be over.
 * @typedef {{id: string, grantedMs: number, deadline?: number, memoryBytes?: number, limits: Limits,
 *   suggestedIntervalMs: number, degraded: boolean,
 *   overUse?: {executions: number|null, executionTimeMs: number|null}, ageMs: number, headers: Record<string, string>}} Grant
 */

/**
 * What an execution used. `durationMs`: whole milliseconds.
 * @typedef {{durationMs: number, outcome?: "ok"|"error"|"timeout"|"not-started", memoryBytes?: number}} Usage
 */

/** @typedef {{id: string, chargedMs: number, returnedMs: number, overrunMs: number, limits: Limits}} Settled */

/**
 * @typedef {{account: string, plan: string, limits: Limits, suggestedIntervalMs: number, policies: {name: string, meter: string,
 *   amount: number, used: number, remaining: number, windowMs: number}[]}} Standing
 */

/** @typedef {{kind: string, name: string, quota: number, used: number, metadata?: object, created: boolean}} Resource */

/** Stint denied: the ask does not fit the account's quota. No other error means this. */
export class Denied extends Error {
    name = "Denied";

    /** @param {Problem} problem @param {Record<string, string>} headers @param {string=} id */
    constructor(problem, headers, id) {
        super(problem.detail ?? problem.title);
        this.problem = problem;
        /** The earliest time until this ask fits, in ms; undefined: it never fits. @type {number|undefined} */
        this.retryAfterMs = problem.retryAfterMs;
        /** `retry-after`, `ratelimit` and `ratelimit-policy`, unchanged. */
        this.headers = headers;
        this.id = id;
    }
}

/** Stint rejected the request: it is malformed, or the caller may not send it. Repeating does not help. */
export class Refused extends Error {
    name = "Refused";

    /** @param {Problem} problem @param {number} status */
    constructor(problem, status) {
        super(`${status}: ${problem.detail ?? problem.title ?? problem.type}`);
        this.problem = problem;
        this.status = status;
    }
}

/** Stint did not answer. The execution may have been charged, unless `isUntouched`. Repeating with the same id is safe. */
export class Unavailable extends Error {
    name = "Unavailable";

    /** @param {{id?: string, cause: Error, retryAfterMs?: number, isUntouched: boolean}} facts */
    constructor({ id, cause, retryAfterMs = 1_000, isUntouched }) {
        super(`no answer from Stint: ${cause.message}`, { cause });
        this.id = id;
        this.retryAfterMs = retryAfterMs;
        /** No request reached Stint. */
        this.isUntouched = isUntouched;
    }
}

/** The granted time is over. `withExecution` aborts its function with this, and throws it if the function does not end. */
export class TimedOut extends Error {
    name = "TimedOut";

    /** @param {number} grantedMs */
    constructor(grantedMs) {
        super(`the granted ${grantedMs} ms are over`);
        this.grantedMs = grantedMs;
    }
}

/** Throw it in `withExecution` if the admitted function could not be started: then no time is charged. */
export class NotStarted extends Error {
    name = "NotStarted";
}

/** A unique id for an execution. */
export const newId = () => randomUUID();

/** Replies beyond this many bytes are not read. */
const maximumReplyBytes = 4 << 20;
/** Statuses that mean no answer: from Stint, or from a proxy that did not reach it. */
const statusesOfSilence = new Set([502, 503, 504]);
/** Errors of connections that were never established. */
const neverConnected = new Set(["ECONNREFUSED", "ENOENT", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
/** The longest time of a timer. */
const longestTimerMs = 2 ** 31 - 1;
const nothingLeftToSay = { executionsRemaining: null, timeRemaining: null };

/** The form of Stint's tokens (RFC 6750's `b64token`). */
const tokenRule = /^(?=.{1,256}$)[\w.~+/-]+=*$/;
/** The most bytes of the path of a Unix socket. */
const maximumSocketPathBytes = 103;

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The error of a reply that is not Stint's. */
const unreadable = (status) => new Error(`status ${status}, and a body that is not Stint's`);

/** One address, and the kept-alive connections to it. */
class Door {
    /** @param {string} address @param {{connections: number, deadlineMs: number, token?: string, tls?: object}} settings */
    constructor(address, { connections, deadlineMs, token, tls }) {
        const isSocket = address.startsWith("unix:");
        const pathBytes = isSocket ? Buffer.byteLength(address) - "unix:".length : 1;
        if (pathBytes < 1 || pathBytes > maximumSocketPathBytes) {
            throw new TypeError(`${address}: the path of a socket must be 1 to ${maximumSocketPathBytes} bytes`);
        }
        if (!isSocket && address.includes("@")) {
            throw new TypeError("the address must not have an @: give a token in place of a user and a password");
        }
        const url = parsedURL(isSocket ? "http://localhost" : address);
        if (!["http:", "https:"].includes(url?.protocol) || url.pathname !== "/") {
            throw new TypeError(`${address}: must be http://HOST:PORT, https://HOST:PORT or unix:PATH`);
        }
        this.protocol = url.protocol === "https:" ? https : http;
        const host = url.hostname.replace(/^\[|\]$/g, "");
        this.place = isSocket ? { socketPath: address.slice("unix:".length) } : { host, port: url.port || undefined };
        this.agent = new this.protocol.Agent({ keepAlive: true, maxSockets: connections, ...tls });
        this.deadlineMs = deadlineMs;
        this.headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    }

    /**
     * Sends one request. Rejects if there is no complete reply within the deadline.
     * @returns {Promise<{status: number, headers: http.IncomingHttpHeaders, body: any}>} `body`: undefined if it is not JSON
     * @throws {Error} at once, if the request is invalid
     */
    exchange(method, path, body) {
        const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
        const headers = { ...this.headers };
        if (bytes !== undefined) {
            headers["Content-Type"] = "application/json";
            headers["Content-Length"] = bytes.length;
        }
        const request = this.protocol.request({ ...this.place, method, path, headers, agent: this.agent });
        return new Promise((resolve, reject) => {
            const end = (settle, value) => {
                clearTimeout(timer);
                settle(value);
            };
            const giveUp = (error) => {
                end(reject, error);
                request.destroy();
            };
            const timer = setTimeout(() => giveUp(new Error(`not within ${this.deadlineMs} ms`)), this.deadlineMs);
            request.on("error", (error) => end(reject, error));
            request.on("response", (response) => {
                const chunks = [];
                let size = 0;
                response.on("data", (chunk) => {
                    size += chunk.length;
                    if (size > maximumReplyBytes) giveUp(new Error(`a reply of more than ${maximumReplyBytes} bytes`));
                    else chunks.push(chunk);
                });
                response.on("error", (error) => end(reject, error));
                response.on("close", () => end(reject, new Error("the reply was cut off")));
                response.on("end", () => {
                    if (!response.complete) return;
                    const text = Buffer.concat(chunks).toString();
                    end(resolve, { status: response.statusCode, headers: response.headers, body: parsed(text) });
                });
            });
            request.end(bytes);
        });
    }

    close() {
        this.agent.destroy();
    }
}

function parsedURL(text) {
    try {
        return new URL(text);
    } catch {
        return undefined;
    }
}

/**
 * The token without the white space around it, because files and mounted secrets end with some; undefined if it is empty.
 * @param {string|undefined} token
 * @throws {TypeError} which does not contain the token
 */
function bearerToken(token) {
    const text = String(token ?? "").trim();
    if (text === "") return undefined;
    if (tokenRule.test(text)) return text;
    throw new TypeError("the token must be 1 to 256 letters, digits and -._~+/ in one line, such as stint token create prints");
}

/** A JSON value, or undefined. @param {string} text */
function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/** Settlements that are not sent yet. While Stint answers they are sent at once, else one at a time with growing pauses. */
class Settlements {
    #waiting = [];
    #sending = 0;
    #pauseMs = 0;
    #timer;
    #idle = [];
    dropped = 0;

    /** @param {{send: (entry: object) => Promise<void>, bound: number, lanes: number, longestPauseMs: number, patienceMs: number,
     *   onDropped: (entry: object, reason: Error) => void}} settings */
    constructor(settings) {
        this.settings = settings;
    }

    get count() {
        return this.#waiting.length + this.#sending;
    }

    /** Adds one. If there are too many, the oldest is dropped: its hold expires first. @param {boolean} isSure false: only if the queue is not half full */
    add(entry, isSure = true) {
        const { bound } = this.settings;
        if (!isSure && this.count >= bound / 2) return;
        this.#waiting.push({ ...entry, until: performance.now() + this.settings.patienceMs });
        if (this.count > bound) this.#drop(this.#waiting.shift(), new Error("too many wait"));
        this.#pump();
    }

    /** Resolves when no settlement waits. */
    drained() {
        return new Promise((resolve) => {
            this.#idle.push(resolve);
            this.#tellIfIdle();
        });
    }

    /** Sends no more. */
    stop() {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        this.#waiting = [];
    }

    #drop(entry, reason) {
        this.dropped += 1;
        this.settings.onDropped(entry, reason);
    }

    #pump() {
        if (this.#timer !== undefined) return;
        const lanes = this.#pauseMs > 0 ? 1 : this.settings.lanes;
        while (this.#sending < lanes && this.#waiting.length > 0) this.#send(this.#waiting.shift());
    }

    async #send(entry) {
        this.#sending += 1;
        try {
            await this.settings.send(entry);
            this.#pauseMs = 0;
        } catch (error) {
            if (error instanceof Unavailable && performance.now() < entry.until) {
                this.#waiting.unshift(entry);
                this.#pause();
            } else {
                this.#drop(entry, error);
            }
        } finally {
            this.#sending -= 1;
            this.#pump();
            this.#tellIfIdle();
        }
    }

    /** A random pause from half of the maximum to all of it. The maximum doubles each time. */
    #pause() {
        if (this.#timer !== undefined) return;
        this.#pauseMs = Math.min(this.settings.longestPauseMs, Math.max(50, this.#pauseMs * 2));
        this.#timer = setTimeout(() => {
            this.#timer = undefined;
            this.#pump();
        }, this.#pauseMs * (0.5 + Math.random() / 2));
        // Waiting settlements do not keep the process alive; `close()` does.
        this.#timer.unref();
    }

    #tellIfIdle() {
        if (this.count > 0) return;
        for (const resolve of this.#idle.splice(0)) resolve();
    }
}

/** A client of one Stint. */
export class Stint {
    #runner;
    #admin;
    #settings;
    #settlements;

    /**
     * @param {object} [settings]
     * @param {string} [settings.url] the runner API: `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`
     * @param {string} [settings.admin] the admin API, for resource quotas
     * @param {string} [settings.token] sent as a bearer token, without the white space around it; empty: none
     * @param {object} [settings.tls] `ca`, `cert`, `key` as in `tls.connect`
     * @param {number} [settings.deadlineMs] the time for one request, from connecting to the reply's last byte
     * @param {number} [settings.attempts] the most attempts of a request without an answer
     * @param {number} [settings.longestPauseMs] the longest pause between two attempts
     * @param {number} [settings.connections] the most connections to each address; further requests wait
     * @param {number} [settings.maximumUnsettled] the most settlements that wait; beyond that the oldest is dropped
     * @param {number} [settings.settleForMs] how long a settlement is repeated; then it is dropped, and its hold expires
     * @param {(dropped: {account: string, id: string, usage: Usage}, reason: Error) => void} [settings.onDropped]
     *   called when a settlement is dropped: its grant stays charged until it leaves the window
     * @throws {TypeError} if an address or the token is invalid
     */
    constructor({
        url = "http://127.0.0.1:7400", admin = "http://127.0.0.1:7401", token, tls, deadlineMs = 1_000, attempts = 3,
        longestPauseMs = 400, connections = 64, maximumUnsettled = 10_000, settleForMs = 3_600_000, onDropped = () => {},
    } = {}) {
        this.#settings = { attempts, longestPauseMs };
        const how = { connections, deadlineMs, token: bearerToken(token), tls };
        this.#runner = new Door(url, how);
        this.#admin = new Door(admin, how);
        this.#settlements = new Settlements({
            bound: maximumUnsettled, lanes: Math.min(16, connections, Math.ceil(maximumUnsettled / 2)), longestPauseMs: 5_000, patienceMs: settleForMs, onDropped,
            send: ({ account, id, usage }) => this.#settle(account, id, usage, 1),
        });
    }

    // The runner API.

    /**
     * Admits: may this execution start, and for how long?
     * @param {string} account @param {Ask} [ask] it gets an id if it has none, so that repetitions are safe
     * @returns {Promise<Grant>}
     * @throws {Denied|Unavailable|Refused}
     */
    async admit(account, ask = {}) {
        const id = ask.id ?? newId();
        const path = `${accountPath(account)}/executions`;
        const reply = await this.#ask(this.#runner, "POST", path, { ...ask, id }, {
            id, isReadable: ({ id: theirs, grantedMs }) => theirs === id && isCount(grantedMs),
        });
        const body = reply.body;
        // 200: one of the earlier attempts was admitted.
        const ageMs = performance.now() - (reply.status === 200 ? reply.firstSentAt : reply.sentAt);
        return {
            ...body, limits: body.limits ?? nothingLeftToSay, suggestedIntervalMs: body.suggestedIntervalMs ?? 0,
            degraded: body.degraded ?? false, ageMs, headers: spoken(reply.headers),
        };
    }

    /**
     * Settles: the execution used this much. `withExecution` and `settleLater` do this by themselves.
     * @param {string} account @param {string} id @param {Usage} usage
     * @returns {Promise<Settled|null>} null: there is nothing to settle (any more). After a lost reply it means that the settlement has arrived
     * @throws {Unavailable|Refused}
     */
    settle(account, id, usage) {
        return this.#settle(account, id, usage, this.#settings.attempts);
    }

    async #settle(account, id, usage, attempts) {
        const path = `${accountPath(account)}/executions/${segment(id)}/settle`;
        try {
            const isReadable = ({ chargedMs }) => isCount(chargedMs);
            return (await this.#ask(this.#runner, "POST", path, usage, { id, attempts, isReadable })).body;
        } catch (error) {
            if (error instanceof Refused && error.problem.type === "urn:stint:problem:execution-not-held") return null;
            throw error;
        }
    }

    /**
     * Peeks: what is left? Changes nothing.
     * @param {string} account
     * @returns {Promise<Standing>}
     * @throws {Unavailable|Refused}
     */
    async peek(account) {
        const path = `${accountPath(account)}/limits`;
        const isReadable = ({ policies }) => Array.isArray(policies);
        return (await this.#ask(this.#runner, "GET", path, undefined, { isReadable })).body;
    }

    // Resource quotas, through the admin API.

    /**
     * Registers a resource of the account, if the quota allows one more. Repeating changes nothing.
     * @param {string} account @param {string} kind `secrets`, `endpoints`, ... @param {string} name
     * @param {object} [metadata] people can read it, so it must not contain secrets
     * @returns {Promise<Resource>}
     * @throws {Denied|Unavailable|Refused} `Denied` without `retryAfterMs`: the quota is used up
     */
    async register(account, kind, name, metadata) {
        const reply = await this.#ask(this.#admin, "PUT", resourcePath(account, kind, name), metadata, {
            isReadable: ({ quota }) => isCount(quota),
        });
        return { ...reply.body, created: reply.status === 201 };
    }

    /**
     * Removes a resource of the account.
     * @param {string} account @param {string} kind @param {string} name
     * @returns {Promise<boolean>} whether the account had it
     * @throws {Unavailable|Refused}
     */
    async release(account, kind, name) {
        try {
            await this.#ask(this.#admin, "DELETE", resourcePath(account, kind, name), undefined, { isEmpty: true });
            return true;
        } catch (error) {
            if (error instanceof Refused && error.problem.type === "urn:stint:problem:not-found") return false;
            throw error;
        }
    }

    // Whole executions.

    /**
     * Admits an execution, runs `run`, and always settles: `ok` if it returns, `error` if it throws, `timeout` if the granted
     * time was over first, `not-started` if it throws `NotStarted`. Settling costs no time: it is done in the background, and
     * repeated while Stint does not answer.
     *
     * When the time is over, `execution.signal` is aborted, and `run` must end. If it has not ended within `graceMs`, the
     * execution is settled with the time so far, and `withExecution` no longer waits for it.
     *
     * @template Value
     * @param {Ask & {account: string, whenUnavailable?: {grantedMs: number, memoryBytes?: number}, graceMs?: number}} options
     *   `whenUnavailable`: run with this grant, uncounted, if Stint does not answer. `graceMs`: 1,000 by default
     * @param {(execution: Grant & {signal: AbortSignal, report: (said: Partial<Usage>) => void}) => Promise<Value>|Value} run
     *   `report` replaces what is measured here, because a worker knows better how long it ran and how it ended
     * @returns {Promise<Value>} the value of `run`
     * @throws {Denied|Unavailable|Refused|TimedOut} or the error of `run`
     */
    async withExecution({ account, whenUnavailable, graceMs = 1_000, ...ask }, run) {
        const grant = await this.#grant(account, { ...ask, id: ask.id ?? newId() }, whenUnavailable);
        if (grant.ageMs >= grant.grantedMs && grant.grantedMs > 0) {
            this.settleLater(account, grant.id, { durationMs: 0, outcome: "not-started" });
            throw new Unavailable({ id: grant.id, cause: new Error("the answer came after the end of the grant"), isUntouched: false });
        }
        const [began, alarm, said] = [performance.now(), new AbortController(), {}];
        let outcome = "ok";
        const timers = [];
        const overdue = new Promise((_, reject) => {
            const after = (ms, act) => timers.push(setTimeout(act, Math.min(ms, longestTimerMs)));
            after(grant.grantedMs, () => alarm.abort(new TimedOut(grant.grantedMs)));
            after(grant.grantedMs + graceMs, () => reject(new TimedOut(grant.grantedMs)));
        });
        try {
            const execution = { ...grant, signal: alarm.signal, report: (more) => Object.assign(said, more) };
            return await Promise.race([(async () => run(execution))(), overdue]);
        } catch (error) {
            outcome = error instanceof NotStarted ? "not-started" : "error";
            throw error;
        } finally {
            timers.forEach(clearTimeout);
            if (alarm.signal.aborted && outcome !== "not-started") outcome = "timeout";
            const durationMs = outcome === "not-started" ? 0 : Math.round(performance.now() - began);
            this.#later(account, grant.id, { durationMs, outcome, ...said }, !grant.degraded || grant.overUse !== undefined);
        }
    }

    async #grant(account, ask, whenUnavailable) {
        try {
            return await this.admit(account, ask);
        } catch (error) {
            if (!(error instanceof Unavailable)) throw error;
            if (whenUnavailable === undefined) {
                // It may have been charged nevertheless: return the charge.
                if (!error.isUntouched) this.#later(account, ask.id, { durationMs: 0, outcome: "not-started" }, false);
                throw error;
            }
            return {
                ...whenUnavailable, id: ask.id, limits: nothingLeftToSay, suggestedIntervalMs: 0, degraded: true, ageMs: 0,
                headers: {},
            };
        }
    }

    /**
     * Settles in the background, with repetitions while Stint does not answer.
     * @param {string} account @param {string} id @param {Usage} usage
     */
    settleLater(account, id, usage) {
        this.#later(account, id, usage, true);
    }

    #later(account, id, usage, isSure) {
        this.#settlements.add({ account, id, usage }, isSure);
    }

    /** The number of settlements that wait. */
    get unsettled() {
        return this.#settlements.count;
    }

    /** The number of settlements that were dropped. */
    get dropped() {
        return this.#settlements.dropped;
    }

    /**
     * Waits for the settlements in flight, then closes the connections. Call it before the process ends.
     * @param {number} [withinMs] how long to wait
     * @returns {Promise<number>} how many are left unsettled
     */
    async close(withinMs = 5_000) {
        let timer;
        const patience = new Promise((resolve) => (timer = setTimeout(resolve, withinMs)));
        await Promise.race([this.#settlements.drained(), patience]);
        clearTimeout(timer);
        const left = this.#settlements.count;
        this.#settlements.stop();
        this.#runner.close();
        this.#admin.close();
        return left;
    }

    /** Repeats a request until there is an answer, at most `attempts` times, and throws the error of a reply that is not 2xx. */
    async #ask(door, method, path, body, { id, attempts = this.#settings.attempts, isReadable = () => true, isEmpty = false }) {
        const firstSentAt = performance.now();
        let isUntouched = true;
        for (let attempt = 1; ; attempt += 1) {
            const sentAt = performance.now();
            let cause, retryAfterMs;
            const exchange = door.exchange(method, path, body);
            try {
                const reply = await exchange;
                isUntouched = false;
                cause = fault(reply, isReadable, isEmpty);
                if (cause === undefined) return { ...reply, sentAt, firstSentAt };
                retryAfterMs = secondsOf(reply.headers) * 1_000 || undefined;
                const isAnswer = isObject(reply.body) && typeof reply.body.type === "string";
                if (isAnswer && reply.status === 429) throw new Denied(reply.body, spoken(reply.headers), id);
                if (isAnswer && !statusesOfSilence.has(reply.status)) throw new Refused(reply.body, reply.status);
            } catch (error) {
                if (error instanceof Denied || error instanceof Refused) throw error;
                if (!neverConnected.has(error.code)) isUntouched = false;
                cause = error;
            }
            if (attempt >= attempts) throw new Unavailable({ id, cause, retryAfterMs, isUntouched });
            await sleep(Math.random() * Math.min(this.#settings.longestPauseMs, 50 * 2 ** attempt));
        }
    }
}

/** Why a reply counts as no answer; undefined if it is one. */
function fault({ status, body }, isReadable, isEmpty) {
    if (status >= 200 && status < 300) {
        return isEmpty || (isObject(body) && isReadable(body)) ? undefined : unreadable(status);
    }
    return isObject(body) && typeof body.detail === "string" ? new Error(`${status}: ${body.detail}`) : unreadable(status);
}

/** The fields that a runner may pass on. */
function spoken(headers) {
    const names = ["retry-after", "ratelimit", "ratelimit-policy"];
    return Object.fromEntries(names.filter((name) => headers[name] !== undefined).map((name) => [name, headers[name]]));
}

const secondsOf = (headers) => Number(headers["retry-after"]) || 0;

/** The characters of an account need no encoding, and Stint reads them fastest without. */
const segment = (text) => encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%40", "@");

const accountPath = (account) => `/v1/accounts/${segment(account)}`;

const resourcePath = (account, kind, name) => `${accountPath(account)}/resources/${segment(kind)}/${segment(name)}`;
