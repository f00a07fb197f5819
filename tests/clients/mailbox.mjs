// What a subscription brings, kept until somebody asks; asking has a deadline.

export class Mailbox {
  #arrived = [];
  #taker;

  constructor() {
    /** Rejects with the subscription's error. */
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    this.failed.catch(() => {}); // nobody may be asking
  }

  put(message) {
    if (this.#taker) this.#taker(message);
    else this.#arrived.push(message);
  }

  /** The oldest message not yet taken. Rejects with the subscription's error, or when `within` milliseconds are over. */
  next(within) {
    if (this.#arrived.length) return this.#arrived.shift();
    let timer;
    const arrival = new Promise((resolve, reject) => {
      this.#taker = resolve;
      timer = setTimeout(() => reject(new Error(`nothing arrived within ${within} ms`)), within);
    });
    return Promise.race([arrival, this.failed]).finally(() => {
      this.#taker = undefined;
      clearTimeout(timer);
    });
  }
}
