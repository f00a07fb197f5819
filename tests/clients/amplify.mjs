// Amplify's side of the tests, in node and, bundled by browser.mjs, in a page.
import { Amplify } from "aws-amplify";
import { generateClient } from "aws-amplify/api";
import { decodeJWT, fetchAuthSession, getCurrentUser, signIn, signOut } from "aws-amplify/auth";

import * as config from "./config/amplify.mjs";
import { dialTo, commands as subscription, subscribeTo } from "./subscription.mjs";

const graphql = (query, variables) => generateClient().graphql({ query, variables });

export const commands = {
  ...subscription,

  /** `name` is a function of config/amplify.mjs; with `tokens` Amplify takes them instead of signing in. */
  configure({ name, outputs, tokens }) {
    if (tokens === undefined) return Amplify.configure(config[name](outputs));
    const getTokens = async () => ({
      accessToken: decodeJWT(tokens.AccessToken),
      idToken: decodeJWT(tokens.IdToken),
    });
    return Amplify.configure(config[name](outputs), config.withTokens(getTokens));
  },

  /** With credentials of an identity pool: `name` as above. */
  configureIdentityPool({ name, outputs }) {
    return Amplify.configure(config.withIdentityPool(config[name](outputs), outputs));
  },

  async identity() {
    const { identityId, credentials } = await fetchAuthSession();
    return { identityId, hasToken: credentials?.sessionToken !== undefined };
  },

  signIn: ({ username, password, flow }) => signIn({ username, password, options: { authFlowType: flow } }),
  signOut: () => signOut(),
  currentUser: () => getCurrentUser(),

  async accessToken({ refresh }) {
    const { tokens } = await fetchAuthSession({ forceRefresh: refresh });
    return tokens?.accessToken.toString();
  },

  subscribe: ({ query }) => subscribeTo(graphql(query)),
  dial: ({ query }) => dialTo(graphql(query)),
  graphql: ({ query, variables }) => graphql(query, variables),
};
