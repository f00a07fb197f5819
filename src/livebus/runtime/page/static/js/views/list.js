/** @file The list of events: filtered, followed or paused. */
import { announce, count, h, replace, time, visible } from '../dom.js';
import { icon, outcomeIcon, WORDS } from '../icons.js';
import { choices, chooser, gap, nothing, tally } from '../parts.js';
import { newest, ruleNames, store } from '../store.js';
import { virtualRows } from '../virtual.js';

const ROW = 52;
const NO_FILTER = { text: '', outcome: '', bus: '', rule: '' };
const filters = { ...NO_FILTER };
/** What was there when it was paused; null while it follows. @type {Summary[] | null} */
let frozen = null;
export const follows = () => frozen === null;

/** @type {(event: Summary) => string} */
const searched = (event) =>
	(event.searched ??= `${event.detailType} ${event.source} ${event.text} ${event.id}`.toLowerCase());

/** @type {(event: Summary, text: string) => boolean} */
const fits = (event, text) =>
	(!text || searched(event).includes(text)) &&
	(!filters.outcome || event.outcome.kind === filters.outcome) &&
	(!filters.bus || event.bus === filters.bus) &&
	(!filters.rule || event.rules.includes(filters.rule));

/** The element of an event's row. @type {(id: string) => string} */
const rowId = (id) => `row-${id}`;

/**
 * `draw` draws it again soon, `select` marks one, `beside` is the one so many rows further on. Whoever follows is taken along only at
 * the top: who reads further down stays there.
 */
export function listPane() {
	let selected = '';
	let waits = false;
	/** @type {Summary[]} */
	let shown = [];
	const rows = h('div.rows', { role: 'listbox', 'aria-label': 'Events', tabindex: 0 });
	const counted = h('span.quiet');
	const mark = () => {
		if (virtual.row(selected)) rows.setAttribute('aria-activedescendant', rowId(selected));
		else rows.removeAttribute('aria-activedescendant');
	};
	/** @type {ReturnType<typeof virtualRows<Summary>>} */
	const virtual = virtualRows(
		rows,
		ROW,
		({ id }) => id,
		() => rowOf(() => selected),
		mark,
	);
	const clear = () => {
		Object.assign(filters, NO_FILTER);
		search.value = '';
		for (const each of selects) each.value = '';
		render();
	};
	const none = nothing('No event fits the filter. ', h('button.link', { type: 'button', onclick: clear }, 'Clear it'));
	const render = () => {
		waits = false;
		const all = newest();
		const events = frozen ?? all;
		const text = filters.text.toLowerCase();
		shown = events.filter((event) => fits(event, text));
		const number = events.length;
		const older = store.state?.runtime.forgotten ? ' · older ones are gone' : '';
		counted.textContent =
			shown.length === number
				? `${count(number, 'event')}${older}`
				: `${shown.length.toLocaleString('en')} of ${count(number, 'event')}`;
		none.hidden = shown.length > 0;
		virtual.set(shown);
		// What was replayed meanwhile is one of them, whether it was the newest before or not.
		const last = frozen?.[0]?.seq ?? 0;
		const found = frozen ? all.findIndex((each) => each.seq <= last) : 0;
		const late = found < 0 ? all.length : found;
		if (`${follows()} ${late}` !== following) drawFollow(late);
		fillChoices();
	};
	let following = '';
	const drawFollow = (/** @type {number} */ late) => {
		following = `${follows()} ${late}`;
		follow.title = late > 0 ? `${late} new` : 'Follow new events (Space)';
		follow.setAttribute('aria-pressed', String(follows()));
		replace(follow, icon(follows() ? 'pause' : 'play'), late > 0 && tally(`${late} new`));
	};
	const draw = () => {
		if (!waits) requestAnimationFrame(render);
		waits = true;
	};
	const turn = () => {
		frozen = follows() ? newest() : null;
		announce(follows() ? 'Following' : 'Paused');
		render();
	};
	const follow = h('button.icon-button.follow', { type: 'button', 'aria-label': 'Follow', onclick: turn });
	/** @type {(label: string, key: 'outcome' | 'bus' | 'rule') => HTMLSelectElement} */
	const select = (label, key) =>
		chooser(label, [['', label]], '', (value) => {
			filters[key] = value;
			render();
		});
	const selects = [select('Outcome', 'outcome'), select('Bus', 'bus'), select('Rule', 'rule')];
	/** @type {HTMLInputElement} */
	const search = h('input', {
		type: 'search',
		placeholder: 'Filter',
		'aria-label': 'Filter events by text',
		'data-filter': true,
		value: filters.text,
		oninput: () => {
			filters.text = search.value;
			draw();
		},
	});
	const fillChoices = () => {
		const same = (/** @type {string[]} */ names) => names.map((each) => [each, each]);
		const wanted = [Object.entries(WORDS), same(store.state?.application.buses ?? []), same(ruleNames())];
		const chosen = [filters.outcome, filters.bus, filters.rule];
		for (const [index, each] of selects.entries())
			if (each.options.length !== wanted[index].length + 1)
				replace(each, each.options[0], choices(wanted[index], chosen[index]));
	};
	rows.append(none);
	render();
	const node = h(
		'section.pane.list',
		{ 'aria-label': 'Events' },
		h('div.list-tools', h('div.search', icon('search', 14), search, h('kbd', '/')), follow),
		h('div.list-filters', selects),
		rows,
		h('footer.list-foot', counted, gap(), h('span.quiet', h('kbd', 'J'), ' ', h('kbd', 'K'))),
	);
	return {
		node,
		draw,
		select: (/** @type {string} */ id, isFollowing = false) => {
			if (selected === id) return;
			const stays = isFollowing && !virtual.isAtTop();
			choose(virtual.row(selected), false);
			selected = id;
			choose(virtual.row(selected), true);
			mark();
			if (stays) return;
			requestAnimationFrame(() => {
				const at = shown.findIndex((event) => event.id === id);
				if (at >= 0) virtual.show(at);
			});
		},
		selected: () => store.events.get(selected),
		/** @type {(at: 0 | -1) => Summary | undefined} */
		end: (at) => shown.at(at),
		/** @type {(step: number) => Summary | undefined} */
		beside: (step) => shown[shown.findIndex((event) => event.id === selected) + step],
	};
}

/** Beside the worst of an event's outcomes: whom it reached all the same. @type {(outcome: Outcome) => string} */
export const reachedToo = ({ kind, reached }) => (reached > 0 && kind !== 'delivered' ? `delivered ${reached}` : '');

/** @type {(row: HTMLElement | undefined, is: boolean) => void} */
const choose = (row, is) => row?.setAttribute('aria-selected', String(is));

/** The list is one stop for who goes by keyboard: its rows are none. @type {(selected: () => string) => Row<Summary>} */
function rowOf(selected) {
	const title = h('span.title', { dir: 'auto' });
	const word = h('span.word');
	const preview = h('span.preview', { dir: 'auto' });
	const at = h('time');
	/** @type {HTMLAnchorElement} */
	const node = h('a', { role: 'option', tabindex: -1 }, h('span.l1', title, word), h('span.l2', preview, at));
	let kind = '';
	/** @type {(event: Summary) => void} */
	const fill = ({ id, at: epoch, detailType, preview: text, outcome, freshUntil = 0 }) => {
		node.id = rowId(id);
		node.href = `#/events/${id}`;
		node.className = `row ${outcome.kind}${freshUntil > Date.now() ? ' fresh' : ''}`;
		choose(node, id === selected());
		if (kind !== outcome.kind) {
			if (kind) node.firstElementChild?.remove();
			node.prepend(outcomeIcon(outcome.kind));
			kind = outcome.kind;
		}
		replace(title, visible(detailType));
		const also = reachedToo(outcome);
		replace(word, also && h('span.also', `${also} · `), visible(outcome.words));
		replace(preview, visible(text));
		at.textContent = time(epoch * 1000, false);
	};
	return { node, fill };
}
