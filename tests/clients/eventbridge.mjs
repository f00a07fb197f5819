// The AWS SDK's side of the tests.
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";

import * as config from "./config/eventbridge.mjs";

let client;

export const commands = {
  /** `name` is a function of config/eventbridge.mjs. */
  configure({ name, outputs }) {
    client = config[name](outputs);
  },

  async putEvents({ entries }) {
    const { FailedEntryCount, Entries } = await client.send(new PutEventsCommand({ Entries: entries }));
    return { FailedEntryCount, Entries };
  },
};
