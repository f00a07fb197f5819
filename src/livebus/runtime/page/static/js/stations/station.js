/**
 * @file What a station says when it is opened: the event, its rule, the transformer; the others have modules of their own.
 */
import { copy } from '../clipboard.js';
import { bytes, count, go, h, visible } from '../dom.js';
import { button, icon, known } from '../icons.js';
import { codeBlock, inline, jsonView } from '../json.js';
import { callout, gap, grid, row } from '../parts.js';
import { subscribersPanel } from './audience.js';
import { mutationPanel } from './mutation.js';

/** @type {Record<Station, Panel>} */
const PANELS = {
	event: eventPanel,
	rule: rulePanel,
	transformer: transformerPanel,
	mutation: mutationPanel,
	subscribers: subscribersPanel,
};

/** @type {(event: Whole | DryRun, selected: Selected, dry?: boolean) => HTMLElement} */
export function stationPanel(event, { track, station }, dry = false) {
	const way = event.ways[track];
	const isOfAll = station === 'event';
	const labelled = `tab-${isOfAll ? 0 : track}-${station}`;
	const attributes = { id: 'station', role: 'tabpanel', 'aria-labelledby': labelled, tabindex: 0 };
	const line = isOfAll ? null : way?.line;
	return h(
		'section.station',
		{ ...attributes, 'data-line': line },
		station && (way || isOfAll) && PANELS[station](event, way, dry),
	);
}

/** @type {(title: string, where?: string | null, ...more: Child[]) => HTMLElement} */
export const head = (title, where, ...more) =>
	h('header.station-head', h('h2', visible(title)), where && h('code.where', visible(where)), gap(), more);

/** @type {(label: string, way: string) => HTMLElement} */
const tryButton = (label, way) => button(label, { kind: 'ghost', icon: 'edit', onclick: () => go(way) });

/** @type {Panel} */
function eventPanel({ refused, stop, envelope, size }) {
	if (refused)
		return [
			head('Refused', null, known('recorded', 'PutEvents, per-entry errors')),
			callout('bad', icon('warn'), visible(refused.code), h('p', visible(refused.message))),
			jsonView(envelope, { label: 'Entry' }),
		];
	const all = () => copy(JSON.stringify(envelope, null, 2), 'the envelope');
	const silent = h('p', 'AWS accepts such an event, too, and drops it in silence. ', known('documented'));
	return [
		head(
			'Envelope',
			null,
			h('span.quiet', `${bytes(size)} of 1 MB`),
			button('Copy', { icon: 'copy', kind: 'ghost', onclick: all }),
		),
		stop && callout('bad', icon('warn'), visible(stop), silent),
		jsonView(envelope, { label: 'Event envelope' }),
	];
}

/** @type {Panel} */
function rulePanel(_, way) {
	const lost = way.conditions.filter((each) => !each.met);
	const order = [...lost, ...way.conditions.filter((each) => each.met)];
	const title = lost.length ? `${lost.length} of ${way.conditions.length} conditions not met` : 'No match';
	const rows = order.map(({ met, path, found, expected }) =>
		h(
			met ? 'tr' : 'tr.unmet',
			h(
				'td',
				h(
					met ? 'span.verdict.yes' : 'span.verdict.no',
					icon(met ? 'check' : 'close', 14),
					h('span.visually-hidden', met ? 'met ' : 'not met '),
				),
				h('code', visible(path.replace('$.', ''))),
			),
			h('td', h(found.startsWith('missing') ? 'code.missing' : 'code.value', visible(found))),
			h('td', h('code', visible(expected))),
		),
	);
	return [
		head(
			way.matches ? 'Every condition is met' : title,
			way.where,
			tryButton('Try another pattern', `#/try/${encodeURIComponent(way.rule)}`),
		),
		grid(`Conditions of ${way.rule}`, ['Path', 'The event has', 'The pattern asks for'], rows),
		!way.matches &&
			h(
				'div.foot',
				way.reasons.map((each) => h('p', visible(each))),
				h('p', 'On AWS an event that no rule matches is gone, and nothing tells. ', known('documented')),
			),
	];
}

/** @type {Record<string, string>} */
const INPUTS = { function: 'Event of the function', destination: 'What the target gets' };

/** @type {Panel} */
function transformerPanel(_, way) {
	const { variables, form, template, inputFault, input } = way;
	const fills = `${count(variables.length, 'path fills', 'paths fill')} the template`;
	const rows = variables.map(({ name, path, value }) =>
		row(
			h('code.placeholder', `<${name}>`),
			h('code', path ? visible(path) : 'EventBridge'),
			value === '' ? h('span.missing', 'missing, or empty') : h('code.value', inline(value)),
		),
	);
	const label = INPUTS[way.kind] ?? 'Variables of the mutation';
	return [
		head(
			variables.length ? fills : `Input: ${form}`,
			way.target,
			(form === 'InputTransformer' || template) &&
				tryButton('Try another template', `#/try/${encodeURIComponent(way.rule)}/transformer`),
		),
		inputFault && callout('bad', icon('warn'), 'No input comes about', h('p', visible(inputFault))),
		rows.length > 0 && grid('Variables', ['Placeholder', 'From', 'Value'], rows),
		h(
			'div.pair',
			h('div', h('h3', 'Input template'), codeBlock(template ?? '(none: the event as it is)', 'Input template')),
			h('div', h('h3', label), input === null ? h('p.quiet', 'none') : jsonView(input, { label })),
		),
	];
}
