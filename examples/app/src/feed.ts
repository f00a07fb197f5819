/**
 * History, then live: the list that a customer sees, and how it stays whole.
 *
 * Subscribe; once the API has acknowledged, query; merge both. What is announced between the two comes on both ways, what is
 * announced before is in the table. Each time that the API acknowledges again, after a connection was lost, it is queried again, as
 * far back as the list goes. Nothing here knows Amplify or a page: `Source` is src/api.ts, or a test's.
 */
import { type Link, linkOf } from "./link.ts";
import { merge, type Order, type Page, placeOf, reaches } from "./orders.ts";

export interface Listener {
  /** The API has taken the subscription: what comes from now on is heard. */
  acknowledged(): void;
  order(order: Order): void;
  connection(state: string): void;
  failed(message: string): void;
}

export interface Source {
  page(nextToken: string | null): Promise<Page>;
  /** Returns what ends it. */
  subscribe(listener: Listener): () => void;
}

export interface Shown {
  readonly orders: readonly Order[];
  /** What came live since history was there. */
  readonly fresh: ReadonlySet<string>;
  readonly link: Link;
  /** Whether the list is as the API's: connected, and queried since. */
  readonly whole: boolean;
  readonly loading: boolean;
  readonly hasOlder: boolean;
  /** What went wrong last, in words; empty where nothing did. */
  readonly problem: string;
}

/** A timer, which tests bring themselves. Returns what cancels it. */
export type After = (milliseconds: number, then: () => void) => () => void;

// Amplify tries again after 5 seconds, then once a minute: too seldom for somebody who waits. Each app at another time, so
// that not all of them come at once when the API is back.
const AGAIN_FROM = 8_000;
const AGAIN_TO = 16_000;
// Amplify's states in which the connection is doubted and not given up.
const KEPT: ReadonlySet<string> = new Set(["ConnectedPendingNetwork", "ConnectedPendingKeepAlive"]);
// So many pages of history are asked for at the most to catch up; what is older is behind "older orders".
const MOST_PAGES = 50;

export class Feed {
  #shown: Shown = {
    orders: [],
    fresh: new Set(),
    link: "connecting",
    whole: false,
    loading: true,
    hasOlder: false,
    problem: "",
  };
  #nextToken: string | null = null;
  /** Counts what makes an answer that is still on its way worthless: a new acknowledgement, the end. */
  #round = 0;
  #unsubscribe = () => {};
  #cancelTimer = () => {};
  #isStopped = false;
  #wasKept = false;

  constructor(
    private readonly source: Source,
    private readonly changed: (shown: Shown, arrived: readonly Order[]) => void,
    private readonly after: After,
    private readonly chance: () => number,
  ) {}

  start(): void {
    this.#subscribe();
  }

  stop(): void {
    this.#isStopped = true;
    this.#round += 1;
    this.#cancelTimer();
    this.#unsubscribe();
  }

  /** Connect now instead of waiting for the next attempt; where the connection stands, query again. */
  again(): void {
    if (this.#shown.link === "connected") {
      void this.#catchUp();
      return;
    }
    this.#subscribe();
    this.#subscribeLater();
  }

  async older(): Promise<void> {
    if (this.#shown.loading || this.#nextToken === null) return;
    const round = this.#round;
    this.#show({ loading: true, problem: "" });
    try {
      const page = await this.source.page(this.#nextToken);
      if (round !== this.#round) return;
      this.#take(page);
      this.#show({ loading: false });
    } catch (error) {
      if (round === this.#round) this.#show({ loading: false, problem: messageOf(error) });
    }
  }

  #subscribe(): void {
    this.#unsubscribe();
    this.#cancelTimer();
    let isCurrent = true;
    const only =
      <A extends unknown[]>(then: (...given: A) => void) =>
      (...given: A) => {
        if (isCurrent && !this.#isStopped) then(...given);
      };
    const end = this.source.subscribe({
      acknowledged: only(() => void this.#catchUp()),
      order: only((order) => this.#live(order)),
      connection: only((state) => this.#connection(state)),
      failed: only((message) => {
        this.#show({ link: "reconnecting", whole: false, loading: false, problem: message });
        this.#subscribeLater();
      }),
    });
    this.#unsubscribe = () => {
      isCurrent = false;
      end();
    };
  }

  #subscribeLater(): void {
    this.#cancelTimer();
    const wait = AGAIN_FROM + this.chance() * (AGAIN_TO - AGAIN_FROM);
    this.#cancelTimer = this.after(wait, () => {
      this.#subscribe();
      // Until one succeeds.
      this.#subscribeLater();
    });
  }

  #connection(state: string): void {
    const link = linkOf(state, this.#shown.link);
    const wasKept = this.#wasKept;
    this.#wasKept = KEPT.has(state);
    if (link === "connected") {
      this.#cancelTimer();
    } else if (link === "reconnecting" && this.#shown.link !== "reconnecting") {
      this.#subscribeLater();
    } else if (link === "offline") {
      this.#cancelTimer(); // Amplify hears when the network is back
    }
    this.#show({ link, whole: this.#shown.whole && link === "connected" });
    // Nothing is acknowledged anew on a connection that was kept, and whether it still leads anywhere is to be seen.
    if (link === "connected" && wasKept) this.#subscribe();
  }

  #live(order: Order): void {
    const { orders, changed } = merge(this.#shown.orders, [order]);
    if (changed.length === 0) return;
    this.#show({ orders, fresh: new Set([...this.#shown.fresh, order.orderId]) }, changed);
  }

  /** Query from the newest down to the oldest order that was shown before. */
  async #catchUp(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const before = this.#shown.orders;
    this.#cancelTimer();
    this.#show({ link: "connected", loading: true, problem: "" });
    try {
      let page: Page | undefined;
      for (let pages = 0; pages < MOST_PAGES && !(page && reaches(page, before)); pages += 1) {
        page = await this.source.page(page?.nextToken ?? null);
        if (round !== this.#round) return;
        this.#take(page);
      }
      if (page && !reaches(page, before)) this.#leaveOut(page.items.at(-1));
      this.#show({ loading: false, whole: this.#shown.link === "connected" });
    } catch (error) {
      if (round === this.#round) this.#show({ loading: false, problem: messageOf(error) });
    }
  }

  /** What lies behind a gap comes back with "older orders", the gap's own among it. */
  #leaveOut(last: Order | undefined): void {
    const from = last === undefined ? "" : placeOf(last);
    this.#show({ orders: this.#shown.orders.filter((order) => placeOf(order) >= from) });
  }

  #take(page: Page): void {
    this.#nextToken = page.nextToken;
    this.#show({ orders: merge(this.#shown.orders, page.items).orders, hasOlder: page.nextToken !== null });
  }

  #show(change: Partial<Shown>, arrived: readonly Order[] = []): void {
    if (this.#isStopped) return;
    this.#shown = { ...this.#shown, ...change };
    this.changed(this.#shown, arrived);
  }
}

/** An error in words, also one of GraphQL: Amplify throws `{errors: [{message}]}`. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const errors = (error as { errors?: { message?: unknown }[] } | null)?.errors;
  const messages = (Array.isArray(errors) ? errors : []).map((each) => String(each.message ?? ""));
  return messages.filter((text) => text !== "").join("; ") || "The API cannot be reached.";
}
