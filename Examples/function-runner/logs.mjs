// What functions printed, by execution: the newest so many, in memory. What became of an execution
// stands in Stint's own log.

/** Each has 4 KB at most. */
const maximumRuns = 2_000;

export class FunctionLogs {
    #runs = new Map();

    /** @param {string} id of the execution @param {string} text */
    keep(id, text) {
        this.#runs.set(id, text);
        if (this.#runs.size > maximumRuns) this.#runs.delete(this.#runs.keys().next().value);
    }

    /** @returns {string|undefined} */
    of(id) {
        return this.#runs.get(id);
    }
}
