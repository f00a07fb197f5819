/** What Amplify is told: of AWS what the file says, of the local runtime its addresses as well. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { configurationOf, type Outputs } from "../src/configuration.ts";
import { linkOf } from "../src/link.ts";
import { isRefused } from "../src/sign-in.ts";

const AWS: Outputs = {
  version: "1.4",
  auth: { aws_region: "eu-west-1", user_pool_id: "eu-west-1_abc", user_pool_client_id: "client" },
  data: {
    aws_region: "eu-west-1",
    url: "https://x.appsync-api.eu-west-1.amazonaws.com/graphql",
    default_authorization_type: "AMAZON_COGNITO_USER_POOLS",
    authorization_types: ["AWS_IAM"],
  },
};

test("a stack on AWS is what Amplify's conventions say", () => {
  const { Auth, API } = configurationOf(AWS);
  assert.equal(Auth?.Cognito.userPoolEndpoint, undefined);
  assert.deepEqual(
    [API?.GraphQL?.endpoint, API?.GraphQL?.customEndpoint, API?.GraphQL?.defaultAuthMode],
    [AWS.data.url, undefined, "userPool"],
  );
});

test("the local runtime has addresses of its own", () => {
  const custom = { livebus: { endpoint: "http://127.0.0.1:4566", realtime_url: "ws://127.0.0.1:4566/graphql" } };
  const { Auth, API } = configurationOf({ ...AWS, data: { ...AWS.data, url: "http://127.0.0.1:4566/graphql" }, custom });
  assert.equal(Auth?.Cognito.userPoolEndpoint, "http://127.0.0.1:4566");
  assert.deepEqual(
    [API?.GraphQL?.endpoint, API?.GraphQL?.customEndpoint, API?.GraphQL?.customEndpointRegion],
    ["ws://127.0.0.1:4566/graphql", "http://127.0.0.1:4566/graphql", "eu-west-1"],
  );
});

test("a sign-in is over when Cognito says so, and not when nobody answers", () => {
  const refused = ["NotAuthorizedException", "TokenRevokedException"].map((name) => isRefused({ name }));
  const passing = [{ name: "NetworkError" }, { name: "TooManyRequestsException" }, null, undefined, "text"].map(isRefused);
  assert.deepEqual([refused, passing], [[true, true], [false, false, false, false, false]]);
});

test("what people are told of the connection", () => {
  assert.equal(linkOf("Connecting", "connecting"), "connecting");
  assert.equal(linkOf("Connecting", "reconnecting"), "reconnecting");
  assert.equal(linkOf("ConnectionDisruptedPendingNetwork", "connected"), "offline");
  assert.equal(linkOf("ConnectedPendingKeepAlive", "connected"), "reconnecting");
  assert.equal(linkOf("a state to come", "connected"), "reconnecting");
});
