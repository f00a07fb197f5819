/** @file Compose: an editor, and beside it what would become of the event. Nothing is sent before Send. */
import { get, post, put, statusOf } from '../api.js';
import { copyMenu } from '../clipboard.js';
import { announce, bytes, count, go, h, replace, visible, wordsOf } from '../dom.js';
import { editor, pretty } from '../editor.js';
import { button, iconButton, known } from '../icons.js';
import { jsonFault } from '../json_fault.js';
import { lineMap } from '../map.js';
import { ask, choices, complaint, gap } from '../parts.js';
import { sendText } from '../sending.js';
import { stationPanel } from '../stations/station.js';
import { listen, prepared, store } from '../store.js';
import { defaultStation, focusTab } from './way.js';

const WAIT_MS = 150;
const EMPTY = { source: 'my.app', 'detail-type': 'something happened', detail: {} };

/** @type {(from: string) => { pane: HTMLElement, result: HTMLElement, stop: Stop }} */
export function composePane(from) {
	let text = '';
	let isWrong = false;
	let timer = 0;
	let asked = 0;
	/** @type {DryRun | null} */
	let dry = null;
	const result = dryRunPane();
	const size = h('div.size');
	const { node: fault, tell: complain, tellFault } = complaint();
	const sending = () => sendText(text).catch((error) => complain(wordsOf(error)));
	const send = button('Send', { icon: 'send', kind: 'primary', key: 'Ctrl ⏎', disabled: true, onclick: sending });
	const run = async () => {
		asked += 1;
		const number = asked;
		try {
			const found = prepared(await post('try', { text }));
			if (number !== asked) return;
			dry = found;
			complain('');
			send.disabled = store.link === 'off';
			replace(size, h('span', 'Entry ', h('b', bytes(found.size)), ' of 1 MB'));
			result.draw(found);
		} catch (error) {
			if (number === asked) complain(wordsOf(error));
		}
	};
	const sheet = editor('', {
		label: 'Event as JSON',
		fault: (value) => (value ? jsonFault(value) : null),
		submit: () => send.disabled || send.click(),
		oninput: (value, wrong) => {
			if (!value) return;
			text = value;
			send.disabled = true;
			result.wait();
			clearTimeout(timer);
			asked += 1;
			isWrong = !!wrong;
			tellFault(wrong);
			if (!wrong) timer = setTimeout(run, WAIT_MS);
		},
	});
	const pick = h('select.pick', { 'aria-label': 'Begin with' });
	begin(from, pick, sheet);
	const name = h('input', { 'aria-label': "Name in the project's events/", value: 'my-event.json', required: true });
	const saving = async (/** @type {Event} */ event) => {
		event.preventDefault();
		try {
			const file = await save(`samples/${encodeURIComponent(name.value)}`, text);
			announce(`Saved as ${file}`);
			replace(size, h('span', { role: 'status' }, visible(`Saved as ${file}`)));
		} catch (error) {
			complain(wordsOf(error));
		}
	};
	const pane = h(
		'section.pane.compose',
		{ 'aria-label': 'New event' },
		h(
			'header.compose-head',
			h('h1', 'New event'),
			pick,
			size,
			gap(),
			iconButton('Close', 'close', { onclick: () => go('#/events') }),
		),
		sheet.node,
		fault,
		h(
			'footer.compose-foot',
			h('form.inline-form', { onsubmit: saving }, name, button('Save', { icon: 'file', type: 'submit' })),
			gap(),
			copyMenu(() => [envelopeOf(dry), dry?.bus ?? 'default']),
			send,
		),
	);
	// Another application runs, or one does again: what would become of the event may be another thing.
	const stop = listen(['change', 'link'], () => {
		if (store.link === 'off') send.disabled = true;
		else if (text && !isWrong) run();
	});
	return {
		pane,
		result: result.node,
		stop: () => {
			clearTimeout(timer);
			stop();
		},
	};
}

/** What would become of it: `wait` while it is not known. */
function dryRunPane() {
	/** @type {Selected | null} */
	let chosen = null;
	const node = h(
		'section.pane.way.dry-run',
		{ 'aria-label': 'Dry run', 'aria-live': 'polite' },
		h('div.waiting', h('p', 'The dry run begins when the JSON can be read.')),
	);
	const stale = (/** @type {boolean} */ is) => {
		node.classList.toggle('stale', is);
		node.setAttribute('aria-busy', String(is));
	};
	/** @type {(dry: DryRun, focus?: boolean) => void} */
	const draw = (dry, focus = false) => {
		const { ways } = dry;
		const selected = chosen && (chosen.station === 'event' || ways[chosen.track]) ? chosen : defaultStation(dry);
		if (selected.station !== 'event' && !ways[selected.track].matches) selected.station = 'rule';
		chosen = selected;
		const select = (/** @type {Selected} */ next) => {
			chosen = next;
			draw(dry, true);
		};
		stale(false);
		replace(
			node,
			h(
				'header.way-head',
				h('div.way-title', h('h1', 'Dry run'), h('span.quiet', visible(summed(dry))), gap(), known('runtime')),
				h('p.meta', h('span', 'Nothing is sent. The runtime asks the same rules that it delivers with.')),
			),
			lineMap(dry, { dry: true, selected, select }),
			stationPanel(dry, selected, true),
		);
		if (focus) focusTab(node);
	};
	return { node, draw, wait: () => stale(true) };
}

/** @type {(dry: DryRun) => string} */
function summed({ refused, stop, ways }) {
	if (refused) return `PutEvents would refuse it: ${refused.code}`;
	if (stop) return stop;
	const matching = ways.filter((way) => way.matches).length;
	if (!matching) return 'no rule would match';
	const reached = ways.reduce((sum, way) => sum + way.reached, 0);
	return `${matching} of ${count(ways.length, 'rule')} would match, ${count(reached, 'connected subscriber')} would receive it`;
}

/** Fills the choice of samples, and the editor with the first of them, or the event that a link names. @type {(from: string, pick: HTMLSelectElement, sheet: Sheet) => Promise<void>} */
async function begin(from, pick, sheet) {
	const { samples, examples } = await get('samples').catch(() => ({
		samples: /** @type {Sample[]} */ ([]),
		examples: {},
	}));
	const isFile = from?.endsWith('.json');
	const former = from && !isFile ? await get(`events/${encodeURIComponent(from)}`).catch(() => null) : null;
	const named = (/** @type {string} */ name) => samples.find((each) => each.name === name);
	const first = named(from) ?? named('sample.json') ?? samples.find((each) => each.expected);
	const chosen = former ? undefined : first?.name;
	const group = (/** @type {string} */ label, /** @type {boolean} */ expected) =>
		h(
			'optgroup',
			{ label },
			choices(
				samples.filter((each) => each.expected === expected).map(({ name }) => [name, name]),
				chosen,
			),
		);
	replace(
		pick,
		former && h('option', { value: '' }, `Event ${former.id.slice(0, 8)}`),
		!former && !first && h('option', { value: '' }, 'Nothing'),
		group('Events', true),
		group('Events that do not arrive', false),
	);
	pick.onchange = () => sheet.set(tidy(named(pick.value)?.text ?? ''));
	if (sheet.area.value) return;
	sheet.set(former ? pretty(bare(former)) : first ? tidy(first.text) : pretty(Object.values(examples)[0] ?? EMPTY));
}

/** What an event was before a bus took it. @type {(event: Whole) => Json} */
const bare = ({ refused, envelope: { source, 'detail-type': type, detail, ...rest } }) =>
	refused ? rest : { source, 'detail-type': type, detail };

/** Never over a file without asking. @type {(name: string, text: string) => Promise<string>} */
async function save(name, text) {
	try {
		return (await put(name, { text })).file;
	} catch (error) {
		if (statusOf(error) !== 409 || !(await ask('Replace the file?', wordsOf(error), 'Replace it'))) throw error;
		return (await put(name, { text, overwrite: true })).file;
	}
}

/** @type {(dry: DryRun | null) => Record<string, Json>} */
function envelopeOf(dry) {
	if (!dry) return EMPTY;
	const { Source, DetailType, Detail } = dry.entry;
	return dry.refused ? { source: Source, 'detail-type': DetailType, detail: Detail } : dry.envelope;
}

/** @type {(text: string) => string} */
function tidy(text) {
	try {
		return pretty(JSON.parse(text));
	} catch {
		return text;
	}
}
