// Watches the sockets that a client opens: which URL it dials, and when its subscription has been acknowledged.
// Neither Amplify nor Apollo tells the latter, and an event that is published before it would rightly be missed.

const watchers = new Set();

/** Put a watching WebSocket in place of the platform's; `Plain` is the one to watch. */
export function watchSockets(Plain) {
  globalThis.WebSocket = class extends Plain {
    constructor(url, protocols) {
      super(url, protocols);
      tell("dialled", String(url));
      this.addEventListener("message", ({ data }) => tell(JSON.parse(data).type, String(url)));
    }
  };
}

/** A socket that never opens: for looking at where a client would go on AWS. */
export class DeadSocket extends EventTarget {
  close() {}
  send() {}
}

/**
 * The URL of the socket on which `kind` happens next: "dialled", or the type of a message that comes in. Rejects when it
 * has not happened within that many milliseconds.
 */
export function happened(kind, within) {
  return new Promise((resolve, reject) => {
    const watcher = (what, url) => {
      if (what === kind) settle(() => resolve(url));
    };
    const settle = (outcome) => {
      clearTimeout(timer);
      watchers.delete(watcher);
      outcome();
    };
    const timer = setTimeout(() => settle(() => reject(new Error(`no ${kind} within ${within} ms`))), within);
    watchers.add(watcher);
  });
}

function tell(what, url) {
  for (const watcher of watchers) watcher(what, url);
}
