// The runner's replies: its own problems (RFC 9457), Stint's unchanged denials, and the responses
// that functions gave to sendResponse.

import { validateHeaderName, validateHeaderValue } from "node:http";

/** The runner's own problems. Programs should compare `type`. */
export const problems = {
    malformedRequest: { status: 400, type: "urn:function-runner:problem:malformed-request", title: "Malformed Request" },
    foreignOrigin: { status: 403, type: "urn:function-runner:problem:foreign-origin", title: "Foreign Origin" },
    unknownRoute: { status: 404, type: "urn:function-runner:problem:unknown-route", title: "Unknown Route" },
    unknownAccount: { status: 404, type: "urn:function-runner:problem:unknown-account", title: "Unknown Account" },
    methodNotAllowed: { status: 405, type: "urn:function-runner:problem:method-not-allowed", title: "Method Not Allowed" },
    bodyTooLarge: { status: 413, type: "urn:function-runner:problem:body-too-large", title: "Body Too Large" },
    unsupportedMediaType: {
        status: 415, type: "urn:function-runner:problem:unsupported-media-type", title: "Unsupported Media Type",
    },
    misdirectedRequest: {
        status: 421, type: "urn:function-runner:problem:misdirected-request", title: "Misdirected Request",
    },
    functionFailed: { status: 500, type: "urn:function-runner:problem:function-failed", title: "Function Failed" },
    outOfMemory: { status: 500, type: "urn:function-runner:problem:out-of-memory", title: "Out Of Memory" },
    badResponse: { status: 500, type: "urn:function-runner:problem:bad-response", title: "Bad Response" },
    internalError: { status: 500, type: "urn:function-runner:problem:internal-error", title: "Internal Error" },
    refused: { status: 500, type: "urn:function-runner:problem:refused-by-stint", title: "Refused By Stint" },
    busy: { status: 503, type: "urn:function-runner:problem:busy", title: "Busy" },
    unavailable: {
        status: 503, type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
        title: "Temporary Reduced Capacity",
    },
    timedOut: { status: 504, type: "urn:function-runner:problem:timed-out", title: "Timed Out" },
};

/** Thrown to end a request with a problem. */
export class Problem extends Error {
    /** @param {{status: number, type: string, title: string}} kind @param {string} detail @param {Record<string, string>} [headers] */
    constructor(kind, detail, headers = {}) {
        super(detail);
        this.kind = kind;
        this.headers = headers;
    }
}

/** The problem for each ending without a response. */
const endings = {
    "timed-out": problems.timedOut,
    "out-of-memory": problems.outOfMemory,
    crashed: problems.functionFailed,
    silent: problems.functionFailed,
    unreadable: problems.badResponse,
    "not-started": problems.busy,
};

/** @param {import("./execution.mjs").Run} run @param {string} id */
export function problemOf(run, id) {
    const headers = run.ending === "not-started" ? { "Retry-After": "1" } : {};
    return new Problem(endings[run.ending], `the function did not succeed: ${run.detail}; what it printed is at /_logs/${id}`, headers);
}

/** Sends a problem, unless a reply has begun. */
export function sendProblem(res, { kind, message, headers }) {
    sendProblemBody(res, kind.status, { type: kind.type, title: kind.title, status: kind.status, detail: message }, headers);
}

/** Sends the body of a problem of the runner or of Stint. */
export function sendProblemBody(res, status, body, headers) {
    if (res.headersSent) return void res.destroy();
    for (const [name, value] of Object.entries({ ...headers, "Cache-Control": "no-store" })) res.setHeader(name, value);
    end(res, status, "application/problem+json", JSON.stringify(body));
}

export function sendJSON(res, status, body) {
    end(res, status, "application/json", JSON.stringify(body));
}

export function sendText(res, status, text) {
    end(res, status, "text/plain; charset=utf-8", text);
}

/** @param {string|Buffer} content */
function end(res, status, mediaType, content) {
    const bytes = Buffer.from(content);
    if (!res.hasHeader("Content-Type")) res.setHeader("Content-Type", mediaType);
    res.setHeader("Content-Length", bytes.length);
    res.statusCode = status;
    res.end(res.req.method === "HEAD" ? undefined : bytes);
}

/** Fields that a function may not set: those of the connection, and the execution's id. */
const runnersOwn = new Set([
    "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding",
    "upgrade", "x-execution-id",
]);
/** Fields that a response may have only once. */
const single = new Set(["age", "content-location", "content-type", "date", "etag", "expires", "last-modified", "location", "retry-after"]);

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const badResponse = (detail) => new Problem(problems.badResponse, detail);

/**
 * Sends the argument of sendResponse: `{statusCode, body, headers, multiValueHeaders}`, all optional. Any other member with the name
 * of a header field is one, such as `"Set-Cookie"`. A text is sent unchanged, any other body as JSON.
 * @param {import("./execution.mjs").Response} response
 * @throws {Problem} if it is not a valid response; no part of it is dropped silently
 */
export function sendFunctionsResponse(res, { members, content, isJSON }) {
    const { statusCode = 200, headers, multiValueHeaders, ...others } = members;
    if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) {
        throw badResponse("statusCode must be a whole number from 200 to 599");
    }
    for (const [place, value] of Object.entries({ headers, multiValueHeaders })) {
        if (!isObject(value ?? {})) throw badResponse(`${place} must be an object`);
    }
    for (const name of Object.keys(others)) {
        if (/^[A-Z]|-/.test(name)) continue;
        throw badResponse(`sendResponse does not know ${shown(name)}; it takes statusCode, body, headers and multiValueHeaders`);
    }
    for (const [name, values] of fields([others, headers ?? {}, multiValueHeaders ?? {}])) res.setHeader(name, values);
    if (statusCode === 204 || statusCode === 304) {
        res.statusCode = statusCode;
        return void res.end();
    }
    end(res, statusCode, isJSON ? "application/json" : "text/plain; charset=utf-8", content);
}

/** Sends the result of an action: `{outputFields}`. @param {import("./execution.mjs").Response} response @throws {Problem} */
export function sendActionsResponse(res, { members, content }) {
    const [other] = Object.keys(members);
    if (other !== undefined) throw badResponse(`sendResponse does not know ${shown(other)}; an action gives outputFields`);
    end(res, 200, "application/json", Buffer.concat([Buffer.from('{"outputFields":'), content, Buffer.from("}")]));
}

/** All header fields of a response, each once with all its values. @returns {Map<string, string[]|string>} */
function fields(places) {
    const found = new Map();
    for (const [name, value] of places.flatMap(Object.entries)) {
        const key = name.toLowerCase();
        if (runnersOwn.has(key)) continue;
        const values = (Array.isArray(value) ? value : [value]).map((one) => fieldValue(name, one));
        const known = found.get(key) ?? [name, []];
        // The same value in two places counts once.
        known[1].push(...values.filter((one) => !known[1].includes(one)));
        if (single.has(key) && known[1].length > 1) throw badResponse(`there can be only one ${shown(name)}`);
        found.set(key, known);
    }
    return new Map([...found.values()].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

function fieldValue(name, value) {
    if (!["string", "number", "boolean"].includes(typeof value)) throw badResponse(`the header ${shown(name)} must be text`);
    const text = String(value);
    try {
        validateHeaderName(name);
        validateHeaderValue(name, text);
    } catch {
        throw badResponse(`the header ${shown(name)} has a character that cannot be sent`);
    }
    return text;
}

/** A name from a function, for people. */
const shown = (name) => JSON.stringify(name.slice(0, 100));
