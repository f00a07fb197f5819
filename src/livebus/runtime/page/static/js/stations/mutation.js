/**
 * @file The mutation's station: what was asked and answered, each call of a data source, logs, every attempt.
 */
import { post } from '../api.js';
import { announce, count, h, replace, time, visible, wordsOf } from '../dom.js';
import { graphqlColours } from '../editor.js';
import { button, icon, known, outcomeIcon } from '../icons.js';
import { codeBlock, jsonView } from '../json.js';
import { ask, callout } from '../parts.js';
import { head } from './station.js';

/** @type {(way: Way) => Record<string, string>} */
const instead = ({ field }) => ({
	function: `The function ${field} is invoked.`,
	destination: `The target of ${field} gets it as it is.`,
});

/** @type {Panel} */
export function mutationPanel(event, way, dry) {
	const last = way.attempts.at(-1);
	const step = (/** @type {string} */ station) => last?.steps.find((each) => each.station === station);
	const failure = step('failure');
	const answer = step('execution');
	const errors = answer?.errors ?? [];
	const ms = typeof last?.ms === 'number' ? ` in ${last.ms.toFixed(1)} ms` : '';
	const said = dry ? 'not run for real: nobody hears of it' : answer && !failure ? `HTTP ${answer.status}${ms}` : '';
	const shown = answer ? { data: answer.data, ...(errors.length && { errors }) } : way.input;
	const label = answer ? 'Answer' : 'Variables';
	return [
		head(way.field ?? 'Mutation', way.role ? `role ${way.role}` : way.target, h('span.quiet', said)),
		failure && failed('id' in event ? event.id : '', way, failure, step('delivery'), dry),
		way.note && h('p.foot', visible(way.note)),
		errors.length > 0 &&
			callout(
				'wait',
				icon('warn'),
				`${answer?.status} with errors`,
				h('p', visible(errors[0].message)),
				h('p', 'It counts as delivered: neither retries nor the dead-letter queue see it. ', known('documented')),
			),
		h(
			'div.pair',
			h(
				'div',
				h('h3', 'Operation'),
				way.operation
					? codeBlock(way.operation, 'Operation', graphqlColours)
					: h('p.quiet', visible(instead(way)[way.kind] ?? 'none')),
			),
			h('div', h('h3', label), jsonView(/** @type {Json} */ (shown), { label }), callsAndLogs(last, way.runs)),
		),
		way.attempts.length > 0 && !dry && h('div', h('h2.divider', count(way.attempts.length, 'attempt')), attempts(way)),
	];
}

/** @type {(id: string, way: Way, failure: Step, delivery: Step | undefined, dry: boolean) => HTMLElement} */
function failed(id, way, failure, delivery, dry) {
	const would = dry ? `It would be tried again, or go to ${way.queue || 'nowhere'}.` : '';
	return callout(
		way.state === 'retrying' ? 'wait' : 'bad',
		outcomeIcon(way.state),
		visible(failure.code),
		h('p', visible(failure.message)),
		h('p', visible(delivery?.words ?? would), ' ', known('documented')),
		!dry && way.state === 'dead' && h('p.row', redriveButtons(id, way)),
	);
}

/** @type {(last: Attempt | undefined, runs?: Step[]) => HTMLElement} */
function callsAndLogs(last, runs = []) {
	const calls = last?.steps.filter((each) => each.station === 'call') ?? [];
	const lines = [...(last?.logs ?? []), ...runs.flatMap((each) => [each.words, ...(each.logs ?? [])])];
	return h(
		'div.log',
		h('h3', 'Calls and logs'),
		calls.map((each) =>
			h('details.call', h('summary', icon('right', 14), h('code', visible(each.words))), called(each)),
		),
		lines.length > 0 && h('pre', { tabindex: 0, role: 'group', 'aria-label': 'Logs' }, visible(lines.join('\n'))),
		!calls.length && !lines.length && h('p.quiet', 'No data source was asked, and nothing was logged.'),
	);
}

/** @type {(step: Step) => Child[]} */
const called = ({ source, request, result, errorType, errorMessage }) => [
	h('h3', 'Request'),
	jsonView(request, { label: `Request to ${source}`, numbered: false }),
	h('h3', errorType ? 'Error' : 'Answer'),
	errorType
		? h('p.reason', visible(`${errorType}: ${errorMessage}`))
		: jsonView(result, { label: `Answer of ${source}`, numbered: false }),
];

/** @type {(way: Way) => HTMLElement} */
const attempts = (way) =>
	h(
		'ul.words',
		{ 'aria-label': 'Attempts' },
		way.attempts.flatMap((each) =>
			each.steps.map((step) => h('li', h('span', time(each.at * 1000)), h('span', visible(step.words)))),
		),
	);

/** A letter of this event, if it still lies in its queue: redriven by its event's id. @type {(id: string, way: Way) => Child[]} */
function redriveButtons(id, way) {
	const said = h('span.quiet', { role: 'status' });
	const redrive = async (/** @type {'bus' | 'target'} */ to) => {
		const words = `1 event of ${way.queue}: every rule that matches sees it again.`;
		if (to === 'bus' && !(await ask('Redrive to the bus?', visible(words), 'Redrive to the bus'))) return;
		const text = await post('redrive', { queue: way.queue, ids: [id], to }).then(told, wordsOf);
		announce(text);
		replace(said, visible(text));
	};
	return [
		button(`Redrive to ${way.target} only`, { icon: 'again', onclick: () => redrive('target') }),
		button('Redrive to the bus', { onclick: () => redrive('bus') }),
		said,
	];
}

/** @type {(answer: Redriven) => string} */
const told = ({ outcomes }) =>
	outcomes.map((each) => (each.accepted ? 'Redriven; the letter is deleted' : each.message)).join('; ') ||
	'No letter of this event lies in the queue any more';
