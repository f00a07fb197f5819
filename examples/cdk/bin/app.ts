import { App } from "aws-cdk-lib";
import { LiveEventsStack } from "../lib/live-events-stack";

// No env: the stack goes to whatever account and region the CLI is signed in to.
new LiveEventsStack(new App(), "LiveEvents");
