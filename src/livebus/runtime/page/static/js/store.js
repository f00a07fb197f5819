/**
 * @file What the page knows: the last events by id, the runtime's state, whether it answers. Bounded; views listen.
 */
import { get, stream } from './api.js';

const MOST = 10000;
const PAGE = 500;
const REST_MS = 2000;
const BURST = 8;
const FRESH_MS = 1600;
const HIDDEN_MS = 60000;
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
	/** When this page heard of the last change of what runs; 0 where it has seen none. */
	changedAt: 0,
	changed: 0,
};
/** @type {Set<{ kinds: string[], told: (kinds: Set<string>) => unknown }>} */
const listeners = new Set();
/** @type {Set<string>} */
let pending = new Set();

/**
 * Kinds are `events`, `state`, `change` (of what runs), `link`, or an event's id. Returns what ends it.
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
	const isFlood = came.length > BURST;
	for (const event of came.splice(0)) if (!isFlood) event.freshUntil = Date.now() + FRESH_MS;
	for (const each of [...listeners]) if (each.kinds.some((kind) => kinds.has(kind))) each.told(kinds);
}

/** Events that came since listeners were told last: few enough to be pointed out, or a flood. @type {Summary[]} */
const came = [];
/** The events in the order of the list, until one comes. @type {Summary[] | null} */
let ordered = null;
let last = 0;
let isInOrder = true;

/** @type {(event: Summary) => void} */
function keep(event) {
	const known = store.events.get(event.id);
	if (known && known.seq !== event.seq) store.events.delete(event.id);
	if (!known) came.push(event);
	// One may be told of after a newer one.
	if (known?.seq !== event.seq) isInOrder &&= event.seq > last;
	last = Math.max(last, event.seq);
	store.events.set(event.id, event);
	for (const id of store.events.keys()) {
		if (store.events.size <= MOST) break;
		store.events.delete(id);
	}
	ordered = null;
	tell('events', event.id);
}

/** All events, the newest first. Whoever has the list keeps it as it is. */
export function newest() {
	if (!isInOrder) put([...store.events.values()].sort((one, other) => one.seq - other.seq));
	ordered ??= [...store.events.values()].reverse();
	return ordered;
}

/** @type {(events: Summary[]) => void} */
function put(events) {
	store.events = new Map(events.map((event) => [event.id, event]));
	last = events.at(-1)?.seq ?? 0;
	isInOrder = true;
	ordered = null;
}

/** All that the runtime keeps; of another run the newest first. @type {(isOther?: boolean) => Promise<void>} */
async function readEvents(isOther = false) {
	/** @type {Summary[]} */
	let found = [];
	const known = gap;
	for (let before = ''; ; ) {
		if (gap !== known) return; // It will be read anew.
		const { events, changed } = await get(`events?limit=${PAGE}${before}`);
		if (!before) store.changed = changed;
		found = [...events.reverse(), ...found];
		const isLast = events.length < PAGE || found.length >= MOST;
		if (isLast || isOther) {
			put(found);
			tell('events');
		}
		if (isLast) return;
		before = `&before=${events[0].seq}`;
	}
}

/** After a gap: the newest at once, and all once it is quiet. A runtime that is busy is not asked for ten thousand again and again. */
async function readAfterGap() {
	const { events, changed } = await get(`events?limit=${PAGE}`);
	store.changed = changed;
	for (const event of events.reverse()) keep(event);
	clearTimeout(resting);
	resting = setTimeout(() => after(readEvents), REST_MS);
}
let resting = 0;

export async function readState() {
	const before = store.state;
	const state = await get('state');
	store.state = state;
	if (before?.run !== state.run) store.changedAt = 0;
	else if (state.change && state.change.number !== before.change?.number) {
		store.changedAt = Date.now();
		tell('change');
	}
	tell('state');
}

let gap = 0;

/** @type {(line: Line) => Promise<void>} */
async function heard(line) {
	if (line.kind === 'hello') {
		const isOther = store.run !== line.run;
		if (isOther && store.run) store.restarted = Date.now();
		store.run = line.run;
		link('open');
		// It may have been cut for a while.
		await Promise.all([readState(), isOther && readEvents(true)]);
	} else if (line.kind === 'event') {
		store.changed = line.changed;
		keep(line);
	} else if (line.kind === 'gap') {
		// Of many gaps in a row only the last is read: it has what the others have.
		if (line.changed === gap) await readAfterGap();
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
/** What is done with lines one after the other, in their order. */
let hearing = Promise.resolve();
/** @type {(act: () => Promise<void>) => void} */
function after(act) {
	const own = cut;
	hearing = hearing.then(act).catch(() => own.abort());
}
export const retryNow = () => wake();

/** Until somebody wakes it, or so many seconds have passed. @type {(seconds?: number) => Promise<void>} */
const woken = (seconds) =>
	new Promise((resolve) => {
		wake = resolve;
		if (seconds) setTimeout(resolve, seconds * 1000);
	});

/** For ever: connect, listen, and when the line is cut try again after 1, 2, 4 … 10 s. */
export async function run() {
	for (let wait = 0; ; wait = Math.min(LONGEST_WAIT, wait ? wait * 2 : 1)) {
		try {
			cut = new AbortController();
			const tellLater = (/** @type {Line} */ line) => {
				wait = 0;
				if (line.kind === 'gap') gap = line.changed;
				after(() => heard(line));
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

/** A page that nobody sees stops listening after a minute, and goes on where it was. */
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

/** Whether the state is that of the runtime that answers. */
export const isReady = () => store.link === 'open' && store.state?.run === store.run;

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
