/** @file Dead letters of one cause: chosen by boxes, sent on their way again, or purged. */
import { find, h, replace, time, visible } from '../dom.js';
import { button, icon, known, outcomeIcon } from '../icons.js';
import { ask, gap, swatch, tally } from '../parts.js';
import { lineOf } from '../store.js';

/** Which groups somebody opened or shut. @type {Map<string, boolean>} */
const open = new Map();
/** Letters that somebody took out of the choice. @type {Set<string>} */
const out = new Set();

/** Of so many; others may have been quicker. @type {(asked: number) => (answer: Redriven) => string} */
const told =
	(asked) =>
	({ outcomes }) => {
		const bad = outcomes.filter((each) => !each.accepted);
		const good = outcomes.length - bad.length;
		return `${good} redriven${bad.length ? `, ${bad.length} not: ${bad[0].message}` : ''}${gone(asked - outcomes.length)}`;
	};

/** @type {(number: number) => string} */
const gone = (number) => (number > 0 ? `, ${number} ${number === 1 ? 'lies' : 'lie'} in the queue no longer` : '');

/** @type {(group: LetterGroup, act: Act, isFirst: boolean) => HTMLElement} */
export function letterGroup(group, act, isFirst) {
	const { queue, target, errorCode, errorMessage, ruleArn, targetArn, letters } = group;
	const key = [queue, errorCode, ruleArn, targetArn].join(' ');
	const rule = letters[0]?.rule ?? '';
	const line = lineOf(rule);
	/** @type {HTMLInputElement[]} */
	const boxes = letters.map(({ id }, at) =>
		h('input', {
			type: 'checkbox',
			checked: !out.has(id),
			value: id,
			'aria-label': `Letter ${at + 1}`,
			'data-key': `letter ${id}`,
			onchange: () => {
				if (boxes[at].checked) out.delete(id);
				else out.add(id);
				name();
			},
		}),
	);
	const ids = () => boxes.filter((box) => box.checked).map((box) => box.value);
	/** @type {(to: 'bus' | 'target') => Promise<void>} */
	const send = (to) => act('redrive', { queue, ids: ids(), to }, told(ids().length));
	const words = (/** @type {string} */ what) => visible(`${ids().length} of ${queue}${what}`);
	const redrive = button('', {
		icon: 'again',
		kind: 'primary',
		'data-key': `target ${key}`,
		onclick: () => send('target'),
	});
	const bus = button('Redrive to the bus', {
		'data-key': `bus ${key}`,
		title: 'All matching rules see the events again',
		onclick: async () => {
			const said = words(': every rule that matches sees them again.');
			if (await ask('Redrive to the bus?', said, 'Redrive to the bus')) await send('bus');
		},
	});
	const purge = button('', {
		icon: 'trash',
		kind: 'danger',
		'data-key': `purge ${key}`,
		onclick: async () => {
			const asked = ids();
			if (!(await ask('Purge letters?', words(' will be gone for good.'), `Purge ${asked.length}`))) return;
			await act('purge', { queue, ids: asked }, ({ purged }) => `${purged} purged${gone(asked.length - purged)}`);
		},
	});
	const label = (/** @type {HTMLElement} */ node, /** @type {string} */ text) =>
		replace(/** @type {HTMLElement} */ (find(node, 'span')), text);
	const name = () => {
		const number = ids().length;
		label(redrive, `Redrive ${number} to ${target} only`);
		label(purge, `Purge ${number}`);
		for (const node of [redrive, purge, bus]) node.disabled = !number;
	};
	name();
	/** @type {HTMLDetailsElement} */
	const details = h(
		'details.letters',
		{ open: open.get(key) ?? isFirst, ontoggle: () => open.set(key, details.open) },
		h(
			'summary',
			{ 'data-key': `group ${key}` },
			icon('right', 14),
			h('b', visible(errorCode || 'no error code')),
			tally(group.count),
			h('span.route', swatch(line), visible(`${rule} → ${target}`)),
			gap(),
			h('span.quiet', visible(queue)),
		),
		h(
			'div.letters-body',
			h('p.cause', visible(errorMessage)),
			h(
				'ul.letter-rows',
				letters.map((letter, at) => shown(letter, boxes[at])),
			),
			group.count > letters.length && h('p.quiet', `The first ${letters.length} of ${group.count} are shown.`),
			h('div.row', redrive, bus, gap(), purge),
			h(
				'p.foot',
				'To the bus, every matching rule sees the event again. ',
				'A letter is deleted once its event was accepted. ',
				known('runtime', 'livebus redrive'),
			),
		),
	);
	return details;
}

/** @type {(letter: Letter, box: HTMLElement) => HTMLElement} */
function shown({ eventId, detailType, preview, retries, sent }, box) {
	const name = h('b', visible(detailType));
	return h(
		'li',
		h('label', box),
		outcomeIcon('dead', 14),
		eventId ? h('a', { href: `#/events/${eventId}`, 'data-key': `event ${eventId}` }, name) : name,
		h('span.preview', visible(preview)),
		h('span.quiet', retries && visible(`${retries} retries`)),
		h('time', sent && time(sent * 1000, false)),
	);
}
