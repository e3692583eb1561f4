// Registers a folder before it is served, because Stint's resource quotas bound the endpoints and
// secrets of an account. A folder that does not fit the quota is not served.

import { Denied, Refused, Unavailable } from "../../Clients/node/stint.mjs";
import { ProjectError } from "./project.mjs";

const pauseMs = 1_000;

/**
 * Registers the folder's endpoints and secrets for each account. Repeats until Stint answers.
 * @param {import("../../Clients/node/stint.mjs").Stint} stint
 * @param {import("./project.mjs").Project} project
 * @param {Iterable<string>} accounts
 * @param {(line: string) => void} log
 * @throws {ProjectError} if a quota has no room
 */
export async function register(stint, project, accounts, log) {
    const things = [
        ...[...project.endpoints.keys()].map((name) => ({ kind: "endpoints", name })),
        ...project.secrets.map((name) => ({ kind: "secrets", name })),
    ];
    for (const account of accounts) {
        const unlimited = new Set();
        for (const { kind, name } of things) {
            if (!unlimited.has(kind) && !(await registerOne(stint, account, kind, name, log))) {
                unlimited.add(kind);
                log(`the plan of ${account} has no quota of ${kind}: they are not registered`);
            }
        }
    }
}

/** @returns {Promise<boolean>} whether there is a quota for it */
async function registerOne(stint, account, kind, name, log) {
    for (let attempt = 1; ; attempt += 1) {
        try {
            await stint.register(account, kind, name);
            return true;
        } catch (error) {
            if (error instanceof Denied) throw new ProjectError(explanation(account, kind, name, error));
            if (error instanceof Refused && [404, 501].includes(error.status)) return false;
            if (!(error instanceof Unavailable)) throw new ProjectError(`${account}: ${kind} ${name}: ${error.message}`);
            if (attempt === 1) log(`cannot register ${kind} of ${account} yet, retrying: ${error.message}`);
            await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
    }
}

function explanation(account, kind, name, error) {
    return `${account}: the quota has no room for ${kind.slice(0, -1)} ${name}: ${error.message}. `
        + `Type: stint resources list ${account} ${kind}, then remove one or raise the plan's quota`;
}
