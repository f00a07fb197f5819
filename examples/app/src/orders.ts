/**
 * Orders from two ways, history and live, as one list: pure, so that test/orders.test.ts can say what must hold.
 *
 * An order is known by its id. Its version is the time of the event that announced it (`placedAt`, UTC in ISO 8601, which sorts as
 * text): of two copies the later one stays, of equal ones that which is there.
 */

export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  readonly points: number;
  readonly total: { readonly amount: number; readonly currency: string };
  readonly placedAt: string;
}

/** A page of history, the newest first; `nextToken` leads to the next one, null after the last. */
export interface Page {
  readonly items: readonly Order[];
  readonly nextToken: string | null;
}

export interface Merged {
  /** All orders, the newest first, each once. */
  readonly orders: readonly Order[];
  /** Those that were not known, or only in an older version, in the order in which they came. */
  readonly changed: readonly Order[];
}

/** Where an order stands: the sort key that the table has, so that both sort alike. */
export const placeOf = (order: Order): string => `${order.placedAt}#${order.orderId}`;

export const isNewer = (one: Order, other: Order): boolean => one.placedAt > other.placedAt;

/** Both together, without a double; what is the same comes back as the same list. */
export function merge(known: readonly Order[], arriving: readonly Order[]): Merged {
  const byId = new Map(known.map((order) => [order.orderId, order]));
  const changed = new Map<string, Order>();
  for (const order of arriving) {
    const there = byId.get(order.orderId);
    if (there !== undefined && !isNewer(order, there)) continue;
    byId.set(order.orderId, order);
    changed.set(order.orderId, order);
  }
  if (changed.size === 0) return { orders: known, changed: [] };
  const orders = [...byId.values()].sort((one, other) => (placeOf(one) < placeOf(other) ? 1 : -1));
  return { orders, changed: [...changed.values()] };
}

/**
 * Whether a page of history goes back as far as what is shown: then nothing between can have been missed. Without anything shown
 * one page is enough.
 */
export function reaches(page: Page, shown: readonly Order[]): boolean {
  const oldest = shown.at(-1);
  const last = page.items.at(-1);
  if (page.nextToken === null || oldest === undefined) return true;
  return last !== undefined && placeOf(last) <= placeOf(oldest);
}
