// The places for workers: a bounded number run, a bounded number wait, and none waits for long. A
// waiting call is not charged.

export class Slots {
    #waiting = [];
    running = 0;

    /** @param {{workers: number, queue: number, waitMs: number}} bounds */
    constructor({ workers, queue, waitMs }) {
        this.workers = workers;
        this.queue = queue;
        this.waitMs = waitMs;
    }

    get waiting() {
        return this.#waiting.length;
    }

    /** @returns {Promise<boolean>} whether there is a place; if so, call `leave()` afterwards */
    enter() {
        if (this.running < this.workers) {
            this.running += 1;
            return Promise.resolve(true);
        }
        if (this.#waiting.length >= this.queue) return Promise.resolve(false);
        return new Promise((resolve) => {
            const one = { resolve };
            one.timer = setTimeout(() => {
                this.#waiting.splice(this.#waiting.indexOf(one), 1);
                resolve(false);
            }, this.waitMs);
            this.#waiting.push(one);
        });
    }

    leave() {
        const next = this.#waiting.shift();
        if (next === undefined) {
            this.running -= 1;
            return;
        }
        clearTimeout(next.timer);
        next.resolve(true);
    }
}
