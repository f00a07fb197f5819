// An Apollo Client, on AWS and locally. `jwtToken` is a token, or a function that returns one (or a promise of it).
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { AUTH_TYPE, createAuthLink } from "aws-appsync-auth-link";
import { createSubscriptionHandshakeLink } from "aws-appsync-subscription-link";

export function client(outputs, jwtToken) {
  const options = {
    url: outputs.GraphQLUrl,
    region: outputs.UserPoolId.split("_")[0],
    auth: { type: AUTH_TYPE.AMAZON_COGNITO_USER_POOLS, jwtToken },
  };
  return new ApolloClient({
    link: ApolloLink.from([
      createAuthLink(options),
      createSubscriptionHandshakeLink(options, new HttpLink({ uri: options.url })),
    ]),
    cache: new InMemoryCache(),
  });
}
