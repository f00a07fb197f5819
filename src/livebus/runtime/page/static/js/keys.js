/** @file Single keys of the whole page; they never fire in a field or with a modifier. */
import { find, go, h, isIn } from './dom.js';
import { iconButton } from './icons.js';
import { gap, opened } from './parts.js';

/** @type {Record<string, string>} */
const VIEWS = { e: 'events', s: 'subscribers', f: 'failed', t: 'try', g: 'graphql', a: 'application' };
const SEQUENCE_MS = 900;

/** Whether a key belongs to a field, a dialog or the browser. @type {(event: KeyboardEvent) => boolean} */
export const isTaken = (event) =>
	event.ctrlKey || event.metaKey || event.altKey || isIn(event, 'input, textarea, select, dialog[open]');

/** @type {Record<string, () => void>} */
const ACTIONS = { c: () => go('#/compose'), '/': () => find(document, '[data-filter]')?.focus(), '?': help };

export function listenForKeys() {
	let begun = 0;
	document.addEventListener('keydown', (event) => {
		if (isTaken(event)) return;
		const isSecond = Date.now() - begun < SEQUENCE_MS;
		begun = 0;
		const view = isSecond && VIEWS[event.key];
		const act = view ? () => go(`#/${view}`) : ACTIONS[event.key];
		if (!act) {
			if (event.key === 'g') begun = Date.now();
			return;
		}
		event.preventDefault();
		act();
	});
}

const KEYS = [
	['C', 'New event'],
	['J / K', 'Next, previous event'],
	['/', 'Filter'],
	['Space', 'Follow or pause'],
	['← → ↑ ↓', 'Along the stations, between rules'],
	['R', 'Send the event again'],
	['E', 'Edit the event and send'],
	['Ctrl ⏎', 'Send or run, in the editor'],
	['Esc', 'Leave the editor, then the view'],
	['G then E S F T G A', 'Events, Subscribers, Failed, Try, GraphQL, Application'],
	['?', 'These keys'],
];

/** @type {(keys: string) => Child[]} */
const caps = (keys) => keys.split(' / ').map((each, index) => [index > 0 && ' ', h('kbd', each)]);

function help() {
	const close = iconButton('Close', 'close', { onclick: () => dialog.close() });
	/** @type {HTMLDialogElement} */
	const dialog = h(
		'dialog.sheet-dialog',
		{ 'aria-label': 'Keyboard' },
		h('header', h('h2', 'Keyboard'), gap(), close),
		h(
			'dl.keys',
			KEYS.map(([key, what]) => [h('dt', caps(key)), h('dd', what)]),
		),
	);
	opened(dialog);
}
