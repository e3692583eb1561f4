// Tries to reach what belongs to others: its account's quota, the runner's files and environment,
// and the environments of other functions. Responds with the results.

const fs = require("node:fs");
const http = require("node:http");

/** The runner's command line, which every user may read. */
const words = fs.readFileSync(`/proc/${process.ppid}/cmdline`, "utf8").split("\0");
const flag = (name, otherwise) => (words.includes(name) ? words[words.indexOf(name) + 1] : otherwise);

/** Sends one request, and returns its status. */
function ask(url, method, path, json) {
    const place = url.startsWith("unix:") ? { socketPath: url.slice(5) } : { host: new URL(url).hostname, port: new URL(url).port };
    const headers = json === undefined ? {} : { "Content-Type": "application/json" };
    return new Promise((resolve, reject) => {
        const request = http.request({ ...place, method, path, headers, agent: false });
        request.on("response", (response) => resolve(response.resume().statusCode));
        request.on("error", reject);
        request.end(json === undefined ? undefined : JSON.stringify(json));
    });
}

/** How many environments of other processes can be read. */
function neighbours() {
    const others = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
    const isReadable = (pid) => {
        try {
            return fs.readFileSync(`/proc/${pid}/environ`).length > 0;
        } catch {
            return false;
        }
    };
    return others.filter(isReadable).length;
}

exports.main = async ({ accountId }, sendResponse) => {
    const account = `/v1/accounts/${accountId}`;
    const [stint, admin] = [flag("--stint", "http://127.0.0.1:7400"), flag("--admin", "http://127.0.0.1:7401")];
    const attempts = {
        "settle an execution": () => ask(stint, "POST", `${account}/executions/mine/settle`, { durationMs: 0 }),
        "forget its charges": () => ask(admin, "DELETE", `${account}/usage`),
        "raise its limit": () => ask(admin, "PUT", `${account}/override`, { amounts: { executions: 1_000_000 } }),
        "read the token": () => fs.readFileSync(flag("--token-file")).length,
        "read the secrets": () => fs.readFileSync(flag("--secrets")).length,
        "read the runner's environment": () => fs.readFileSync(`/proc/${process.ppid}/environ`).length,
        "read other environments": () => neighbours(),
    };
    const body = {};
    for (const [what, attempt] of Object.entries(attempts)) {
        try {
            body[what] = await attempt();
        } catch (error) {
            body[what] = error.code ?? error.message;
        }
    }
    sendResponse({ body });
};
