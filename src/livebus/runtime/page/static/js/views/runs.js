/** @file What was asked of APIs: the operations that this page ran, and the calls of data sources that any client's request made. */
import { get } from '../api.js';
import { h, replace, time, visible } from '../dom.js';
import { icon } from '../icons.js';

export const MOST_RUNS = 20;

/** @type {Run[]} */
export const runs = [];

/** @type {(operation: Sheet, variables: Sheet) => Child} */
export const past = (operation, variables) =>
	runs.length > 0 && [
		h('h2.divider', 'History'),
		h(
			'ul.try-rows',
			{ 'aria-label': 'History' },
			runs.map((each) => {
				const onclick = () => {
					operation.set(each.query);
					variables.set(each.variables);
				};
				return h(
					'li',
					icon(each.isFine ? 'check' : 'close', 14),
					h('button.link', { type: 'button', onclick }, visible(each.query.replace(/\s+/g, ' ').slice(0, 40))),
					h('span.preview', visible(each.who)),
					h('span.word', visible(each.words)),
					h('time', time(each.at, false)),
				);
			}),
		),
	];

/** What the last requests of clients asked data sources, this page's among them. @type {(call: SourceCall) => HTMLElement} */
const callRow = (call) =>
	h(
		'li',
		icon(call.errorType ? 'close' : 'check', 14),
		h(
			'details',
			h('summary', visible(`${call.source} · ${call.request.slice(0, 60)}`)),
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
			h('ul.try-rows', { 'aria-label': 'Calls of data sources' }, calls.slice(0, MOST_RUNS).map(callRow)),
		],
	);
}
