/**
 * @file Faults: what fails on purpose. By the code of `livebus faults --local`: all of them are one document, which a PUT replaces.
 */
import { put } from '../api.js';
import { announce, h, replace, visible, wordsOf } from '../dom.js';
import { button, known } from '../icons.js';
import { block, chooser, gap, tally } from '../parts.js';
import { readState } from '../store.js';

const CHANCES = ['1', '0.5', '0.3', '0.1'].map((each) => [each, `${Number(each) * 100} %`]);
const LONGEST_LATENCY = 300;
// The probability that was chosen for a fault before it is switched on: the block is drawn anew whenever the state changes.
/** @type {Map<string, string>} */
const chosen = new Map();
// Why the last change was refused.
const said = h('p.foot', { role: 'status' });

/** @type {(name: string, isOn: boolean, turn: () => void) => HTMLElement} */
const toggle = (name, isOn, turn) =>
	h(
		'button.switch',
		{ type: 'button', role: 'switch', 'aria-checked': String(isOn), 'aria-label': name, onclick: turn },
		h('i'),
	);

/** @type {(node: Child, isOn: boolean, name: string, words: string, setting?: Child) => HTMLElement} */
const item = (node, isOn, name, words, setting) =>
	h(
		isOn ? 'li.on' : 'li',
		node,
		h('div', h('b', visible(name)), h('p.quiet', visible(words))),
		h('span.setting', setting),
	);

/** @type {(state: State) => HTMLElement} */
export function faultsBlock({ faults: on, faultKinds, application }) {
	const targets = [...new Set(application.rules.map((each) => each.target).filter(Boolean))];
	const number = on.failTargets.length + on.faults.length + (on.latency ? 1 : 0);
	/** @type {ChangeFaults} */
	const change = async (next, words) => {
		try {
			await put('faults', { ...on, ...next });
			replace(said);
			announce(words);
			latency.defaultValue = latency.value;
			await readState();
		} catch (error) {
			replace(said, visible(wordsOf(error)));
		}
	};
	const down = targets.map((id) => {
		const is = on.failTargets.includes(id);
		const next = is ? on.failTargets.filter((each) => each !== id) : [...on.failTargets, id];
		const node = toggle(`Target ${id} is down`, is, () =>
			change({ failTargets: next }, `${id} is ${is ? 'up' : 'down'}`),
		);
		return item(node, is, id, 'The target is down: tried again, then a dead letter');
	});
	/** @type {HTMLInputElement} */
	const latency = h('input', {
		type: 'number',
		min: 0,
		max: LONGEST_LATENCY,
		step: 0.1,
		value: on.latency,
		'aria-label': 'Latency in seconds',
		onchange: () => change({ latency: Number(latency.value) }, `Each delivery waits ${latency.value} s`),
	});
	const waits = item(null, false, 'latency', 'Each delivery waits, in seconds', latency);
	const off = button('Switch all off', {
		kind: 'small',
		onclick: () => change({ failTargets: [], latency: 0, faults: [] }, 'No fault is on'),
	});
	return block(
		'Faults',
		[number > 0 && [tally(`${number} on`), gap(), off]],
		h(
			'ul.faults',
			down,
			waits,
			Object.entries(faultKinds).map(([name, words]) => injection(name, words, on.faults, targets, change)),
		),
		said,
		h('p.foot', 'As ', h('code', 'livebus faults --local'), ', which replaces what is on here. ', known('runtime')),
	);
}

/** One fault with its probability; such of targets are of all, or of one. @type {(name: string, words: string, on: string[], targets: string[], change: ChangeFaults) => HTMLElement} */
function injection(name, words, on, targets, change) {
	const found = on.find((each) => each.startsWith(`${name}=`));
	const [chance = chosen.get(name) ?? '1', ...options] = found?.slice(name.length + 1).split(',') ?? [];
	const others = on.filter((each) => each !== found);
	const only = options.find((each) => each.startsWith('target='))?.slice(7) ?? '';
	const turn = () => {
		const rest = options.filter((each) => !each.startsWith('target='));
		const target = of?.value ? [`target=${of.value}`] : [];
		change({ faults: [...others, [`${name}=${pick.value}`, ...rest, ...target].join(',')] }, `${name} is on`);
	};
	const changed = () => {
		chosen.set(name, pick.value);
		if (found) turn();
	};
	const chances = CHANCES.some(([each]) => each === chance)
		? CHANCES
		: [[chance, `${Number(chance) * 100} %`], ...CHANCES];
	const pick = chooser(`Probability of ${name}`, chances, chance, changed);
	const isOfTargets = name.startsWith('target-') && targets.length > 1;
	const all = [['', 'all targets'], ...targets.map((each) => [each, each])];
	const of = isOfTargets ? chooser(`Target of ${name}`, all, only, changed) : null;
	const node = toggle(name, !!found, () => (found ? change({ faults: others }, `${name} is off`) : turn()));
	return item(node, !!found, name, words, [of, pick]);
}
