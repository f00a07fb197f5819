/**
 * @file Outcomes by shape first: disc, ring, dotted ring, half disc, diamond, crossed square. Colour only repeats it.
 */
import { h, s } from './dom.js';

/** @type {Record<string, () => SVGElement[]>} */
const SHAPES = {
	delivered: () => [
		s('circle', { cx: 8, cy: 8, r: 6, fill: 'currentColor' }),
		s('path.knock', { d: 'M5.2 8.2l2 2 3.6-4' }),
	],
	nobody: () => [
		s('circle.stroke', { cx: 8, cy: 8, r: 5.2 }),
		s('circle', { cx: 8, cy: 8, r: 1.7, fill: 'currentColor' }),
	],
	unmatched: () => [s('circle.stroke', { cx: 8, cy: 8, r: 5.2, 'stroke-dasharray': '2.2 1.9' })],
	retrying: () => [
		s('circle.stroke', { cx: 8, cy: 8, r: 5.2 }),
		s('path', { d: 'M8 4.9a3.1 3.1 0 0 1 0 6.2z', fill: 'currentColor' }),
	],
	dead: () => [
		s('path', { d: 'M8 1.2L14.8 8 8 14.8 1.2 8z', fill: 'currentColor' }),
		s('path.knock', { d: 'M8 5v3.6M8 10.6v.4' }),
	],
	lost: () => SHAPES.dead(),
	failed: () => SHAPES.dead(),
	function: () => SHAPES.delivered(),
	refused: () => [
		s('rect.stroke', { x: 2.4, y: 2.4, width: 11.2, height: 11.2, rx: 2 }),
		s('path.stroke', { d: 'M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8' }),
	],
	travelling: () => [
		s('circle.stroke.faint', { cx: 8, cy: 8, r: 5.2 }),
		s('path.stroke', { d: 'M8 2.8a5.2 5.2 0 0 1 5.2 5.2' }),
	],
};

/** @type {Record<string, string>} */
export const WORDS = {
	delivered: 'delivered',
	nobody: 'reached nobody',
	unmatched: 'no match',
	retrying: 'retrying',
	dead: 'dead letter',
	lost: 'lost',
	refused: 'refused',
	travelling: 'on its way',
};

/** @type {(kind: string, size?: number) => SVGElement} */
export function outcomeIcon(kind, size = 16) {
	return s(
		'svg',
		{ class: `shape ${kind}`, viewBox: '0 0 16 16', width: size, height: size, 'aria-hidden': 'true' },
		...(SHAPES[kind] ?? SHAPES.travelling)(),
	);
}

const PATHS = {
	search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8L14 14',
	pause: 'M5.5 3.5v9M10.5 3.5v9',
	play: 'M5 3.2v9.6L12.6 8z',
	plus: 'M8 3v10M3 8h10',
	copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
	send: 'M2.5 8h10M8.5 3.8L12.7 8l-4.2 4.2',
	again: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.2v3h-3',
	close: 'M4 4l8 8M12 4l-8 8',
	down: 'M4 6.2L8 10l4-3.8',
	right: 'M6.2 4L10 8l-3.8 4',
	check: 'M3.2 8.4l3.2 3.2 6.4-7',
	file: 'M4 1.8h5.2L12.4 5v9.2H4zM9 2v3.2h3.2',
	edit: 'M3 13l.7-3L11 2.8 13.2 5 6 12.3z',
	warn: 'M8 2.2l6.3 11.3H1.7zM8 6.6v3M8 11.4v.4',
	bolt: 'M8.8 1.8L3.6 9h3.8l-.6 5.2L12.4 7H8.4z',
	trash: 'M3 4.4h10M6.2 4.2V2.6h3.6v1.6M4.2 4.6l.6 9h6.4l.6-9',
	clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.5',
};

/** @type {(name: keyof typeof PATHS, size?: number) => SVGElement} */
export function icon(name, size = 16) {
	return s(
		'svg.icon',
		{ viewBox: '0 0 16 16', width: size, height: size, 'aria-hidden': 'true' },
		s('path', { d: PATHS[name] }),
	);
}

/** @type {(label: string, options?: Attributes & { icon?: keyof typeof PATHS, kind?: string, key?: string }) => HTMLButtonElement} */
export function button(label, { icon: name, kind = '', key, ...attributes } = {}) {
	return h(
		'button',
		{ type: 'button', class: `button ${kind}`, ...attributes },
		name && icon(name),
		h('span', label),
		key && h('kbd', key),
	);
}

/** @type {(label: string, name: keyof typeof PATHS, attributes?: Attributes) => HTMLButtonElement} */
export function iconButton(label, name, attributes = {}) {
	return h(
		'button',
		{ type: 'button', class: 'icon-button', 'aria-label': label, title: label, ...attributes },
		icon(name),
	);
}

/** Whose word a thing is. */
const SOURCES = {
	documented: 'AWS documents it',
	recorded: 'recorded from AWS',
	ours: 'AWS is silent: our choice',
	runtime: 'of this runtime only; AWS has nothing like it',
};

/** @type {(how: keyof typeof SOURCES, where?: string) => HTMLElement} */
export function known(how, where) {
	return h(
		'span.known',
		{ title: `${SOURCES[how]}${where ? `: ${where}` : ''} (docs/fidelity.md)` },
		how === 'runtime' ? 'local only' : how,
	);
}
