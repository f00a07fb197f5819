// PutEvents. On AWS, and locally with the variables that livebus local prints, the SDK finds everything by itself.
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";

export function fromEnvironment() {
  return new EventBridgeClient();
}

export function local(outputs) {
  return new EventBridgeClient({
    endpoint: outputs.EndpointUrl,
    region: outputs.Region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
}
