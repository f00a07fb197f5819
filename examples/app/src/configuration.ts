/**
 * What `livebus outputs --amplify public/amplify_outputs.json` wrote, as Amplify takes it.
 *
 * The file is read when the page opens, not when it is built: the same files serve every stack. Of a stack on AWS it has what
 * Amplify's conventions know. The local runtime adds `custom.livebus`, since Cognito has another address there and Amplify makes
 * wss:// of an http:// API; these lines are all that knows of it.
 */
import type { ResourcesConfig } from "aws-amplify";
import { parseAmplifyConfig } from "aws-amplify/utils";

export interface Outputs {
  readonly version: string;
  readonly auth: { readonly aws_region: string; readonly user_pool_id: string; readonly user_pool_client_id: string };
  readonly data: {
    readonly aws_region: string;
    readonly url: string;
    readonly default_authorization_type: string;
    readonly authorization_types: string[];
  };
  readonly custom?: { readonly livebus?: { readonly endpoint: string; readonly realtime_url: string } };
}

export function configurationOf(outputs: Outputs): ResourcesConfig {
  const configuration = parseAmplifyConfig(outputs);
  const local = outputs.custom?.livebus;
  const cognito = configuration.Auth?.Cognito;
  const graphql = configuration.API?.GraphQL;
  if (local === undefined || cognito === undefined || graphql === undefined) return configuration;
  return {
    Auth: {
      Cognito: {
        ...cognito,
        userPoolEndpoint: local.endpoint,
        ...("identityPoolId" in cognito ? { identityPoolEndpoint: local.endpoint } : {}),
      },
    } as NonNullable<ResourcesConfig["Auth"]>,
    API: {
      GraphQL: {
        ...graphql,
        endpoint: local.realtime_url, // subscriptions: ws://
        customEndpoint: outputs.data.url, // queries and mutations: http://
        customEndpointRegion: outputs.data.aws_region, // without it they go without a token
      },
    },
  };
}

/** Raises an Error whose message says what to do. */
export async function readOutputs(): Promise<Outputs> {
  const todo = "Run `livebus outputs --amplify public/amplify_outputs.json` (with --local for the local runtime), and reload.";
  const response = await fetch(new URL("amplify_outputs.json", document.baseURI), { cache: "no-cache" });
  if (!response.ok) throw new Error(`There is no amplify_outputs.json beside this page. ${todo}`);
  let outputs: Partial<Outputs>;
  try {
    outputs = (await response.json()) as Partial<Outputs>;
  } catch {
    throw new Error(`amplify_outputs.json is no JSON. ${todo}`);
  }
  if (outputs.auth === undefined || outputs.data === undefined) {
    throw new Error(`amplify_outputs.json names no user pool or no API. ${todo}`);
  }
  return outputs as Outputs;
}
