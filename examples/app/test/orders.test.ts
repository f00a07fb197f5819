/** Merging: each order once, the newest version, the newest first. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { merge, type Order, reaches } from "../src/orders.ts";

export function order(orderId: string, placedAt = "2026-11-29T10:00:00Z", points = 1): Order {
  return { orderId, customerId: "ada", points, total: { amount: points, currency: "EUR" }, placedAt };
}

const ids = (orders: readonly Order[]): string[] => orders.map((each) => each.orderId);

test("what comes on both ways is there once", () => {
  const { orders, changed } = merge([order("a")], [order("a"), order("b"), order("b")]);
  assert.deepEqual([ids(orders), ids(changed)], [["b", "a"], ["b"]]);
});

test("the newest stands first, as the table sorts: by time, then by id", () => {
  const late = order("a", "2026-11-29T10:00:01Z");
  assert.deepEqual(ids(merge([order("b")], [order("c"), late]).orders), ["a", "c", "b"]);
});

test("of two versions the newer one stays, whichever comes first", () => {
  const [old, young] = [order("a", "2026-11-29T10:00:00Z", 1), order("a", "2026-11-29T10:00:01Z", 2)];
  assert.deepEqual(merge([old], [young]).orders, [young]);
  assert.deepEqual(merge([young], [old]), { orders: [young], changed: [] });
  assert.deepEqual(merge([], [young, old]).orders, [young]);
});

test("of equal versions that which is there stays, and the list is the same", () => {
  const known = [order("a")];
  assert.equal(merge(known, [order("a")]).orders, known);
});

test("a list that is merged is not changed itself", () => {
  const known = Object.freeze([order("a")]);
  merge(known, [order("b"), order("a", "2026-11-29T10:00:01Z")]);
  assert.deepEqual(ids(known), ["a"]);
});

test("history goes back far enough with the oldest that is shown, or with its end", () => {
  const shown = [order("c", "2026-11-29T10:00:03Z"), order("b", "2026-11-29T10:00:02Z")];
  const page = (last: Order, nextToken: string | null) => ({ items: [last], nextToken });
  assert.equal(reaches(page(order("d", "2026-11-29T10:00:04Z"), "more"), shown), false);
  assert.equal(reaches(page(order("b", "2026-11-29T10:00:02Z"), "more"), shown), true);
  assert.equal(reaches(page(order("a", "2026-11-29T10:00:01Z"), "more"), shown), true);
  assert.equal(reaches(page(order("d", "2026-11-29T10:00:04Z"), null), shown), true);
  assert.equal(reaches(page(order("d"), "more"), []), true);
  assert.equal(reaches({ items: [], nextToken: "more" }, shown), false);
});
