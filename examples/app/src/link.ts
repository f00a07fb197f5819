/**
 * What people are told of the connection: four states of Amplify's eight.
 * https://docs.amplify.aws/react/build-a-backend/data/subscribe-data/#subscription-connection-status-updates
 */

export type Link = "connecting" | "connected" | "reconnecting" | "offline";

const LINKS: Readonly<Record<string, Link>> = {
  Connected: "connected",
  Connecting: "connecting",
  // The server has not been heard of for a while: what comes now may come late.
  ConnectedPendingKeepAlive: "reconnecting",
  ConnectedPendingNetwork: "offline",
  ConnectionDisrupted: "reconnecting",
  ConnectionDisruptedPendingNetwork: "offline",
  // Both are what somebody asked for: the app is about to end the subscription.
  ConnectedPendingDisconnect: "connected",
  Disconnected: "connecting",
};

/** The state behind one of Amplify's; `before` tells whether it is the first attempt, or one more. */
export function linkOf(connectionState: string, before: Link): Link {
  const link = LINKS[connectionState] ?? "reconnecting";
  const wasLost = before === "reconnecting" || before === "offline";
  return link === "connecting" && wasLost ? "reconnecting" : link;
}

export const WORDS: Readonly<Record<Link, string>> = {
  connecting: "Connecting",
  connected: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
};
