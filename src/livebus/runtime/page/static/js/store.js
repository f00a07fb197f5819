// What the page knows: the last events by id, the runtime's state, whether it answers. Bounded; views listen.
import { get, stream } from './api.js';

const MOST = 10000, PAGE = 500, HIDDEN_MS = 60000, LONGEST_WAIT = 10;

export const store = {
  events: new Map(), state: null, link: 'connecting', since: 0, run: '', restarted: 0, changed: 0, fresh: new Set(),
};
const listeners = new Set();
let pending = new Set();

// `listen(kinds, told)`: kinds are `events`, `state`, `link`, or an event's id. Returns what ends it.
export function listen(kinds, told) {
  const each = { kinds, told };
  listeners.add(each);
  return () => listeners.delete(each);
}

function tell(kind) {
  if (!pending.size) setTimeout(flush, 30);
  pending.add(kind);
}

function flush() {
  const kinds = pending;
  pending = new Set();
  for (const each of [...listeners]) if (each.kinds.some((kind) => kinds.has(kind))) each.told(kinds);
}

function keep(event, isLive) {
  const known = store.events.get(event.id);
  if (known && known.seq !== event.seq) store.events.delete(event.id);
  if (!known && isLive) store.fresh.add(event.id);
  store.events.set(event.id, event);
  while (store.events.size > MOST) store.events.delete(store.events.keys().next().value);
  tell('events');
  tell(event.id);
}

export const newest = () => [...store.events.values()].reverse();

async function readEvents() {
  const found = [];
  let before = '';
  for (;;) {
    const answer = await get(`events?limit=${PAGE}${before}`);
    found.push(...answer.events);
    if (!before) store.changed = answer.changed;
    if (answer.events.length < PAGE || found.length >= MOST) break;
    before = `&before=${answer.events.at(-1).seq}`;
  }
  store.events = new Map(found.reverse().map((event) => [event.id, event]));
  tell('events');
}

export async function readState() {
  store.state = await get('state');
  tell('state');
}

async function heard(line) {
  if (line.kind === 'hello') {
    const isOther = store.run !== line.run;
    if (isOther && store.run) store.restarted = Date.now();
    store.run = line.run;
    link('open');
    if (isOther) { store.fresh.clear(); await Promise.all([readEvents(), readState()]); }
  } else if (line.kind === 'event') {
    store.changed = line.changed;
    keep(line, true);
  } else if (line.kind === 'gap') await readEvents();
  else if (line.kind === 'state') await readState();
}

function link(next) {
  if (store.link === next) return;
  store.link = next;
  store.since = Date.now();
  tell('link');
}

let wake = () => {};
let cut = new AbortController();
export const retryNow = () => wake();

// For ever: connect, listen, and when the line is cut try again after 1, 2, 4 … 10 s.
export async function run() {
  let wait = 0;
  for (;;) {
    try {
      cut = new AbortController();
      let hearing = Promise.resolve();
      await stream(store.changed, (line) => { wait = 0; hearing = hearing.then(() => heard(line)).catch(() => cut.abort()); }, cut.signal);
    } catch { /* told below */ }
    if (document.hidden) await new Promise((resolve) => { wake = resolve; });
    else if (wait > 0) link('off');
    if (wait > 0) await new Promise((resolve) => { wake = resolve; setTimeout(resolve, wait * 1000); });
    wait = Math.min(LONGEST_WAIT, wait ? wait * 2 : 1);
  }
}

// A page that nobody sees stops listening after a minute, and goes on where it was.
let hiding = 0;
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(() => cut.abort(), HIDDEN_MS);
  else wake();
});

// Lines have colours by the order in which rules stand in the application: the same everywhere.
export function lineOf(rule) {
  const names = [...new Set((store.state?.application.rules ?? []).map((each) => each.rule))];
  const at = names.indexOf(rule);
  return (at < 0 ? 0 : at % 4) + 1;
}

export function prepared(event) {
  for (const way of event.ways) way.line = lineOf(way.rule);
  return event;
}
