import { CfnOutput, Duration, RemovalPolicy, Stack, StackProps } from "aws-cdk-lib";
import * as appsync from "aws-cdk-lib/aws-appsync";
import * as cognito from "aws-cdk-lib/aws-cognito";
import * as events from "aws-cdk-lib/aws-events";
import * as targets from "aws-cdk-lib/aws-events-targets";
import * as iam from "aws-cdk-lib/aws-iam";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import * as path from "node:path";

// The compiled program lies in build/lib, the schema and the resolver beside package.json.
const PROJECT = path.join(__dirname, "..", "..");

/** A bus whose events reach the users of a pool through a GraphQL subscription. */
export class LiveEventsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const pool = new cognito.UserPool(this, "Users", {
      signInAliases: { username: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const client = pool.addClient("App", { authFlows: { userPassword: true, userSrp: true } });

    const api = new appsync.GraphqlApi(this, "Api", {
      name: "live-events",
      definition: appsync.Definition.fromFile(path.join(PROJECT, "schema.graphql")),
      authorizationConfig: {
        // EventBridge publishes, with IAM; users of the pool subscribe, and so may whoever has the identity pool's role.
        defaultAuthorization: { authorizationType: appsync.AuthorizationType.IAM },
        additionalAuthorizationModes: [
          { authorizationType: appsync.AuthorizationType.USER_POOL, userPoolConfig: { userPool: pool } },
        ],
      },
    });
    api.addNoneDataSource("Nothing").createResolver("Publish", {
      typeName: "Mutation",
      fieldName: "publish",
      runtime: appsync.FunctionRuntime.JS_1_0_0,
      code: appsync.Code.fromAsset(path.join(PROJECT, "resolvers", "publish.js")),
    });

    const bus = new events.EventBus(this, "Bus");
    const deadLetters = new sqs.Queue(this, "DeadLetters", {
      retentionPeriod: Duration.days(14),
      enforceSSL: true,
    });
    new events.Rule(this, "PublishRule", {
      eventBus: bus,
      eventPattern: {
        source: ["orders"],
        detailType: ["OrderPlaced"],
        // What is no text would be refused by "String!", within an answer that counts as delivered.
        detail: { text: events.Match.prefix("") },
      },
      targets: [
        new targets.AppSync(api, {
          graphQLOperation: "mutation Publish($id: ID!, $text: String!) { publish(id: $id, text: $text) { id text } }",
          variables: events.RuleTargetInput.fromObject({
            id: events.EventField.eventId,
            text: events.EventField.fromPath("$.detail.text"),
          }),
          deadLetterQueue: deadLetters,
          maxEventAge: Duration.minutes(5),
        }),
      ],
    });

    const identities = new cognito.CfnIdentityPool(this, "Identities", {
      allowUnauthenticatedIdentities: false,
      cognitoIdentityProviders: [{ clientId: client.userPoolClientId, providerName: pool.userPoolProviderName }],
    });
    const signedIn = new iam.Role(this, "SignedIn", {
      assumedBy: new iam.WebIdentityPrincipal("cognito-identity.amazonaws.com", {
        StringEquals: { "cognito-identity.amazonaws.com:aud": identities.ref },
        "ForAnyValue:StringLike": { "cognito-identity.amazonaws.com:amr": "authenticated" },
      }),
    });
    api.grantSubscription(signedIn, "onPublish");
    new cognito.CfnIdentityPoolRoleAttachment(this, "Roles", {
      identityPoolId: identities.ref,
      roles: { authenticated: signedIn.roleArn },
    });

    new CfnOutput(this, "EventBusName", { value: bus.eventBusName });
    new CfnOutput(this, "GraphQLUrl", { value: api.graphqlUrl });
    new CfnOutput(this, "UserPoolId", { value: pool.userPoolId });
    new CfnOutput(this, "UserPoolClientId", { value: client.userPoolClientId });
    new CfnOutput(this, "IdentityPoolId", { value: identities.ref });
  }
}
