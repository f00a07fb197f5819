// What the last requests of clients asked data sources, this page's among them.
import { get } from '../api.js';
import { h, replace, time, visible } from '../dom.js';
import { icon } from '../icons.js';

const SHOWN = 20;
const PREVIEW = 60;

/** @type {(call: SourceCall) => HTMLElement} */
const row = (call) =>
	h(
		'li',
		icon(call.errorType ? 'cross' : 'check', 14),
		h(
			'details',
			h('summary', visible(`${call.source} · ${call.request.slice(0, PREVIEW)}`)),
			h('pre', visible(call.request)),
			h('pre', visible(call.errorType ? `${call.errorType}: ${call.errorMessage}` : call.result)),
		),
		h('span.word', call.errorType ? visible(call.errorType) : call.ms === null ? '' : `${call.ms} ms`),
		h('time', time(call.at * 1000, false)),
	);

/** Draws them into an element; nothing where there are none. @type {(into: HTMLElement) => Promise<void>} */
export async function drawSourceCalls(into) {
	const { calls } = await get('calls').catch(() => ({ calls: [] }));
	replace(
		into,
		calls.length > 0 && [
			h('h2.divider', 'Data sources'),
			h('ul.try-rows', { 'aria-label': 'Calls of data sources' }, calls.slice(0, SHOWN).map(row)),
		],
	);
}
