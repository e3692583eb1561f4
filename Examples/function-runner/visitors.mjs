// Checks which web pages may call the runner. A page can make a browser call every address, even a
// service on the browser's machine, and even under a name that a foreign DNS server points there.

import { Problem, problems } from "./replies.mjs";

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const address = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

export class Visitors {
    #names;

    /** @param {Iterable<string>} names of the runner, besides its addresses */
    constructor(names) {
        this.#names = new Set([...names].map((name) => name.toLowerCase()));
    }

    /**
     * @param {import("node:http").IncomingHttpHeaders} headers
     * @param {{isFunction: boolean, isLoopback: boolean}} where a function's own route, or one for the inside; where the runner listens
     * @throws {Problem} if it comes from a page that may not call the runner
     */
    check(headers, { isFunction, isLoopback }) {
        const host = hostOf(headers.host ?? "");
        const isNamed = this.#names.has(host);
        const isKnown = isNamed || loopback.test(host) || (!isLoopback && address.test(host));
        // Browsers always send a Host.
        if (headers.host !== undefined && !isKnown && (isLoopback || !isFunction)) throw misdirected(headers.host);
        // A public function decides itself which pages may call it.
        if (isFunction && (isNamed || !isLoopback)) return;
        const { origin, "sec-fetch-site": site } = headers;
        if (origin === undefined ? site === "cross-site" : !loopback.test(originHost(origin))) {
            throw new Problem(problems.foreignOrigin, "pages of other sites may not call this");
        }
    }
}

const misdirected = (host) => new Problem(problems.misdirectedRequest, `nothing is served for the host ${JSON.stringify(host.slice(0, 100))}; `
    + "call 127.0.0.1 or localhost, or start the runner with --host and that name");

/** The host without the port. */
const hostOf = (text) => text.toLowerCase().replace(/:\d*$/, "");

/** The host of an origin; empty for `null`, the origin of pages without a site. */
function originHost(origin) {
    return hostOf(/^https?:\/\/([^/]+)$/i.exec(origin)?.[1] ?? "");
}
