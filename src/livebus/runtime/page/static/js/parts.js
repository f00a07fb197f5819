/** @file Pieces that several views are made of. */
import { h, replace, visible } from './dom.js';
import { focusIn } from './focus.js';
import { button, icon } from './icons.js';

/** A table; a head without words stands above buttons. @type {(label: string, heads: string[], rows: Child[]) => HTMLElement} */
export const grid = (label, heads, rows) =>
	h(
		'table.grid',
		{ 'aria-label': label },
		h(
			'thead',
			h(
				'tr',
				heads.map((each) => h('th', { scope: 'col' }, each || h('span.visually-hidden', 'Actions'))),
			),
		),
		h('tbody', rows),
	);

/** @type {(...cells: Child[]) => HTMLElement} */
export const row = (...cells) =>
	h(
		'tr',
		cells.map((each) => h('td', each)),
	);

/** A part of a view under its title. @type {(title: string, heading: Child[], ...content: Child[]) => HTMLElement} */
export const block = (title, heading, ...content) =>
	h('section.block', { 'aria-label': title }, h('header.block-head', h('h2', title), heading), content);

/** @type {(number: number | string) => Child} */
export const tally = (number) => h('span.count', number.toLocaleString('en'));

export const gap = () => h('span.grow');

/** @type {(...words: Child[]) => HTMLElement} */
export const nothing = (...words) => h('p.nothing', words);

/** A line that says what is wrong with a text; without words it is not there. */
export function complaint() {
	const node = h('p.editor-fault', { role: 'alert', hidden: true });
	const tell = (/** @type {string} */ words) => {
		if (node.hidden === !words && node.textContent === words) return;
		node.hidden = !words;
		replace(node, icon('warn', 14), h('span', visible(words)));
	};
	/** @type {(fault: FaultNote | null | undefined) => void} */
	const tellFault = (fault) => tell(fault ? faultWords(fault) : '');
	return { node, tell, tellFault };
}

/** @type {(fault: FaultNote) => string} */
export const faultWords = ({ message, line, column }) => `${line ? `Line ${line}, column ${column}: ` : ''}${message}`;

/** @type {(kind: 'bad' | 'wait', shape: Child, title: Child, ...words: Child[]) => HTMLElement} */
export const callout = (kind, shape, title, ...words) =>
	h(`div.callout.${kind}`, shape, h('div', h('b', title), words));

/** A rule's colour. @type {(line: number) => HTMLElement} */
export const swatch = (line) => h('span.swatch', { 'data-line': line });

/** @type {Choosing<HTMLSelectElement>} */
export function chooser(label, options, chosen, pick) {
	/** @type {HTMLSelectElement} */
	const node = h('select', { 'aria-label': label, onchange: () => pick(node.value) }, choices(options, chosen));
	return node;
}

/** Pairs of a value and its words, as options. @type {(options: string[][], chosen?: string) => HTMLElement[]} */
export const choices = (options, chosen) =>
	options.map(([value, text]) => h('option', { value, selected: value === chosen }, visible(text ?? value)));

/** @type {Choosing<HTMLElement>} */
export function segmented(label, options, chosen, pick) {
	const values = options.map(([value]) => value);
	const onkeydown = (/** @type {KeyboardEvent} */ event) => {
		const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
		if (!step) return;
		event.preventDefault();
		pick(values[(values.indexOf(chosen) + step + values.length) % values.length]);
	};
	const button = (/** @type {string[]} */ [value, text]) => {
		const is = value === chosen;
		const said = { 'aria-checked': String(is), tabindex: is ? 0 : -1 };
		return h('button', { type: 'button', role: 'radio', ...said, onclick: () => pick(value) }, text);
	};
	return h('div.segmented', { role: 'radiogroup', 'aria-label': label, onkeydown }, options.map(button));
}

/** Asks once, before something that cannot be taken back; the harmless choice has the focus. @type {(title: string, words: Child, yes: string) => Promise<boolean>} */
export function ask(title, words, yes) {
	return new Promise((resolve) => {
		const answer = (/** @type {boolean} */ value) => {
			resolve(value);
			dialog.close();
		};
		const no = button('Leave it', { onclick: () => answer(false) });
		const dialog = h(
			'dialog.sheet-dialog',
			{ 'aria-label': title },
			h('header', h('h2', title)),
			h('p', words),
			h('p.row', no, button(yes, { kind: 'danger', onclick: () => answer(true) })),
		);
		opened(dialog);
		dialog.addEventListener('close', () => resolve(false));
		no.focus();
	});
}

/** Shows a dialog, which is gone once it is closed. @type {(dialog: HTMLDialogElement) => void} */
export function opened(dialog) {
	const back = focusIn(document.body);
	document.body.append(dialog);
	dialog.addEventListener('close', () => {
		dialog.remove();
		// What it was opened by may have been drawn anew meanwhile.
		back(document.body);
	});
	dialog.showModal();
}
