/** History, then live: no gap and no double, also over a connection that was lost. Nothing here waits. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Feed, type Listener, messageOf, type Shown, type Source } from "../src/feed.ts";
import type { Order, Page } from "../src/orders.ts";

const at = (second: number): Order => ({
  orderId: `o-${second}`,
  customerId: "ada",
  points: 1,
  total: { amount: 1, currency: "EUR" },
  placedAt: new Date(Date.UTC(2026, 10, 29, 10) + second * 1000).toISOString(),
});

/** A table of orders in pages of two, whose answers come when a test lets them; and one subscription. */
class Api implements Source {
  table: Order[] = [];
  asked: (string | null)[] = [];
  subscribed = 0;
  ended = 0;
  listener!: Listener;
  #waiting: (() => void)[] = [];

  page(nextToken: string | null): Promise<Page> {
    this.asked.push(nextToken);
    const from = Number(nextToken ?? 0);
    const sorted = [...this.table].sort((one, other) => (one.placedAt < other.placedAt ? 1 : -1));
    const items = sorted.slice(from, from + 2);
    const page = { items, nextToken: from + 2 < sorted.length ? String(from + 2) : null };
    return new Promise((resolve) => this.#waiting.push(() => resolve(page)));
  }

  subscribe(listener: Listener): () => void {
    this.subscribed += 1;
    this.listener = listener;
    return () => {
      this.ended += 1;
    };
  }

  /** Let all that was asked be answered, and what is asked thereupon. */
  async answer(): Promise<void> {
    for (let rounds = 0; rounds < 20; rounds += 1) {
      for (const each of this.#waiting.splice(0)) each();
      await Promise.resolve();
      await Promise.resolve();
    }
  }

  announce(order: Order): void {
    this.table.push(order);
    this.listener.order(order);
  }
}

interface Timer {
  milliseconds: number;
  then: () => void;
  isCancelled: boolean;
}

function opened(api: Api): { feed: Feed; shown: () => Shown; ids: () => string[]; timers: Timer[]; arrived: string[] } {
  const timers: Timer[] = [];
  const arrived: string[] = [];
  let last: Shown | undefined;
  const after = (milliseconds: number, then: () => void): (() => void) => {
    const timer = { milliseconds, then, isCancelled: false };
    timers.push(timer);
    return () => {
      timer.isCancelled = true;
    };
  };
  const changed = (shown: Shown, orders: readonly Order[]): void => {
    last = shown;
    arrived.push(...orders.map((each) => each.orderId));
  };
  const feed = new Feed(api, changed, after, () => 0.5);
  feed.start();
  const shown = (): Shown => {
    assert.ok(last !== undefined);
    return last;
  };
  return { feed, shown, ids: () => shown().orders.map((each) => each.orderId), timers, arrived };
}

test("nothing is queried before the API has acknowledged the subscription", () => {
  const api = new Api();
  opened(api);
  api.listener.connection("Connecting");
  api.listener.connection("Connected");
  assert.deepEqual(api.asked, []);
  api.listener.acknowledged();
  assert.deepEqual(api.asked, [null]);
});

test("what is announced while history is on its way is there once", async () => {
  const api = new Api();
  api.table = [at(1)];
  const { ids, shown, arrived } = opened(api);
  api.listener.acknowledged();
  api.announce(at(2)); // after the query was answered by the table, before the answer is here
  assert.equal(shown().whole, false);
  await api.answer();
  assert.deepEqual(ids(), ["o-2", "o-1"]);
  api.announce(at(1)); // delivered twice
  assert.deepEqual([ids(), arrived, shown().whole], [["o-2", "o-1"], ["o-2"], true]);
});

test("what was announced while nobody was connected is queried, as far back as is shown", async () => {
  const api = new Api();
  api.table = [at(1), at(2), at(3)];
  const { ids, shown } = opened(api);
  api.listener.acknowledged();
  await api.answer();
  assert.deepEqual([ids(), shown().hasOlder], [["o-3", "o-2"], true]);
  api.listener.connection("ConnectionDisrupted");
  assert.deepEqual([shown().link, shown().whole], ["reconnecting", false]);
  api.table.push(at(4), at(5), at(6));
  api.asked = [];
  api.listener.connection("Connecting");
  assert.equal(shown().link, "reconnecting");
  api.listener.connection("Connected");
  api.listener.acknowledged();
  api.announce(at(7));
  await api.answer();
  assert.deepEqual(ids(), ["o-7", "o-6", "o-5", "o-4", "o-3", "o-2"]);
  assert.deepEqual([shown().link, shown().whole, api.asked], ["connected", true, [null, "2", "4"]]);
});

test("after more than 50 pages the list ends where the gap begins, and goes on from there", async () => {
  const api = new Api();
  api.table = [at(1)];
  const { feed, ids, shown } = opened(api);
  api.listener.acknowledged();
  await api.answer();
  api.table.push(...Array.from({ length: 110 }, (_, index) => at(index + 100)));
  api.listener.acknowledged();
  for (let rounds = 0; rounds < 5; rounds += 1) await api.answer();
  assert.deepEqual([ids().length, ids().at(-1), shown().whole, shown().hasOlder], [100, "o-110", true, true]);
  void feed.older();
  await api.answer();
  assert.deepEqual(ids().slice(-2), ["o-109", "o-108"]);
});

test("older orders come a page at a time, until there are none", async () => {
  const api = new Api();
  api.table = [at(1), at(2), at(3)];
  const { feed, ids, shown } = opened(api);
  api.listener.acknowledged();
  await api.answer();
  void feed.older();
  void feed.older(); // pressed twice
  await api.answer();
  assert.deepEqual([ids(), shown().hasOlder, api.asked], [["o-3", "o-2", "o-1"], false, [null, "2"]]);
});

test("only the query of the last acknowledgement goes on", async () => {
  const api = new Api();
  api.table = [at(1), at(2), at(3), at(4), at(5)];
  const { feed, ids, shown } = opened(api);
  api.listener.acknowledged();
  await api.answer();
  void feed.older();
  api.listener.acknowledged();
  await api.answer();
  assert.deepEqual([ids(), shown().hasOlder, shown().loading], [["o-5", "o-4"], true, false]);
  void feed.older();
  await api.answer();
  assert.deepEqual(ids(), ["o-5", "o-4", "o-3", "o-2"]);
  api.asked = [];
  api.listener.acknowledged();
  api.listener.acknowledged();
  await api.answer();
  assert.deepEqual(api.asked, [null, null, "2"]);
});

test("an answer from before the connection was lost does not lead on", async () => {
  const api = new Api();
  api.table = [at(1)];
  const { shown } = opened(api);
  api.listener.acknowledged();
  api.listener.connection("ConnectionDisrupted");
  await api.answer();
  assert.equal(shown().whole, false);
});

test("a query that fails is told, and tried again when asked to", async () => {
  const api = new Api();
  const { feed, shown } = opened(api);
  api.page = () => Promise.reject({ errors: [{ message: "Not Authorized" }] });
  api.listener.acknowledged();
  await api.answer();
  assert.deepEqual([shown().problem, shown().whole, shown().loading], ["Not Authorized", false, false]);
  api.page = () => Promise.resolve({ items: [at(1)], nextToken: null });
  feed.again();
  await api.answer();
  assert.deepEqual([shown().problem, shown().whole], ["", true]);
});

test("a connection that stays lost is made anew, again and again, until it stands", () => {
  const api = new Api();
  const { timers, shown } = opened(api);
  api.listener.connection("ConnectionDisrupted");
  assert.deepEqual(timers.map((each) => each.milliseconds), [12_000]);
  timers[0]?.then();
  assert.deepEqual([api.subscribed, api.ended, timers.length], [2, 1, 2]);
  timers[1]?.then();
  assert.deepEqual([api.subscribed, api.ended], [3, 2]);
  api.listener.connection("Connected");
  assert.equal(timers.at(-1)?.isCancelled, true);
  assert.equal(shown().link, "connected");
});

test("a connection that was kept without a network is asked anew", async () => {
  const api = new Api();
  const { ids, shown } = opened(api);
  api.listener.acknowledged();
  await api.answer();
  api.listener.connection("ConnectedPendingNetwork");
  assert.deepEqual([shown().link, shown().whole], ["offline", false]);
  api.table.push(at(1));
  api.listener.connection("Connected");
  assert.deepEqual([api.subscribed, api.ended, shown().whole], [2, 1, false]);
  api.listener.acknowledged();
  await api.answer();
  assert.deepEqual([ids(), shown().whole], [["o-1"], true]);
});

test("a subscription that is refused is told, and tried again later", () => {
  const api = new Api();
  const { timers, shown } = opened(api);
  api.listener.failed("Connection failed: UnauthorizedException");
  assert.deepEqual([shown().link, shown().problem], ["reconnecting", "Connection failed: UnauthorizedException"]);
  assert.equal(timers.length, 1);
});

test("whoever has signed out hears and sees nothing more", async () => {
  const api = new Api();
  api.table = [at(1)];
  const { feed, shown } = opened(api);
  api.listener.acknowledged();
  const before = shown();
  feed.stop();
  api.announce(at(2));
  await api.answer();
  assert.deepEqual([shown(), api.ended], [before, 1]);
});

test("errors are words, whoever throws them", () => {
  assert.equal(messageOf(new Error("no network")), "no network");
  assert.equal(messageOf({ errors: [{ message: "one" }, { message: "two" }] }), "one; two");
  assert.equal(messageOf(undefined), "The API cannot be reached.");
});
