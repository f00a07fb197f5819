/** @file Before the first event: the application's own lines, and a sample to send. */
import { get } from '../api.js';
import { copy } from '../clipboard.js';
import { count, go, h, replace, visible } from '../dom.js';
import { button, iconButton } from '../icons.js';
import { lineMap } from '../map.js';
import { trySending } from '../sending.js';
import { lineOf, store } from '../store.js';

const MOST_BUSES = 3;
const MOST_RULES = 6;

/** @type {(...content: Child[]) => HTMLElement} */
const section = (...content) => h('section.empty', { 'aria-label': 'No events yet' }, content);

/** Text to be copied. @type {(text: string, what: string) => HTMLElement} */
export const shell = (text, what) =>
	h('div.shell', h('code', visible(text)), iconButton(`Copy ${what}`, 'copy', { onclick: () => copy(text, what) }));

export function emptyState() {
	const { state, link } = store;
	if (link !== 'open' || !state) return section(h('h1', 'Connecting'));
	const { stacks, rules } = state.application;
	if (!stacks.length)
		return section(
			h('h1', 'No application runs yet'),
			h('p', 'Deploy one: it shows up here.'),
			shell('sam deploy', 'the command'),
		);
	const buses = [...new Set(rules.map((each) => each.bus))];
	const first = h('span');
	const command = h('div', shell('livebus publish FILE --local', 'the command'));
	const offer = (/** @type {string} */ name, /** @type {string} */ text) =>
		replace(first, button(`Send ${name}`, { icon: 'send', kind: 'primary', onclick: () => trySending(text) }));
	get('samples').then(
		({ samples, examples }) => {
			const found = samples.find((each) => each.name === 'sample.json') ?? samples.find((each) => each.expected);
			for (const [rule, event] of Object.entries(examples)) offer(`an example for ${rule}`, JSON.stringify(event));
			if (!found) return;
			offer(found.name, found.text);
			replace(command, shell(`livebus publish ${found.file} --local`, 'the command'));
		},
		() => {},
	);
	const there = [count(buses.length, 'bus', 'buses'), count(rules.length, 'rule')].join(', ');
	return section(
		h('div.ghost-map', { inert: true }, buses.slice(0, MOST_BUSES).map(ghost)),
		h('h1', 'Waiting for the first event'),
		h(
			'p',
			`${there}, and ${count(state.counts.clients, 'client')} that listen. `,
			'Whatever is put on a bus shows up here, with its way to every subscriber.',
		),
		h('div.row.center', first, button('Write one', { key: 'C', onclick: () => go('#/compose') })),
		command,
		h('p.quiet', 'or any AWS client, with ', h('code', `AWS_ENDPOINT_URL=${location.origin}`)),
	);
}

/** A bus's lines, as a picture. @type {(bus: string, index: number) => HTMLElement} */
function ghost(bus, index) {
	const blank = {
		matches: true,
		attempts: [],
		variables: [],
		conditions: [],
		reasons: [],
		state: 'travelling',
		reached: 0,
	};
	const rules = (store.state?.application.rules ?? []).filter((each) => each.bus === bus).slice(0, MOST_RULES);
	const ways = rules.map((each) => ({ ...each, ...blank, line: lineOf(each.rule) }));
	const map = lineMap(
		{ bus, ways },
		{ dry: true, heads: index === 0, selected: { track: 9, station: '' }, select: () => {} },
	);
	for (const each of map.querySelectorAll('button')) each.removeAttribute('id');
	return map;
}
