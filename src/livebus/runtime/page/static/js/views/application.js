/**
 * @file Application: what the template declares, what validation finds, what fails on purpose, and where to connect.
 */
import { get } from '../api.js';
import { announce, count, h, replace, visible, wordsOf } from '../dom.js';
import { focusIn } from '../focus.js';
import { button, icon, iconButton, known } from '../icons.js';
import { jsonView } from '../json.js';
import { block, gap, grid, nothing, row, swatch, tally } from '../parts.js';
import { lineOf, listen, store } from '../store.js';
import { shell } from './empty.js';
import { faultsBlock } from './faults.js';

/** @type {View} */
export function applicationView(main, rest) {
	/** @type {Findings | null} */
	let findings = null;
	const left = h('div');
	const right = h('div');
	const opened = h('div');
	const head = h('div.page-head');
	const draw = () => {
		const { state } = store;
		if (!state) {
			replace(left, nothing('Connecting'));
			return;
		}
		const { application, runtime } = state;
		replace(
			head,
			h('h1', 'Application'),
			h('p.quiet', visible(titleOf(application))),
			gap(),
			runtime.timeScale !== 1 && h('span.quiet', `retries wait ${runtime.timeScale} times shorter`),
		);
		const back = focusIn(left);
		replace(left, rulesBlock(application.rules), findingsBlock(findings), declaredBlock(application, opened));
		back(left);
		drawRight(state, runtime.region);
	};
	const drawRight = (/** @type {State} */ state, /** @type {string} */ region) => {
		const active = right.contains(document.activeElement) ? document.activeElement : null;
		// What somebody is typing stays under their hands, and so does the focus.
		if (active instanceof HTMLInputElement && active.value !== active.defaultValue) return;
		const back = focusIn(right);
		replace(right, connectBlock(region), faultsBlock(state));
		back(right);
	};
	const read = async () => {
		findings = await get('findings').catch((error) => ({ findings: [], note: wordsOf(error) }));
		draw();
	};
	replace(main, head, h('div.columns', left, right));
	draw();
	read();
	if (rest[0] === 'faults') right.scrollIntoView();
	const stops = [listen(['state'], draw), listen(['change', 'link'], () => store.link === 'open' && read())];
	return () => {
		for (const stop of stops) stop();
	};
}

/** @type {(application: State['application']) => string} */
const titleOf = ({ template, stacks }) =>
	`${template || 'deployed'} · ${stacks.length > 1 ? 'stacks' : 'stack'} ${stacks.join(', ') || 'none'}${template ? ' · read again when its files change' : ''}`;

/** @type {(rules: Rule[]) => HTMLElement} */
function rulesBlock(rules) {
	const rows = rules.map((rule) => {
		const retries =
			rule.maximumRetryAttempts === undefined ? '' : `${rule.maximumRetryAttempts} in ${rule.maximumEventAge}\u00a0s`;
		return row(
			[
				swatch(lineOf(rule.rule)),
				h('a', { href: `#/try/${encodeURIComponent(rule.rule)}` }, h('b', visible(rule.rule))),
			],
			h('code', visible(rule.bus)),
			[
				h('code', visible(rule.target)),
				h('span.quiet', visible(` ${rule.kind === 'api' ? rule.api : rule.note || rule.kind}`)),
			],
			[
				h('code', visible(rule.field)),
				rule.subscriptions?.length ? [' → ', h('code', visible(rule.subscriptions.join(', ')))] : '',
			],
			retries,
			h('code.where', { title: rule.where }, visible(rule.where.split('/').pop())),
		);
	});
	return block('Rules', tallied(rules), grid('Rules', ['Rule', 'Bus', 'Target', 'Calls', 'Retries', 'Where'], rows));
}

/** @type {(all: unknown[]) => Child[]} */
const tallied = (all) => [tally(all.length)];

/** @type {(found: Findings | null) => HTMLElement} */
function findingsBlock(found) {
	if (!found) return block('Findings', [], nothing('Validating'));
	const items = found.findings.map(({ severity, message, id, file, line, column }) =>
		h(
			`li.${severity}`,
			icon(severity === 'error' ? 'close' : 'warn', 14),
			h(
				'div',
				h('p', visible(message)),
				h('p.quiet', h('code', id), ' ', h('code.where', visible(`${file}${line ? `:${line}:${column}` : ''}`))),
			),
		),
	);
	const none = nothing(visible(found.note || 'livebus validate finds nothing.'));
	return block('Findings', tallied(items), items.length ? h('ul.findings', items) : none);
}

/** @type {(application: State['application'], opened: HTMLElement) => HTMLElement} */
function declaredBlock({ apis, pools, queues, archives, tables, functions, logGroups }, opened) {
	const tags = (/** @type {string[]} */ all) => all.map((each) => h('span.tag', visible(each)));
	const openers = (/** @type {string[]} */ names, /** @type {(name: string) => Promise<Opened>} */ read) =>
		names.map((name) => {
			const onclick = async () => {
				const found = await read(name).catch((error) => ({ title: wordsOf(error), content: h('p.fault-note') }));
				const back = focusIn(document.body);
				const close = () => {
					replace(opened);
					back(document.body);
				};
				const head = h('h3', { tabindex: -1 }, visible(found.title));
				const shut = iconButton('Close', 'close', { onclick: close });
				const onkeydown = (/** @type {KeyboardEvent} */ { key }) => key === 'Escape' && close();
				replace(opened, h('div.items', { onkeydown }, h('header.row', head, gap(), shut), found.content));
				announce(found.title);
				head.focus();
			};
			return button(name, { kind: 'small', onclick });
		});
	/** @type {[string, HTMLElement[]][]} */
	const parts = [
		['APIs', tags(apis.flatMap((each) => each.apis.map(({ name, modes }) => `${name} · ${modes.join(', ')}`)))],
		['User pools', tags(pools.map(({ name, users }) => `${name} · ${count(users.length, 'user')}`))],
		['Queues', tags(queues.map((each) => `${each.name} · ${each.count}`))],
		['Archives', tags(archives)],
		['Functions', tags(functions)],
		['Tables', openers(tables, itemsOf)],
		['Logs', openers(logGroups, logOf)],
	];
	return block(
		'APIs, pools, queues',
		[],
		h(
			'dl.declared',
			parts.map(([name, all]) => all.length > 0 && [h('dt', name), h('dd', all)]),
		),
		opened,
	);
}

/** @type {(name: string) => Promise<Opened>} */
async function itemsOf(name) {
	const { items, more } = await get(`tables/${encodeURIComponent(name)}`);
	const title = `${items.length}${more ? ' and more' : ''} items of ${name}, read only`;
	return { title, content: jsonView(items, { label: `Items of ${name}` }) };
}

/** @type {(name: string) => Promise<Opened>} */
async function logOf(name) {
	const { lines } = await get(`logs/${encodeURIComponent(name)}`);
	const label = `Log of ${name}`;
	const content = lines.length
		? h('pre', { tabindex: 0, role: 'group', 'aria-label': label }, visible(lines.join('\n')))
		: h('p.quiet', 'Nothing was logged yet.');
	return { title: `${label}, the last lines`, content };
}

/** @type {(region: string) => HTMLElement} */
function connectBlock(region) {
	const credentials = 'AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test';
	const exports = `export AWS_ENDPOINT_URL=${location.origin}\nexport AWS_DEFAULT_REGION=${region} AWS_REGION=${region} ${credentials}`;
	return block(
		'Connect',
		[],
		shell(exports, 'the exports'),
		h('p.foot', 'Any credentials will do: this runtime serves this machine only. ', known('ours', 'signatures')),
	);
}
