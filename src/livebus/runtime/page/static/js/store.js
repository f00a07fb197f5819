// What the page knows: the last events by id, the runtime's state, whether it answers. Bounded; views listen.
import { get, stream } from './api.js';

const MOST = 10000;
const PAGE = 500;
const HIDDEN_MS = 60000;
const CALM_MS = 1000;
const LONGEST_WAIT = 10;

export const store = {
	/** @type {Map<string, Summary>} */
	events: new Map(),
	/** @type {State | null} */
	state: null,
	/** @type {'connecting' | 'open' | 'off'} */
	link: 'connecting',
	since: 0,
	run: '',
	restarted: 0,
	changed: 0,
	/** Ids of events that came while the page was open, and that no row has shown yet. @type {Set<string>} */
	fresh: new Set(),
};
/** @type {Set<{ kinds: string[], told: (kinds: Set<string>) => unknown }>} */
const listeners = new Set();
/** @type {Set<string>} */
let pending = new Set();

/**
 * Kinds are `events`, `state`, `link`, or an event's id. Returns what ends it.
 * @type {(kinds: string[], told: (kinds: Set<string>) => unknown) => Stop}
 */
export function listen(kinds, told) {
	const each = { kinds, told };
	listeners.add(each);
	return () => listeners.delete(each);
}

/** A view that waits until the state has what it shows. @type {(view: () => Stop | null, waiting: () => void) => Stop} */
export function once(view, waiting) {
	let stop = view();
	if (stop) return stop;
	waiting();
	const unlisten = listen(['state'], () => {
		stop = view();
		if (stop) unlisten();
		else waiting();
	});
	return () => {
		unlisten();
		stop?.();
	};
}

/** @type {(...kinds: string[]) => void} */
function tell(...kinds) {
	if (!pending.size) setTimeout(flush, 30);
	for (const kind of kinds) pending.add(kind);
}

function flush() {
	const kinds = pending;
	pending = new Set();
	for (const each of [...listeners]) if (each.kinds.some((kind) => kinds.has(kind))) each.told(kinds);
}

/** @type {(event: Summary) => void} */
function keep(event) {
	const known = store.events.get(event.id);
	if (known && known.seq !== event.seq) store.events.delete(event.id);
	if (!known) store.fresh.add(event.id);
	store.events.set(event.id, event);
	for (const id of store.events.keys()) {
		if (store.events.size <= MOST) break;
		store.events.delete(id);
		store.fresh.delete(id);
	}
	tell('events', event.id);
}

export const newest = () => [...store.events.values()].reverse();

// Of more events than the stream tells, the last ones; all of them once no more such news comes.
async function readNewest() {
	const { events, changed } = await get(`events?limit=${PAGE}`);
	store.changed = changed;
	events.reverse().forEach(keep);
	clearTimeout(storm);
	storm = setTimeout(() => inTurn(readEvents), CALM_MS);
}

async function readEvents() {
	clearTimeout(storm);
	/** @type {Summary[]} */
	const found = [];
	for (let before = ''; ; ) {
		const { events, changed } = await get(`events?limit=${PAGE}${before}`);
		found.push(...events);
		if (!before) store.changed = changed;
		if (events.length < PAGE || found.length >= MOST) break;
		before = `&before=${events[events.length - 1].seq}`;
	}
	store.fresh.clear();
	store.events = new Map(found.reverse().map((event) => [event.id, event]));
	tell('events');
}

export async function readState() {
	store.state = await get('state');
	tell('state');
}

let gap = 0;
let storm = 0;

/** @type {(line: Line) => Promise<void>} */
async function heard(line) {
	if (line.kind === 'hello') {
		const isOther = store.run !== line.run;
		if (isOther && store.run) store.restarted = Date.now();
		store.run = line.run;
		link('open');
		if (isOther) await Promise.all([readEvents(), readState()]);
	} else if (line.kind === 'event') {
		store.changed = line.changed;
		keep(line);
	} else if (line.kind === 'gap') {
		// Of many gaps in a row only the last is read: it has what the others have.
		if (line.changed === gap) await readNewest();
	} else if (line.kind === 'state') await readState();
}

/** @type {(next: 'open' | 'off') => void} */
function link(next) {
	if (store.link === next) return;
	store.link = next;
	store.since = Date.now();
	tell('link');
}

let wake = () => {};
let cut = new AbortController();
export const retryNow = () => wake();
let hearing = Promise.resolve();

/** One thing after another; what fails cuts the line. @type {(work: () => Promise<void>) => void} */
function inTurn(work) {
	hearing = hearing.then(work).catch(() => cut.abort());
}

/** Until somebody wakes it, or so many seconds have passed. @type {(seconds?: number) => Promise<void>} */
const woken = (seconds) =>
	new Promise((resolve) => {
		wake = resolve;
		if (seconds) setTimeout(resolve, seconds * 1000);
	});

// For ever: connect, listen, and when the line is cut try again after 1, 2, 4 … 10 s.
export async function run() {
	for (let wait = 0; ; wait = Math.min(LONGEST_WAIT, wait ? wait * 2 : 1)) {
		try {
			cut = new AbortController();
			hearing = Promise.resolve();
			const tellLater = (/** @type {Line} */ line) => {
				wait = 0;
				if (line.kind === 'gap') gap = line.changed;
				inTurn(() => heard(line));
			};
			await stream(store.changed, tellLater, cut.signal);
		} catch {
			/* told below */
		}
		if (document.hidden) await woken();
		else if (wait > 0) link('off');
		if (wait > 0) await woken(wait);
	}
}

// A page that nobody sees stops listening after a minute, and goes on where it was.
let hiding = 0;
document.addEventListener('visibilitychange', () => {
	clearTimeout(hiding);
	if (document.hidden) hiding = setTimeout(() => cut.abort(), HIDDEN_MS);
	else wake();
});

/** Colours of lines go by the order of rules in the application: the same everywhere. @type {(rule: string) => number} */
export function lineOf(rule) {
	const at = ruleNames().indexOf(rule);
	return (at < 0 ? 0 : at % 4) + 1;
}

export const ruleNames = () => [...new Set((store.state?.application.rules ?? []).map((each) => each.rule))];
export const apis = () => (store.state?.application.apis ?? []).flatMap((each) => each.apis);

/** The users of an API's pools. @type {(api: Api | undefined) => Signed[]} */
export const usersOf = (api) =>
	(store.state?.application.pools ?? [])
		.filter((pool) => api?.pools.includes(pool.id))
		.flatMap((pool) => pool.users.map((user) => ({ pool: pool.id, user })));

/** @type {<T extends Ways>(event: T) => T} */
export function prepared(event) {
	for (const way of event.ways) way.line = lineOf(way.rule);
	return event;
}
