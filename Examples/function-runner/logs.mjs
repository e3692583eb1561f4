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

/**
 * A text as a terminal may show it: JSON's escape in the place of whatever a terminal obeys or turns
 * around, as Stint does it. Line feeds and the two joiners that scripts need stay.
 * @param {string} text
 */
export function printable(text) {
    return String(text).replace(/(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
        character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`).join(""));
}
