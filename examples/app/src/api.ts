/** Rewards' API by Amplify: the two operations of examples/orders/schemas/rewards.graphql that an app calls. */
import { CONNECTION_STATE_CHANGE, generateClient } from "aws-amplify/api";
import { Hub } from "aws-amplify/utils";

import { type Listener, messageOf, type Source } from "./feed.ts";
import type { Order, Page } from "./orders.ts";

const FIELDS = "orderId customerId points total { amount currency } placedAt";
// customerId says whom the app means; the API compares it with the token, and refuses another customer's.
const HISTORY = `query Orders($customerId: ID!, $limit: Int, $nextToken: String) {
  orders(customerId: $customerId, limit: $limit, nextToken: $nextToken) { items { ${FIELDS} } nextToken }
}`;
// Without an argument: the API filters by the customer in the token.
const LIVE = `subscription OnPoints { onPoints { ${FIELDS} } }`;

const PAGE = 20;
// What Amplify dispatches when AppSync has answered start_ack; it has no exported name.
const SUBSCRIPTION_ACK = "Subscription ack";

interface Subscribable {
  subscribe(observer: { next(result: unknown): void; error(error: unknown): void }): { unsubscribe(): void };
}

export function source(customerId: string): Source {
  const client = generateClient();
  return {
    async page(nextToken) {
      const variables = { customerId, limit: PAGE, nextToken };
      const result = (await client.graphql({ query: HISTORY, variables })) as { data: { orders: Page | null } };
      return result.data.orders ?? { items: [], nextToken: null };
    },
    subscribe(listener) {
      const silence = Hub.listen("api", ({ payload }) => heard(payload, listener));
      const subscription = (client.graphql({ query: LIVE }) as unknown as Subscribable).subscribe({
        next(result) {
          const order = (result as { data?: { onPoints?: Order | null } }).data?.onPoints;
          if (order) listener.order(order);
        },
        error: (error) => listener.failed(messageOf(error)),
      });
      return () => {
        silence();
        subscription.unsubscribe();
      };
    },
  };
}

function heard(payload: { event: string; data?: unknown }, listener: Listener): void {
  if (payload.event === SUBSCRIPTION_ACK) listener.acknowledged();
  if (payload.event === CONNECTION_STATE_CHANGE) {
    listener.connection((payload.data as { connectionState: string }).connectionState);
  }
}
