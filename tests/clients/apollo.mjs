// Apollo Client's side of the tests.
import { gql } from "@apollo/client";

import { client as makeClient } from "./config/apollo.mjs";
import { dialTo, commands as subscription, subscribeTo } from "./subscription.mjs";

let client;

export const commands = {
  ...subscription,

  configure({ outputs, token }) {
    client = makeClient(outputs, () => token);
  },

  subscribe: ({ query }) => subscribeTo(client.subscribe({ query: gql(query) })),

  dial: ({ query }) => dialTo(client.subscribe({ query: gql(query) })),

  async query({ query }) {
    return (await client.query({ query: gql(query), fetchPolicy: "no-cache" })).data;
  },

  async mutate({ mutation, variables }) {
    return (await client.mutate({ mutation: gql(mutation), variables })).data;
  },
};
