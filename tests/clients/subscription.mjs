// One subscription at a time, whoever's: `commands` are what all clients that subscribe have in common.
import { Mailbox } from "./mailbox.mjs";
import { happened } from "./sockets.mjs";

let mailbox;
let subscription;

const ACKNOWLEDGE_MILLISECONDS = 15_000;

/** Subscribe to an Observable of results; resolves with the socket's URL when the server has acknowledged. */
export async function subscribeTo(observable) {
  const acknowledged = happened("start_ack", ACKNOWLEDGE_MILLISECONDS);
  const taken = (mailbox = new Mailbox());
  subscription = observable.subscribe({ next: (result) => taken.put(result), error: (error) => taken.fail(error) });
  acknowledged.catch(() => {}); // nobody hears of it once the subscription has failed
  // Only an error can come before the acknowledgement.
  return Promise.race([acknowledged, taken.failed]);
}

/** The URL that a client dials for a subscription. */
export function dialTo(observable) {
  const dialled = happened("dialled", ACKNOWLEDGE_MILLISECONDS);
  observable.subscribe({ error: () => {} });
  return dialled;
}

export const commands = {
  next: ({ within }) => mailbox.next(within),
  unsubscribe: () => subscription.unsubscribe(),
};
