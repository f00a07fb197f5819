/** @file The way of one event: its map, and the station that is open. */
import { get, statusOf } from '../api.js';
import { copy, copyMenu } from '../clipboard.js';
import { bytes, find, go, h, replace, time, visible, wordsOf } from '../dom.js';
import { focusIn } from '../focus.js';
import { button, icon, outcomeIcon } from '../icons.js';
import { FAILED, lineMap, STATIONS } from '../map.js';
import { gap } from '../parts.js';
import { sendAgain } from '../sending.js';
import { stationPanel } from '../stations/station.js';
import { isReady, listen, prepared } from '../store.js';
import { reachedToo } from './list.js';

const TRAVELS_SECONDS = 3;
const AGAIN_MS = 150;

/** The station that explains the outcome. @type {(event: Ways) => Selected} */
export function defaultStation({ refused, stop, ways }) {
	if (refused || stop || !ways.length) return { track: 0, station: 'event' };
	const failed = ways.findIndex((way) => FAILED.includes(way.state));
	if (failed >= 0) return { track: failed, station: 'mutation' };
	if (ways.every((way) => !way.matches)) return { track: 0, station: 'rule' };
	return { track: 0, station: ways[0].kind === 'api' ? 'subscribers' : 'rule' };
}

/** The station that a link names, if the event has it. @type {(event: Ways, rule: string, name: string) => Selected} */
function stationOf(event, rule, name) {
	if (rule === 'event') return { track: 0, station: 'event' };
	const track = event.ways.findIndex((way) => way.rule === rule);
	const station = STATIONS.find((each) => each === name);
	return track >= 0 && station ? { track, station } : defaultStation(event);
}

/** @type {(event: Whole, selected: Selected) => string} */
const path = (event, { track, station }) =>
	`#/events/${event.id}/${station === 'event' ? 'event' : `${encodeURIComponent(event.ways[track].rule)}/${station}`}`;

/** @type {(within: HTMLElement) => void} */
export const focusTab = (within) => find(within, '[role=tab][aria-selected=true]')?.focus();

/** `back` gives the focus back once it is drawn. @type {(id: string, rest: string[], back?: (into: HTMLElement) => void) => { node: HTMLElement, stop: Stop }} */
export function wayPane(id, [, rule, station], back = () => {}) {
	const node = h('section.pane.way', { 'aria-label': 'Way of the event' });
	/** @type {Whole | null} */
	let event = null;
	/** @type {Selected} */
	let selected = { track: 0, station: 'event' };
	let travel = false;
	let isReading = false;
	let isStale = false;
	let drawn = '';
	/** @type {(shown: Whole) => void} */
	const draw = (shown) => {
		const select = (/** @type {Selected} */ next) => {
			selected = next;
			history.replaceState(null, '', path(shown, selected));
			draw(shown);
			focusTab(node);
		};
		const inside = focusIn(node);
		replace(node, header(shown), lineMap(shown, { selected, travel, select }), stationPanel(shown, selected));
		travel = false;
		inside(node);
	};
	const read = async () => {
		isStale = isReading;
		if (isReading) return;
		isReading = true;
		try {
			const found = prepared(await get(`events/${encodeURIComponent(id)}`));
			const text = JSON.stringify(found);
			if (!event) {
				selected = stationOf(found, rule, station);
				// It has just come, perhaps before the list has heard of it.
				travel = Date.now() / 1000 - found.at < TRAVELS_SECONDS;
			}
			event = found;
			// What is drawn already stays: a bead that travels, a text that is marked.
			if (text !== drawn) draw(event);
			if (!drawn) back(node);
			drawn = text;
		} catch (error) {
			if (!event) replace(node, missing(error));
		}
		isReading = false;
		if (isStale) setTimeout(read, AGAIN_MS);
	};
	read();
	const stops = [listen([id], read), listen(['state'], () => (event ? prepared(event) : isReady() && read()))];
	return { node, stop: () => stops.forEach((stop) => void stop()) };
}

/** @type {(error: unknown) => HTMLElement} */
function missing(error) {
	const isGone = statusOf(error) === 404;
	const kept = 'The runtime keeps the last 10,000 events, or 64 MiB of them; a restart begins anew.';
	return h(
		'div.waiting',
		h(
			'div',
			h('h1', isGone ? 'This event is not kept any more' : 'The runtime does not answer'),
			h('p.quiet', isGone ? kept : visible(wordsOf(error))),
		),
	);
}

/** @type {(event: Whole) => HTMLElement} */
function header(event) {
	const { id, bus, at, size, via, source, detailType, outcome, envelope, refused, ways } = event;
	const also = reachedToo(outcome);
	const spent = ways.flatMap((way) => way.attempts.map((each) => each.ms ?? 0)).reduce((sum, each) => sum + each, 0);
	const entry = { source, 'detail-type': detailType, detail: envelope.Detail ?? null };
	const copyId = () => copy(id, 'the event id');
	return h(
		'header.way-head',
		h(
			'div.way-title',
			h('h1', { dir: 'auto' }, visible(detailType)),
			h(`span.badge.${outcome.kind}`, outcomeIcon(outcome.kind, 14), visible(outcome.words)),
			also && h('span.badge.delivered', outcomeIcon('delivered', 14), also),
			gap(),
			button('Send again', { icon: 'again', key: 'R', onclick: () => sendAgain(id) }),
			button('Edit', { icon: 'edit', key: 'E', onclick: () => go(`#/compose/${id}`) }),
			copyMenu(() => [refused ? entry : envelope, bus]),
		),
		h(
			'p.meta',
			h('span', visible(source)),
			h('span', h('time', time(at * 1000))),
			h('span', visible(`sent by ${via}`)),
			h('span', bytes(size)),
			spent > 0 && h('span', `${spent.toFixed(1)} ms in this runtime`),
			h('button.id', { type: 'button', title: 'Copy the event id', onclick: copyId }, id.slice(0, 8), icon('copy', 12)),
		),
	);
}
