// What Amplify.configure takes. `outputs` are the stack's Outputs, or the file that livebus local --outputs writes.

export function aws(outputs) {
  const region = outputs.UserPoolId.split("_")[0];
  return {
    Auth: { Cognito: { userPoolId: outputs.UserPoolId, userPoolClientId: outputs.UserPoolClientId } },
    API: { GraphQL: { endpoint: outputs.GraphQLUrl, region, defaultAuthMode: "userPool" } },
  };
}

export function local(outputs) {
  const { Auth, API } = aws(outputs);
  return {
    Auth: { Cognito: { ...Auth.Cognito, userPoolEndpoint: outputs.EndpointUrl } },
    API: {
      GraphQL: {
        ...API.GraphQL,
        endpoint: outputs.RealtimeUrl, // subscriptions: ws://
        customEndpoint: outputs.GraphQLUrl, // queries and mutations: http://
        customEndpointRegion: API.GraphQL.region,
      },
    },
  };
}

export function localOverTls(outputs) {
  const { Auth, API } = aws(outputs);
  return { Auth: { Cognito: { ...Auth.Cognito, userPoolEndpoint: outputs.EndpointUrl } }, API };
}

// Tokens from elsewhere (getTokens may fetch them): the second argument of Amplify.configure.
export function withTokens(getTokens) {
  return { Auth: { tokenProvider: { getTokens } } };
}

// Credentials of an identity pool sign the requests of a user who has signed in, and of guests where the pool has them.
export function withIdentityPool(configuration, outputs) {
  const { Auth, API } = configuration;
  return {
    Auth: {
      Cognito: {
        ...Auth.Cognito,
        identityPoolId: outputs.IdentityPoolId,
        identityPoolEndpoint: outputs.EndpointUrl, // the local runtime's; not on AWS
        allowGuestAccess: true,
      },
    },
    API: { GraphQL: { ...API.GraphQL, defaultAuthMode: "iam" } },
  };
}
