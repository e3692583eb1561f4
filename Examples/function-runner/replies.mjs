// What the runner answers: problems of its own (RFC 9457), Stint's denials as they came, and what functions gave to sendResponse.

/** The runner's own problems; `type` is what programs compare. */
export const problems = {
    malformedRequest: { status: 400, type: "urn:function-runner:problem:malformed-request", title: "Malformed Request" },
    unknownRoute: { status: 404, type: "urn:function-runner:problem:unknown-route", title: "Unknown Route" },
    unknownAccount: { status: 404, type: "urn:function-runner:problem:unknown-account", title: "Unknown Account" },
    methodNotAllowed: { status: 405, type: "urn:function-runner:problem:method-not-allowed", title: "Method Not Allowed" },
    bodyTooLarge: { status: 413, type: "urn:function-runner:problem:body-too-large", title: "Body Too Large" },
    unsupportedMediaType: {
        status: 415, type: "urn:function-runner:problem:unsupported-media-type", title: "Unsupported Media Type",
    },
    functionFailed: { status: 500, type: "urn:function-runner:problem:function-failed", title: "Function Failed" },
    outOfMemory: { status: 500, type: "urn:function-runner:problem:out-of-memory", title: "Out Of Memory" },
    badResponse: { status: 500, type: "urn:function-runner:problem:bad-response", title: "Bad Response" },
    refused: { status: 500, type: "urn:function-runner:problem:refused-by-stint", title: "Refused By Stint" },
    busy: { status: 503, type: "urn:function-runner:problem:busy", title: "Busy" },
    unavailable: {
        status: 503, type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
        title: "Temporary Reduced Capacity",
    },
    timedOut: { status: 504, type: "urn:function-runner:problem:timed-out", title: "Timed Out" },
};

/** Thrown where a request cannot go on. */
export class Problem extends Error {
    /** @param {{status: number, type: string, title: string}} kind @param {string} detail @param {Record<string, string>} [headers] */
    constructor(kind, detail, headers = {}) {
        super(detail);
        this.kind = kind;
        this.headers = headers;
    }
}

/** Which problem an ending is that is not a response. */
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

/** Sends a problem, unless something was sent already. */
export function sendProblem(res, { kind, message, headers }) {
    sendProblemBody(res, kind.status, { type: kind.type, title: kind.title, status: kind.status, detail: message }, headers);
}

/** Sends the body of a problem, the runner's or Stint's. */
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

function end(res, status, mediaType, text) {
    const bytes = Buffer.from(text);
    if (!res.hasHeader("Content-Type")) res.setHeader("Content-Type", mediaType);
    res.setHeader("Content-Length", bytes.length);
    res.statusCode = status;
    res.end(res.req.method === "HEAD" ? undefined : bytes);
}

/** Fields that say how bytes travel here; not a function's business. */
const travelling = new Set([
    "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding",
    "upgrade",
]);

/**
 * What a function gave to sendResponse: `{statusCode, body, headers, multiValueHeaders}`, all optional. A text travels as it is,
 * any other body as JSON.
 * @throws {Problem} when that is no response
 */
export function sendFunctionsResponse(res, response) {
    const { statusCode = 200, body = "", headers, multiValueHeaders } = response ?? {};
    if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) {
        throw new Problem(problems.badResponse, "statusCode must be a whole number from 200 to 599");
    }
    const fields = [...Object.entries(headers ?? {}), ...Object.entries(multiValueHeaders ?? {})];
    const written = [];
    for (const [name, value] of fields) {
        if (travelling.has(name.toLowerCase())) continue;
        try {
            res.setHeader(name, Array.isArray(value) ? value.map(String) : String(value));
            written.push(name);
        } catch (error) {
            written.forEach((one) => res.removeHeader(one));
            throw new Problem(problems.badResponse, `the header ${JSON.stringify(name)} cannot be sent: ${error.message}`);
        }
    }
    if (statusCode === 204 || statusCode === 304) {
        res.statusCode = statusCode;
        return void res.end();
    }
    if (typeof body === "string") sendText(res, statusCode, body);
    else sendJSON(res, statusCode, body);
}
