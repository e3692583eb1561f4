// A folder of functions: reads and checks its serverless.json. An error in it names the field and
// what it must be. Nothing is run here.

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";

/** The most endpoints and secrets of a folder; Stint's resource quotas may allow fewer. */
export const maximumEndpoints = 100;
export const maximumSecrets = 50;
/** The most bytes of all variables of one function. */
const maximumEnvironmentBytes = 32 << 10;
const methodsThereAre = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** An error in a folder or an argument. The message says what to do. */
export class ProjectError extends Error {
    name = "ProjectError";
}

/**
 * One function. `name` is its name in Stint and in the execution log.
 * @typedef {{name: string, kind: "function"|"workflow-action", file: string, methods: Set<string>,
 *   environment: Record<string, string>}} Fn
 */

/** @typedef {{folder: string, endpoints: Map<string, Fn>, actions: Map<string, Fn>, secrets: string[]}} Project */

/**
 * @param {string} folder with a serverless.json
 * @param {Record<string, string>} secrets the values of the secrets that it names
 * @returns {Project}
 * @throws {ProjectError}
 */
export function readProject(folder, secrets) {
    const home = existing(folder, folder);
    const whole = object(json(path.join(home, "serverless.json")), "serverless.json");
    known(whole, ["runtime", "version", "environment", "secrets", "endpoints", "actions"], "serverless.json");
    runtime(whole.runtime);
    if (typeof whole.version !== "string") throw new ProjectError('version: must be text, such as "1.0"');
    const reader = new Reader(home, whole, secrets);
    const endpoints = reader.functions("endpoints", whole.endpoints, "function");
    const actions = reader.functions("actions", whole.actions, "workflow-action");
    if (endpoints.size + actions.size === 0) throw new ProjectError("endpoints: missing, and so are actions; add one");
    if (endpoints.size > maximumEndpoints) {
        throw new ProjectError(`endpoints: ${endpoints.size} are more than ${maximumEndpoints}; split the folder`);
    }
    if (reader.named.size > maximumSecrets) {
        throw new ProjectError(`secrets: ${reader.named.size} are more than ${maximumSecrets}; split the folder`);
    }
    return { folder: home, endpoints, actions, secrets: [...reader.named].sort() };
}

/**
 * The values of secrets: a JSON object of names and texts, in a file that only its owner can read.
 * @param {string} file
 * @returns {Record<string, string>}
 */
export function readSecrets(file) {
    keptFromOthers(file);
    const values = object(json(file, "is not JSON"), file);
    for (const [name, value] of Object.entries(values)) {
        if (!isText(value)) throw new ProjectError(`${file}: ${name}: must be text`);
    }
    return values;
}

/**
 * Stint's token, in a file that only its owner can read.
 * @param {string} file
 * @returns {string}
 */
export function readToken(file) {
    keptFromOthers(file);
    const token = text(file).trim();
    if (token === "") throw new ProjectError(`${file}: missing token. Write the token that stint token create printed into it`);
    return token;
}

function keptFromOthers(file) {
    if ((statSync(existing(file, file)).mode & 0o077) !== 0) {
        throw new ProjectError(`${file}: others may read it. Type: chmod 600 ${file}`);
    }
}

/** Reads functions, with the values that all of them share. */
class Reader {
    constructor(folder, { environment, secrets }, values) {
        this.folder = folder;
        this.values = values;
        /** Every secret that a function names. @type {Set<string>} */
        this.named = new Set();
        this.environment = variables(environment, "environment");
        this.secrets = this.names(secrets, "secrets");
    }

    /** @returns {Map<string, Fn>} */
    functions(place, written, kind) {
        const found = new Map();
        for (const [name, one] of Object.entries(object(written ?? {}, place))) {
            const here = `${place}[${JSON.stringify(name)}]`;
            if (!/^[\w~-][\w.~-]*(\/[\w~-][\w.~-]*)*$/.test(name) || name.length > 200) {
                throw new ProjectError(`${here}: must be a path of at most 200 bytes of A-Z a-z 0-9 . _ ~ - and /, not beginning with /`);
            }
            found.set(name, this.one(here, object(one, here), name, kind));
        }
        return found;
    }

    one(here, written, name, kind) {
        const isAction = kind === "workflow-action";
        known(written, ["file", "environment", "secrets", ...(isAction ? [] : ["method"])], here);
        if (typeof written.file !== "string") throw new ProjectError(`${here}.file: must be the name of a file in the folder`);
        const own = variables(written.environment, `${here}.environment`);
        const names = [...this.secrets, ...this.names(written.secrets, `${here}.secrets`)];
        const environment = { ...this.environment, ...own };
        for (const secret of names) {
            if (secret in environment) throw new ProjectError(`${here}: ${secret} is both a variable and a secret; rename one`);
        }
        for (const secret of names) environment[secret] = this.values[secret];
        const bytes = Object.entries(environment).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value) + 2, 0);
        if (bytes > maximumEnvironmentBytes) {
            throw new ProjectError(`${here}: its environment has ${bytes} bytes, at most ${maximumEnvironmentBytes}`);
        }
        return {
            name: isAction ? `actions/${name}` : name, kind, environment, file: this.file(here, written.file),
            methods: isAction ? new Set(["POST"]) : methods(written.method, `${here}.method`),
        };
    }

    /** The file of a function, which must be in the folder after links are followed. */
    file(here, name) {
        const file = existing(path.join(this.folder, name), `${here}.file: ${name}`);
        if (!file.startsWith(this.folder + path.sep)) throw new ProjectError(`${here}.file: ${name} is not in the folder`);
        if (!statSync(file).isFile()) throw new ProjectError(`${here}.file: ${name} is not a file`);
        return file;
    }

    names(written, place) {
        if (!Array.isArray(written ?? [])) throw new ProjectError(`${place}: must be a list of names`);
        const names = written ?? [];
        for (const name of names) {
            if (!isVariable(name)) throw new ProjectError(`${place}: ${JSON.stringify(name)}: ${variableRule}`);
            if (!Object.hasOwn(this.values, name)) {
                throw new ProjectError(`${place}: ${name} has no value. Add it to the file that --secrets names`);
            }
            this.named.add(name);
        }
        return names;
    }
}

/** Whether a value is text that a variable can hold. */
const isText = (value) => typeof value === "string" && !value.includes("\0");
const variableRule = "must be 1 to 100 bytes of A-Z a-z 0-9 _, not beginning with a digit";
const isVariable = (name) => typeof name === "string" && /^[A-Za-z_]\w{0,99}$/.test(name);

function variables(written, place) {
    const found = object(written ?? {}, place);
    for (const [name, value] of Object.entries(found)) {
        if (!isVariable(name)) throw new ProjectError(`${place}: ${JSON.stringify(name)}: ${variableRule}`);
        if (!isText(value)) throw new ProjectError(`${place}.${name}: must be text`);
    }
    return found;
}

/** The methods of an endpoint: GET by default; GET includes HEAD. */
function methods(written, place) {
    const list = Array.isArray(written) ? written : [written ?? "GET"];
    for (const method of list) {
        if (!methodsThereAre.includes(method)) {
            throw new ProjectError(`${place}: ${JSON.stringify(method)}: must be one of ${methodsThereAre.join(", ")}`);
        }
    }
    if (list.length === 0) throw new ProjectError(`${place}: must name a method, or be left out (GET)`);
    return new Set(list.includes("GET") ? [...list, "HEAD"] : list);
}

function runtime(written) {
    const wanted = /^nodejs(\d+)\.x$/.exec(written)?.[1];
    const here = process.versions.node.split(".")[0];
    if (wanted === undefined) throw new ProjectError('runtime: must be text such as "nodejs18.x"');
    if (Number(wanted) > Number(here)) throw new ProjectError(`runtime: needs Node ${wanted}; this is Node ${here}`);
}

/** Reads a regular file; a pipe could wait for a writer. */
function text(file) {
    if (!statSync(existing(file, file)).isFile()) throw new ProjectError(`${file}: is not a file`);
    try {
        return readFileSync(file, "utf8");
    } catch (error) {
        throw new ProjectError(`${file}: cannot be read: ${error.message}`);
    }
}

/** @param {string} [complaint] the message if the text must not be shown */
function json(file, complaint) {
    const written = text(file);
    try {
        return JSON.parse(written);
    } catch (error) {
        throw new ProjectError(`${path.basename(file)}: ${complaint ?? error.message}`);
    }
}

/** The file or folder to which links lead. */
function existing(file, what) {
    if (!existsSync(file)) throw new ProjectError(`${what}: missing`);
    return realpathSync(file);
}

function object(value, place) {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw new ProjectError(`${place}: must be an object`);
}

function known(written, fields, place) {
    const other = Object.keys(written).find((name) => !fields.includes(name));
    if (other !== undefined) throw new ProjectError(`${place}: unknown field ${other}; known are ${fields.join(", ")}`);
}
