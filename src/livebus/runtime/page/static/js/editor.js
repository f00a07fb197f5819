/**
 * @file A text that is edited, with line numbers, colours and the line of a fault marked; and JSON as people write it.
 */
import { h } from './dom.js';

const LONGEST_COLOURED = 128 * 1024;

/** Colours are of tokens only, never of a parse; wrong text stays visible as it is. */
const JSON_TOKENS =
	/(?<k>"(?:[^"\\\n]|\\.)*"(?=\s*:))|(?<s>"(?:[^"\\\n]|\\.)*")|(?<d>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(?<b>true|false|null)\b/g;
const GRAPHQL_TOKENS =
	/(?<kw>\b(?:mutation|subscription|query|fragment|on)\b)|(?<d>\$\w+)|(?<s>"(?:[^"\\\n]|\\.)*")|(?<ty>\b[A-Z]\w*!?)/g;

/** @type {(tokens: RegExp) => (text: string) => Child[]} */
const coloured = (tokens) => (text) => {
	if (text.length > LONGEST_COLOURED) return [text];
	/** @type {Child[]} */
	const parts = [];
	let last = 0;
	for (const found of text.matchAll(tokens)) {
		const [kind] = Object.entries(found.groups ?? {}).find(([, each]) => each) ?? ['b'];
		parts.push(text.slice(last, found.index), h(`span.${kind}`, found[0]));
		last = found.index + found[0].length;
	}
	return [...parts, text.slice(last)];
};
export const jsonColours = coloured(JSON_TOKENS);
export const graphqlColours = coloured(GRAPHQL_TOKENS);

/** @type {(text: string, editing: Editing) => Sheet} */
export function editor(text, { label, oninput, colours = jsonColours, fault = () => null, submit }) {
	const counted = h('pre');
	const mark = h('div.bad');
	const numbers = h('div.numbers', { 'aria-hidden': 'true' }, counted, mark);
	let lines = 0;
	const layer = h('pre.layer', { 'aria-hidden': 'true' });
	const band = h('span.band');
	const plain = { spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', wrap: 'off' };
	const area = h('textarea.area', { 'aria-label': label, ...plain });
	const paint = () => {
		const wrong = fault(area.value);
		layer.replaceChildren(h('span', colours(`${area.value}\n`)), band);
		band.hidden = mark.hidden = !wrong;
		if (wrong) band.style.top = mark.style.top = `${12 + (wrong.line - 1) * 20}px`;
		mark.textContent = String(wrong?.line);
		const number = area.value.split('\n').length;
		if (number !== lines) counted.textContent = Array.from({ length: number }, (_, index) => index + 1).join('\n');
		lines = number;
		area.setAttribute('aria-invalid', String(!!wrong));
		oninput(area.value, wrong);
	};
	area.addEventListener('input', paint);
	area.addEventListener('scroll', () => {
		layer.scrollTop = numbers.scrollTop = area.scrollTop;
		layer.scrollLeft = area.scrollLeft;
	});
	area.addEventListener('keydown', (event) => {
		if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit?.();
		if (event.key !== 'Escape') return;
		area.blur();
		event.stopPropagation();
	});
	const set = (/** @type {string} */ value) => {
		area.value = value;
		paint();
	};
	area.value = text;
	queueMicrotask(paint);
	return { node: h('div.editor', numbers, h('div.sheet', layer, area)), area, set };
}

/** On one line. @type {(value: Json | undefined) => string} */
const flat = (value) => {
	if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
	if (Array.isArray(value)) return `[${value.map(flat).join(', ')}]`;
	return `{ ${Object.entries(value)
		.map(([key, each]) => `${JSON.stringify(key)}: ${flat(each)}`)
		.join(', ')} }`;
};

/** As sample files are written: what fits on a line stays on it. @type {(value: Json | undefined, pad?: string) => string} */
export function pretty(value, pad = '') {
	const isList = Array.isArray(value),
		one = flat(value),
		inner = `${pad}  `;
	if (!value || typeof value !== 'object') return one;
	if (pad && one.length < 62 && (isList || !/\{.*\{/.test(one))) return one;
	const parts = Object.entries(value).map(
		([key, each]) => `${inner}${isList ? '' : `${JSON.stringify(key)}: `}${pretty(each, inner)}`,
	);
	const [begin, end] = isList ? '[]' : '{}';
	return `${begin}\n${parts.join(',\n')}\n${pad}${end}`;
}
