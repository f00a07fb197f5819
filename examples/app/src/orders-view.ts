/** The list of orders: what is new is put where it belongs, what is there stays where it is. */
import { element } from "./elements.ts";
import type { Shown } from "./feed.ts";
import { WORDS } from "./link.ts";
import type { Order } from "./orders.ts";

export interface Acts {
  older(): void;
  again(): void;
  signOut(): void;
}

// What comes at once is told at once: a screen reader would otherwise cut each short.
const TOLD_AFTER = 400;

export class OrdersView {
  readonly root: HTMLElement;
  readonly #list = element("ol", { className: "orders", attributes: { "aria-label": "Orders, the newest first" } });
  readonly #items = new Map<string, { order: Order; item: HTMLLIElement }>();
  readonly #link = element("span", { className: "link", attributes: { role: "status" } });
  readonly #again = element("button", { type: "button", className: "quiet", hidden: true }, "Try now");
  readonly #summary = element("p", { className: "summary" });
  readonly #empty = element("p", { className: "notice" }, "Loading your orders…");
  readonly #problem = element("p", { className: "problem", attributes: { role: "alert" } });
  readonly #older = element("button", { type: "button", hidden: true }, "Show older orders");
  readonly #told = element("p", { className: "unseen", attributes: { role: "log", "aria-label": "New orders" } });
  #arrived: Order[] = [];

  constructor(userName: string, acts: Acts) {
    const out = element("button", { type: "button", className: "quiet" }, "Sign out");
    out.addEventListener("click", acts.signOut);
    this.#older.addEventListener("click", acts.older);
    this.#again.addEventListener("click", acts.again);
    this.root = element(
      "div",
      { className: "page" },
      element(
        "header",
        {},
        element(
          "div",
          { className: "title" },
          element("h1", { tabIndex: -1 }, "Your orders"),
          element("p", { className: "who" }, "Customer ", element("bdi", {}, userName)),
        ),
        element("div", { className: "bar" }, this.#link, this.#again, out),
      ),
      this.#summary,
      this.#problem,
      this.#list,
      this.#empty,
      this.#older,
      this.#told,
    );
  }

  show(shown: Shown, arrived: readonly Order[]): void {
    this.#showLink(shown);
    this.#showOrders(shown);
    this.#setText(this.#problem, shown.problem && `${shown.problem} What is shown may not be all.`);
    this.#older.hidden = !shown.hasOlder;
    this.#older.ariaDisabled = shown.loading ? "true" : null;
    this.#empty.hidden = shown.orders.length > 0;
    const none = "No orders yet. The next one shows up here the moment it is placed.";
    this.#setText(this.#empty, shown.loading || !shown.whole ? "Loading your orders…" : none);
    this.#list.ariaBusy = shown.loading ? "true" : null;
    if (shown.whole && arrived.length > 0) this.#tell(arrived);
  }

  #showLink({ link, whole }: Shown): void {
    const isBehind = link === "connected" && !whole;
    this.#link.dataset["link"] = isBehind ? "connecting" : link;
    this.#setText(this.#link, isBehind ? "Catching up" : WORDS[link]);
    this.#again.hidden = link === "connected" || link === "connecting";
  }

  #showOrders({ orders, fresh, hasOlder }: Shown): void {
    if (orders.length < this.#items.size) this.#forgetOthers(orders);
    let cursor = this.#list.firstElementChild;
    for (const order of orders) {
      const item = this.#itemOf(order, fresh.has(order.orderId));
      if (item === cursor) cursor = cursor.nextElementSibling;
      else this.#list.insertBefore(item, cursor);
    }
    const points = orders.reduce((sum, order) => sum + order.points, 0);
    const which = hasOlder ? `the newest ${orders.length} orders` : orders.length === 1 ? "1 order" : `${orders.length} orders`;
    this.#setText(this.#summary, orders.length > 0 ? `${points.toLocaleString()} points from ${which}` : "");
  }

  #forgetOthers(orders: readonly Order[]): void {
    const kept = new Set(orders.map((order) => order.orderId));
    for (const [id, { item }] of this.#items) {
      if (kept.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
  }

  #itemOf(order: Order, isFresh: boolean): HTMLLIElement {
    const there = this.#items.get(order.orderId);
    const item = there?.item ?? element("li", {});
    if (there?.order !== order) {
      item.replaceChildren(...contentOf(order, isFresh));
      item.classList.toggle("fresh", isFresh);
      this.#items.set(order.orderId, { order, item });
    }
    return item;
  }

  #tell(arrived: readonly Order[]): void {
    if (this.#arrived.length === 0) {
      setTimeout(() => {
        const [first] = this.#arrived;
        const one = first && `New order ${first.orderId}: ${first.points} points`;
        this.#told.textContent = this.#arrived.length === 1 ? (one ?? "") : `${this.#arrived.length} new orders`;
        this.#arrived = [];
      }, TOLD_AFTER);
    }
    this.#arrived.push(...arrived);
  }

  /** Only what changes: a live region that is set anew is read anew. */
  #setText(where: HTMLElement, text: string): void {
    if (where.textContent !== text) where.textContent = text;
  }
}

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function contentOf(order: Order, isFresh: boolean): Node[] {
  const placed = new Date(order.placedAt);
  const shown = Number.isNaN(placed.valueOf()) ? order.placedAt : TIME.format(placed);
  const time = element("time", { dateTime: order.placedAt }, shown);
  const badge = isFresh ? [element("span", { className: "badge" }, "New")] : [];
  return [
    element("div", { className: "what" }, element("bdi", { className: "id" }, order.orderId), ...badge, time),
    element("div", { className: "total" }, moneyOf(order.total)),
    element("div", { className: "points" }, element("strong", {}, order.points.toLocaleString()), " points"),
  ];
}

function moneyOf({ amount, currency }: Order["total"]): string {
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch {
    return `${amount} ${currency}`; // no code of ISO 4217
  }
}
