// Tests the client against a real Stint, and against servers with faults. `make test` starts the
// Stint (ClientProgramTests) and passes its addresses. By hand: STINT_URL=...
// STINT_SOCKET=... STINT_ADMIN=... node stint.test.mjs, with that suite's plan.

import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";

import { Denied, newId, NotStarted, Refused, Stint, TimedOut, Unavailable } from "./stint.mjs";

const [url, socket, admin] = ["STINT_URL", "STINT_SOCKET", "STINT_ADMIN"].map((name) => {
    assert.ok(process.env[name], `set ${name}, or type: make test`);
    return process.env[name];
});

/** A client of the real one, closed at the end of the test. */
function client(t, settings = {}) {
    const stint = new Stint({ url, admin, deadlineMs: 5_000, ...settings });
    t.after(() => stint.close(0));
    return stint;
}

/** A server whose `answer(request, response, body)` is asked each time, and a client of it. */
async function against(t, answer, settings = {}) {
    const requests = [];
    const server = http.createServer((request, response) => {
        const chunks = [];
        request.on("data", (chunk) => chunks.push(chunk));
        request.on("end", () => {
            const body = JSON.parse(Buffer.concat(chunks).toString() || "{}");
            requests.push({ url: request.url, authorization: request.headers.authorization, body });
            answer(request, response, body, requests.length);
        });
    });
    let connections = 0;
    server.on("connection", () => (connections += 1));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const stint = new Stint({ url: `http://127.0.0.1:${server.address().port}`, deadlineMs: 300, ...settings });
    t.after(async () => {
        await stint.close(0);
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
    });
    return { stint, requests, connections: () => connections };
}

function say(response, status, body, headers = {}) {
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(body));
}

const limits = { executionsRemaining: 9, timeRemaining: 90_000 };
const grants = (response, id, more = {}) => say(response, 201, { id, grantedMs: 1_000, deadline: 0, limits, ...more });
const settles = (response) => say(response, 200, { chargedMs: 0, returnedMs: 0, overrunMs: 0, limits });
const reducedCapacity = {
    type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity", status: 503, detail: "the ledger is away",
};
const isSettlement = (request) => request.url.endsWith("/settle");

/** Waits until it holds. */
async function eventually(condition) {
    for (const end = Date.now() + 10_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 2))) {
        assert.ok(Date.now() < end, `not within 10 s: ${condition}`);
    }
}

// A real Stint.

for (const [where, address] of [["TCP", url], ["a Unix socket", `unix:${socket}`]]) {
    test(`over ${where} what is admitted twice is charged once, and what is settled twice is settled once`, async (t) => {
        const stint = client(t, { url: address });
        const account = newId();
        const grant = await stint.admit(account, { id: "run-1", function: "f" });
        assert.equal(grant.grantedMs, 5_000);
        assert.deepEqual(grant.limits, { executionsRemaining: 99, timeRemaining: 5_000 });
        assert.ok(grant.headers.ratelimit.startsWith('"executions"'));
        assert.equal((await stint.admit(account, { id: "run-1" })).deadline, grant.deadline);
        const settled = await stint.settle(account, "run-1", { durationMs: 84, outcome: "ok" });
        assert.equal(settled.returnedMs, 4_916);
        assert.equal(await stint.settle(account, "run-1", { durationMs: 84 }), null);
        const standing = await stint.peek(account);
        assert.deepEqual(standing.limits, { executionsRemaining: 99, timeRemaining: 9_916 });
    });
}

test("a denial says when, or that it never fits; a refusal says why", async (t) => {
    const stint = client(t);
    const account = newId();
    for (let run = 0; run < 2; run += 1) await stint.admit(account);
    await assert.rejects(stint.admit(account), (error) => {
        assert.ok(error instanceof Denied && error.retryAfterMs > 0 && error.retryAfterMs <= 60_000);
        assert.equal(error.headers["retry-after"], String(Math.ceil(error.retryAfterMs / 1_000)));
        assert.deepEqual(error.problem["violated-policies"], ["execution-time"]);
        return true;
    });
    const never = stint.admit(account, { kind: "long", minDurationMs: 20_000 });
    await assert.rejects(never, (error) => error instanceof Denied && error.retryAfterMs === undefined);
    const unknown = stint.admit(account, { kind: "other" });
    await assert.rejects(unknown, (error) => error instanceof Refused && error.problem.type === "urn:stint:problem:unknown-kind");
});

test("resources are registered as often as one likes, up to the quota", async (t) => {
    const stint = client(t);
    const account = newId();
    assert.equal((await stint.register(account, "secrets", "a/b ?", { owner: "ann" })).created, true);
    const again = await stint.register(account, "secrets", "a/b ?");
    assert.deepEqual([again.created, again.used, again.quota, again.metadata.owner], [false, 1, 2, "ann"]);
    await stint.register(account, "secrets", "b");
    const third = stint.register(account, "secrets", "c");
    await assert.rejects(third, (error) => error instanceof Denied && error.retryAfterMs === undefined);
    assert.equal(await stint.release(account, "secrets", "a/b ?"), true);
    assert.equal(await stint.release(account, "secrets", "a/b ?"), false);
});

test("withExecution settles whatever happens, and the log has it", async (t) => {
    const stint = client(t);
    const account = newId();
    const options = (id, more) => ({ account, id, function: "f", maxDurationMs: 200, ...more });
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    assert.equal(await stint.withExecution(options("ok"), async () => (await pause(30), 42)), 42);
    await assert.rejects(stint.withExecution(options("error"), () => Promise.reject(new Error("mine"))), /mine/);
    const aborted = stint.withExecution(options("timeout"), ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
    await assert.rejects(aborted, TimedOut);
    const deaf = stint.withExecution(options("deaf", { graceMs: 50 }), () => new Promise(() => {}));
    await assert.rejects(deaf, TimedOut);
    await assert.rejects(stint.withExecution(options("none"), () => Promise.reject(new NotStarted("no worker"))), /no worker/);
    await stint.withExecution(options("said"), ({ report }) => report({ durationMs: 7, outcome: "error", memoryBytes: 1_024 }));
    assert.equal(await stint.close(), 0);

    const reply = await fetch(`${admin}/v1/accounts/${account}/executions`);
    const rows = new Map((await reply.json()).executions.map((row) => [row.id, row]));
    const outcomes = Object.fromEntries([...rows].map(([id, row]) => [id, row.outcome]));
    assert.deepEqual(outcomes, { said: "error", none: "not-started", deaf: "timeout", timeout: "timeout", error: "error", ok: "ok" });
    assert.ok(rows.get("ok").durationMs >= 29 && rows.get("timeout").durationMs >= 199 && rows.get("deaf").durationMs >= 249);
    assert.deepEqual([rows.get("none").durationMs, rows.get("said").durationMs, rows.get("said").memoryBytes], [0, 7, 1_024]);
});

// Servers with faults.

test("a reply that is lost is asked for again, with the same id", async (t) => {
    const { stint, requests } = await against(t, (request, response, body, count) =>
        count === 1 ? request.socket.destroy() : say(response, 200, { id: body.id, grantedMs: 1_000, limits }));
    const grant = await stint.admit("acme");
    assert.deepEqual(requests.map((one) => one.body.id), [grant.id, grant.id]);
});

test("503 is asked again, a bounded number of times; then what may have been charged is given back", async (t) => {
    const { stint, requests } = await against(t, (request, response, body, count) =>
        isSettlement(request) ? settles(response) : say(response, 503, reducedCapacity, { "Retry-After": "2" }));
    await assert.rejects(stint.withExecution({ account: "acme" }, () => 1), (error) => {
        assert.ok(error instanceof Unavailable && !error.isUntouched);
        assert.equal(error.retryAfterMs, 2_000);
        return true;
    });
    await eventually(() => stint.unsettled === 0);
    assert.deepEqual(requests.map(isSettlement), [false, false, false, true]);
    assert.deepEqual(requests[3].body, { durationMs: 0, outcome: "not-started" });
});

test("silence ends at the deadline, and what is not Stint's is no answer", async (t) => {
    const answers = [
        () => {},
        (response) => response.end("<p>hello</p>"),
        (response) => response.writeHead(200, { "Content-Length": "99" }).write('{"id":'),
        (response) => say(response, 201, { id: "another", grantedMs: 1_000 }),
        (response) => say(response, 502, "proxy"),
    ];
    for (const answer of answers) {
        const { stint, requests } = await against(t, (request, response) => answer(response), { attempts: 2 });
        const began = performance.now();
        await assert.rejects(stint.admit("acme"), Unavailable);
        assert.ok(performance.now() - began < 5_000);
        assert.equal(requests.length, 2);
    }
});

test("connections are kept", async (t) => {
    const { stint, connections } = await against(t, (request, response, { id }) => grants(response, id), { deadlineMs: 5_000 });
    for (let run = 0; run < 5; run += 1) await stint.admit("acme");
    assert.equal(connections(), 1);
});

test("a grant that is over when it arrives is given back and not run", async (t) => {
    const { stint, requests } = await against(t, (request, response, { id }) => {
        if (isSettlement(request)) settles(response);
        else setTimeout(() => grants(response, id, { grantedMs: 50 }), 100);
    }, { deadlineMs: 5_000 });
    await assert.rejects(stint.withExecution({ account: "acme" }, () => assert.fail("it was run")), Unavailable);
    await eventually(() => requests.length === 2 && stint.unsettled === 0);
    assert.deepEqual(requests[1].body, { durationMs: 0, outcome: "not-started" });
});

test("settlements wait while nobody answers, bounded, and the oldest gives way", async (t) => {
    let isAway = true;
    const dropped = [];
    const { stint, requests } = await against(t, (request, response) =>
        isAway ? say(response, 503, reducedCapacity) : settles(response),
    { maximumUnsettled: 3, onDropped: ({ id }) => dropped.push(id) });
    stint.settleLater("acme", "run-0", { durationMs: 0 });
    await eventually(() => requests.length === 1);
    for (let run = 1; run < 5; run += 1) stint.settleLater("acme", `run-${run}`, { durationMs: run });
    assert.equal(stint.dropped, 2);
    assert.equal(stint.unsettled, 3);
    isAway = false;
    await eventually(() => stint.unsettled === 0);
    const settled = requests.filter((one) => !dropped.includes(one.url.split("/").at(-2))).map((one) => one.body.durationMs);
    assert.equal(dropped.length, 2);
    assert.deepEqual([...new Set(settled)].length, 3);
});

test("when nobody listens, a runner may run uncounted", async (t) => {
    const stint = client(t, { url: "http://127.0.0.1:9", deadlineMs: 300 });
    await assert.rejects(stint.admit("acme"), (error) => error instanceof Unavailable && error.isUntouched);
    const whenUnavailable = { grantedMs: 500, memoryBytes: 1_024 };
    await stint.withExecution({ account: "acme", id: "run-1", whenUnavailable }, (execution) => {
        assert.deepEqual([execution.id, execution.grantedMs, execution.degraded], ["run-1", 500, true]);
        assert.deepEqual(execution.limits, { executionsRemaining: null, timeRemaining: null });
    });
    assert.equal(stint.unsettled, 1);
});

test("a token from a file that ends with a line feed is sent without it; an empty one is none", async (t) => {
    for (const [token, sent] of [["stint_ab12\n", "Bearer stint_ab12"], ["\t ab== \r\n", "Bearer ab=="], ["\n", undefined], ["", undefined]]) {
        const { stint, requests } = await against(t, (request, response, { id }) => grants(response, id), { token, deadlineMs: 5_000 });
        await stint.admit("acme");
        assert.equal(requests[0].authorization, sent);
    }
});

test("a token and an address that can never be used are refused at once, and the token is not shown", () => {
    for (const token of ["se cret", "se\ncret", "secrét", "=secret", "secret\u0000", "s".repeat(257)]) {
        assert.throws(() => new Stint({ token }), (error) =>
            error instanceof TypeError && error.message.startsWith("the token must be") && !/s?ecr/.test(error.message));
    }
    for (const url of ["", "127.0.0.1:7400", "http://127.0.0.1:7400/v1", "unix:", `unix:/${"s".repeat(103)}`]) {
        assert.throws(() => new Stint({ url }), TypeError);
    }
    new Stint({ url: `unix:/${"s".repeat(102)}` });
});

test("an address takes no user and no password, and none is shown", () => {
    for (const url of ["http://ann:pass-word@127.0.0.1:7400", "http://ann:pass-word@h/x", "ann:pass-word@h", "https://pass-word@h", "http://@h"]) {
        assert.throws(() => new Stint({ url }), (error) => error instanceof TypeError && !error.message.includes("pass-word"));
        assert.throws(() => new Stint({ admin: url }), (error) => error instanceof TypeError && !error.message.includes("pass-word"));
    }
    new Stint({ url: "unix:/run/st@nt.sock" });
});

test("what can never be sent is its caller's fault: it is thrown, not asked again, and no reason to run uncounted", async (t) => {
    const dropped = [];
    const { stint, requests } = await against(t, (request, response, { id }) => grants(response, id), {
        onDropped: (entry, reason) => dropped.push(reason),
    });
    const whenUnavailable = { grantedMs: 500 };
    const impossible = [[{ function: 7n }, TypeError], [{ account: "\ud800" }, URIError]];
    for (const [ask, kind] of impossible) {
        const run = stint.withExecution({ account: "acme", whenUnavailable, ...ask }, () => assert.fail("it was run"));
        await assert.rejects(run, (error) => error instanceof kind && !(error instanceof Unavailable));
    }
    stint.settleLater("acme", "run-1", { durationMs: 7n });
    await eventually(() => stint.unsettled === 0);
    assert.ok(dropped[0] instanceof TypeError);
    assert.equal(requests.length, 0);
});
