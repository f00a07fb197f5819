/** The app: signed out or in, and nothing else. */
import { Amplify } from "aws-amplify";
import { getCurrentUser, signOut } from "aws-amplify/auth";
import { Hub } from "aws-amplify/utils";

import { source } from "./api.ts";
import { configurationOf, readOutputs } from "./configuration.ts";
import { element } from "./elements.ts";
import { Feed, messageOf } from "./feed.ts";
import { OrdersView } from "./orders-view.ts";
import { isRefused, signInView } from "./sign-in.ts";

const app = document.querySelector<HTMLElement>("#app") ?? document.body;
let feed: Feed | undefined;

function showSignIn(told = ""): void {
  feed?.stop();
  feed = undefined;
  app.replaceChildren(signInView(() => void showOrders().catch(showProblem), told));
  app.querySelector("input")?.focus();
}

async function showOrders(): Promise<void> {
  const { username } = await getCurrentUser();
  const view = new OrdersView(username, {
    older: () => void feed?.older(),
    again: () => feed?.again(),
    signOut: () => void signOut(),
  });
  feed?.stop();
  feed = new Feed(source(username), (shown, arrived) => view.show(shown, arrived), after, Math.random);
  app.replaceChildren(view.root);
  view.root.querySelector("h1")?.focus();
  feed.start();
}

function showProblem(error: unknown): void {
  app.replaceChildren(element("p", { className: "notice", attributes: { role: "alert" } }, messageOf(error)));
}

function after(milliseconds: number, then: () => void): () => void {
  const timer = setTimeout(then, milliseconds);
  return () => clearTimeout(timer);
}

Hub.listen("auth", ({ payload }) => {
  if (payload.event === "signedOut") showSignIn();
  // Amplify tells of a lost network alike, and keeps the tokens then: the feed goes on.
  if (payload.event === "tokenRefresh_failure" && isRefused(payload.data?.error)) {
    showSignIn("Your sign-in has ended. Please sign in again.");
  }
});

try {
  Amplify.configure(configurationOf(await readOutputs()));
  const isSignedIn = await getCurrentUser().then(
    () => true,
    () => false,
  );
  if (isSignedIn) await showOrders();
  else showSignIn();
} catch (error) {
  showProblem(error);
}
