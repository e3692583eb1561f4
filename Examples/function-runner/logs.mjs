// The output of functions, by execution: of the newest executions only, in memory. The results of
// executions are in Stint's execution log.

/** The most outputs that are kept; each has at most 4 KB. */
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

/**
 * A text that is safe on a terminal: control characters and those that reorder text are replaced by
 * JSON escapes, as Stint does. Line feeds and the two joiners that some scripts need stay.
 * @param {string} text
 */
export function printable(text) {
    return String(text).replace(/(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
        character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`).join(""));
}
