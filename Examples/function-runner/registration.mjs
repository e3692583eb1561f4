// Endpoints and secrets are resources that an account may own so many of. A folder is registered
// before it is served; what the quota has no place for is a reason not to serve it.

import { Denied, Refused, Unavailable } from "../../Clients/node/stint.mjs";
import { ProjectError } from "./project.mjs";

const pauseMs = 1_000;

/**
 * Registers what the folder has for each account. Asks again while Stint is away, for as long as it takes.
 * @param {import("../../Clients/node/stint.mjs").Stint} stint
 * @param {import("./project.mjs").Project} project
 * @param {Iterable<string>} accounts
 * @param {(line: string) => void} log
 * @throws {ProjectError} when a quota has no place
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
            if (attempt === 1) log(`cannot register ${kind} of ${account} yet, and goes on trying: ${error.message}`);
            await new Promise((resolve) => setTimeout(resolve, pauseMs));
        }
    }
}

function explanation(account, kind, name, error) {
    return `${account}: there is no place for ${kind.slice(0, -1)} ${name}: ${error.message}. `
        + `Type: stint resources list ${account} ${kind}, and remove one, or raise the plan's quota`;
}
