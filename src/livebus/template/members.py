"""
The members that the properties of each resource type have, as far as they are read here; a misspelt one is told.

From the resource provider schemas of CloudFormation. A member that is close to none of these is no fault: AWS adds some.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

from __future__ import annotations

from collections.abc import Iterator

from livebus.errors import did_you_mean
from livebus.template.properties import Properties
from livebus.template.resource import Resource
from livebus.template.resources import Resources

# By type and by the path below Properties (lists are passed through), the names of the members.
_SCHEMAS: dict[str, dict[str, str]] = {
    "AWS::Events::EventBus": {
        "": ("DeadLetterConfig Description EventSourceName KmsKeyIdentifier LogConfig Name Policy Tags"),
    },
    "AWS::Events::Archive": {
        "": "ArchiveName Description EventPattern KmsKeyIdentifier RetentionDays SourceArn",
    },
    "AWS::Events::ApiDestination": {
        "": "ConnectionArn Description HttpMethod InvocationEndpoint InvocationRateLimitPerSecond Name",
    },
    "AWS::Events::Connection": {
        "": "AuthorizationType AuthParameters Description InvocationConnectivityParameters KmsKeyIdentifier Name",
        "AuthParameters": (
            "ApiKeyAuthParameters BasicAuthParameters ConnectivityParameters InvocationHttpParameters OAuthParameters"
        ),
        "AuthParameters.ApiKeyAuthParameters": "ApiKeyName ApiKeyValue",
        "AuthParameters.BasicAuthParameters": "Password Username",
        "AuthParameters.InvocationHttpParameters": "BodyParameters HeaderParameters QueryStringParameters",
        "AuthParameters.OAuthParameters": "AuthorizationEndpoint ClientParameters HttpMethod OAuthHttpParameters",
        "AuthParameters.OAuthParameters.ClientParameters": "ClientID ClientSecret",
        "AuthParameters.OAuthParameters.OAuthHttpParameters": "BodyParameters HeaderParameters QueryStringParameters",
    },
    "AWS::Events::Rule": {
        "": ("Description EventBusName EventPattern Name RoleArn ScheduleExpression State Tags Targets"),
        "Targets": (
            "AppSyncParameters Arn BatchParameters DeadLetterConfig EcsParameters HttpParameters Id Input "
            "InputPath InputTransformer KinesisParameters RedshiftDataParameters RetryPolicy RoleArn "
            "RunCommandParameters SageMakerPipelineParameters SqsParameters"
        ),
        "Targets.AppSyncParameters": "GraphQLOperation",
        "Targets.DeadLetterConfig": "Arn",
        "Targets.HttpParameters": "HeaderParameters PathParameterValues QueryStringParameters",
        "Targets.InputTransformer": "InputPathsMap InputTemplate",
        "Targets.RetryPolicy": "MaximumEventAgeInSeconds MaximumRetryAttempts",
    },
    "AWS::IAM::Role": {
        "": (
            "AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration Path "
            "PermissionsBoundary Policies RoleName Tags"
        ),
        "Policies": "PolicyDocument PolicyName",
    },
    "AWS::IAM::Policy": {
        "": "Groups PolicyDocument PolicyName Roles Users",
    },
    "AWS::IAM::RolePolicy": {
        "": "PolicyDocument PolicyName RoleName",
    },
    "AWS::IAM::ManagedPolicy": {
        "": "Description Groups ManagedPolicyName Path PolicyDocument Roles Users",
    },
    "AWS::Lambda::Function": {
        "": (
            "Architectures CapacityProviderConfig Code CodeSigningConfigArn DeadLetterConfig Description DurableConfig "
            "Environment EphemeralStorage FileSystemConfigs FunctionName FunctionScalingConfig Handler ImageConfig "
            "KmsKeyArn Layers LoggingConfig MemorySize PackageType PublishToLatestPublished RecursiveLoop "
            "ReservedConcurrentExecutions Role Runtime RuntimeManagementConfig SnapStart Tags TenancyConfig Timeout "
            "TracingConfig VpcConfig"
        ),
        "Code": "ImageUri S3Bucket S3Key S3ObjectVersion SourceKMSKeyArn ZipFile",
        "DeadLetterConfig": "TargetArn",
        "Environment": "Variables",
    },
    "AWS::Lambda::Permission": {
        "": (
            "Action EventSourceToken FunctionName FunctionUrlAuthType InvokedViaFunctionUrl Principal PrincipalOrgID "
            "SourceAccount SourceArn"
        ),
    },
    "AWS::Lambda::EventInvokeConfig": {
        "": "DestinationConfig FunctionName MaximumEventAgeInSeconds MaximumRetryAttempts Qualifier",
        "DestinationConfig": "OnFailure OnSuccess",
        "DestinationConfig.OnFailure": "Destination",
        "DestinationConfig.OnSuccess": "Destination",
    },
    "AWS::Lambda::LayerVersion": {
        "": "CompatibleArchitectures CompatibleRuntimes Content Description LayerName LicenseInfo",
        "Content": "S3Bucket S3Key S3ObjectVersion",
    },
    "AWS::SQS::Queue": {
        "": (
            "ContentBasedDeduplication DeduplicationScope DelaySeconds FifoQueue FifoThroughputLimit "
            "KmsDataKeyReusePeriodSeconds KmsMasterKeyId MaximumMessageSize MessageRetentionPeriod QueueName "
            "ReceiveMessageWaitTimeSeconds RedriveAllowPolicy RedrivePolicy SqsManagedSseEnabled Tags "
            "VisibilityTimeout"
        ),
    },
    "AWS::SQS::QueuePolicy": {
        "": "PolicyDocument Queues",
    },
    "AWS::AppSync::GraphQLApi": {
        "": (
            "AdditionalAuthenticationProviders ApiType AuthenticationType EnhancedMetricsConfig "
            "EnvironmentVariables IntrospectionConfig LambdaAuthorizerConfig LogConfig "
            "MergedApiExecutionRoleArn Name OpenIDConnectConfig OwnerContact QueryDepthLimit "
            "ResolverCountLimit Tags UserPoolConfig Visibility XrayEnabled"
        ),
        "AdditionalAuthenticationProviders": "AuthenticationType LambdaAuthorizerConfig OpenIDConnectConfig UserPoolConfig",
        "AdditionalAuthenticationProviders.UserPoolConfig": "AppIdClientRegex AwsRegion UserPoolId",
        "AdditionalAuthenticationProviders.OpenIDConnectConfig": "AuthTTL ClientId IatTTL Issuer",
        "UserPoolConfig": "AppIdClientRegex AwsRegion DefaultAction UserPoolId",
        "OpenIDConnectConfig": "AuthTTL ClientId IatTTL Issuer",
    },
    "AWS::AppSync::GraphQLSchema": {
        "": "ApiId Definition DefinitionS3Location",
    },
    "AWS::AppSync::ApiKey": {
        "": "ApiId Description Expires",
    },
    "AWS::AppSync::DataSource": {
        "": (
            "ApiId Description DynamoDBConfig ElasticsearchConfig EventBridgeConfig HttpConfig LambdaConfig "
            "MetricsConfig Name OpenSearchServiceConfig RelationalDatabaseConfig ServiceRoleArn Type"
        ),
        "EventBridgeConfig": "EventBusArn",
    },
    "AWS::AppSync::FunctionConfiguration": {
        "": (
            "ApiId Code CodeS3Location DataSourceName Description FunctionVersion MaxBatchSize Name "
            "RequestMappingTemplate RequestMappingTemplateS3Location ResponseMappingTemplate "
            "ResponseMappingTemplateS3Location Runtime SyncConfig"
        ),
        "Runtime": "Name RuntimeVersion",
    },
    "AWS::AppSync::Resolver": {
        "": (
            "ApiId CachingConfig Code CodeS3Location DataSourceName FieldName Kind MaxBatchSize MetricsConfig "
            "PipelineConfig RequestMappingTemplate RequestMappingTemplateS3Location ResponseMappingTemplate "
            "ResponseMappingTemplateS3Location Runtime SyncConfig TypeName"
        ),
        "Runtime": "Name RuntimeVersion",
        "PipelineConfig": "Functions",
    },
    "AWS::DynamoDB::Table": {
        "": (
            "AttributeDefinitions BillingMode ContributorInsightsSpecification DeletionProtectionEnabled "
            "GlobalSecondaryIndexes ImportSourceSpecification KeySchema KinesisStreamSpecification "
            "LocalSecondaryIndexes OnDemandThroughput PointInTimeRecoverySpecification ProvisionedThroughput "
            "ResourcePolicy SSESpecification StreamSpecification TableClass TableName Tags TimeToLiveSpecification "
            "WarmThroughput"
        ),
        "AttributeDefinitions": "AttributeName AttributeType",
        "KeySchema": "AttributeName KeyType",
        "GlobalSecondaryIndexes": (
            "ContributorInsightsSpecification IndexName KeySchema OnDemandThroughput Projection "
            "ProvisionedThroughput WarmThroughput"
        ),
        "LocalSecondaryIndexes": "IndexName KeySchema Projection",
        "ProvisionedThroughput": "ReadCapacityUnits WriteCapacityUnits",
        "StreamSpecification": "ResourcePolicy StreamViewType",
        "TimeToLiveSpecification": "AttributeName Enabled",
    },
    "AWS::DynamoDB::GlobalTable": {
        "": (
            "AttributeDefinitions BillingMode GlobalSecondaryIndexes GlobalTableWitnesses KeySchema "
            "LocalSecondaryIndexes MultiRegionConsistency ReadOnDemandThroughputSettings "
            "ReadProvisionedThroughputSettings Replicas SSESpecification StreamSpecification TableName "
            "TimeToLiveSpecification WarmThroughput WriteOnDemandThroughputSettings "
            "WriteProvisionedThroughputSettings"
        ),
        "AttributeDefinitions": "AttributeName AttributeType",
        "KeySchema": "AttributeName KeyType",
        "StreamSpecification": "StreamViewType",
        "TimeToLiveSpecification": "AttributeName Enabled",
    },
    "AWS::Cognito::IdentityPool": {
        "": (
            "AllowClassicFlow AllowUnauthenticatedIdentities CognitoEvents CognitoIdentityProviders CognitoStreams "
            "DeveloperProviderName IdentityPoolName IdentityPoolTags OpenIdConnectProviderARNs PushSync SamlProviderARNs "
            "SupportedLoginProviders"
        ),
        "CognitoIdentityProviders": "ClientId ProviderName ServerSideTokenCheck",
    },
    "AWS::Cognito::IdentityPoolRoleAttachment": {
        "": "IdentityPoolId RoleMappings Roles",
    },
    "AWS::SSM::Parameter": {
        "": "AllowedPattern DataType Description Name Policies Tags Tier Type Value",
    },
    "AWS::Cognito::UserPool": {
        "": (
            "AccountRecoverySetting AdminCreateUserConfig AliasAttributes AutoVerifiedAttributes "
            "DeletionProtection DeviceConfiguration EmailAuthenticationMessage EmailAuthenticationSubject "
            "EmailConfiguration EmailVerificationMessage EmailVerificationSubject EnabledMfas "
            "IssuerConfiguration KeyConfiguration LambdaConfig MfaConfiguration Policies Schema "
            "SmsAuthenticationMessage SmsConfiguration SmsVerificationMessage UserAttributeUpdateSettings "
            "UserPoolAddOns UserPoolName UserPoolTags UserPoolTier UsernameAttributes UsernameConfiguration "
            "VerificationMessageTemplate WebAuthnFactorConfiguration WebAuthnRelyingPartyID "
            "WebAuthnUserVerification"
        ),
        "AdminCreateUserConfig": "AllowAdminCreateUserOnly InviteMessageTemplate UnusedAccountValidityDays",
        "Policies": "PasswordPolicy SignInPolicy",
        "Policies.PasswordPolicy": (
            "MinimumLength PasswordHistorySize RequireLowercase RequireNumbers RequireSymbols "
            "RequireUppercase TemporaryPasswordValidityDays"
        ),
    },
    "AWS::Cognito::UserPoolClient": {
        "": (
            "AccessTokenValidity AllowedOAuthFlows AllowedOAuthFlowsUserPoolClient AllowedOAuthScopes "
            "AnalyticsConfiguration AuthSessionValidity CallbackURLs ClientName DefaultRedirectURI "
            "EnablePropagateAdditionalUserContextData EnableTokenRevocation ExplicitAuthFlows GenerateSecret "
            "IdTokenValidity LogoutURLs PreventUserExistenceErrors ReadAttributes RefreshTokenRotation "
            "RefreshTokenValidity SupportedIdentityProviders TokenValidityUnits UserPoolId WriteAttributes"
        ),
        "RefreshTokenRotation": "Feature RetryGracePeriodSeconds",
        "TokenValidityUnits": "AccessToken IdToken RefreshToken",
    },
    "AWS::Cognito::UserPoolGroup": {
        "": "Description GroupName Precedence RoleArn UserPoolId",
    },
}

# How alike a name has to be to count as misspelt; below, AWS may have a new member of that name.
_NEARLY = 0.8

MEMBERS: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {
    kind: {tuple(path.split(".")) if path else (): tuple(names.split()) for path, names in paths.items()}
    for kind, paths in _SCHEMAS.items()
}


def check_members(resources: Resources, resource: Resource) -> None:
    """A fault for each member that is nearly one of its type's, a warning for each that is not."""
    for path, names in MEMBERS.get(resource.type, {}).items():
        for properties in _at(resource.properties, path):
            for name in properties.values:
                if name not in names:
                    meant = did_you_mean(name, names, _NEARLY)
                    found = f"Encountered unsupported property {name}"
                    if meant:
                        properties.fault(found, name, advice=meant)
                    else:
                        resources.warn(properties.place(name), f"{found} of {resource}")


def _at(properties: Properties, path: tuple[str, ...]) -> Iterator[Properties]:
    """The objects at a path, all of a list's where one is on the way; what is of another type is told elsewhere."""
    if not path:
        yield properties
        return
    value = properties.values.get(path[0])
    if isinstance(value, list):
        below = [properties.below(path[0], index) for index, item in enumerate(value) if isinstance(item, dict)]
    else:
        below = [properties.below(path[0])] if isinstance(value, dict) else []
    for each in below:
        yield from _at(each, path[1:])
