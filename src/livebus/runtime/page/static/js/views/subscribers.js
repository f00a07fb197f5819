/**
 * @file Subscribers: subscriptions that this page opened, side by side; below them every client that the runtime sees.
 */
import { get, post } from '../api.js';
import { find, h, replace, time, visible } from '../dom.js';
import { button, known } from '../icons.js';
import { jsonFault } from '../json_fault.js';
import { block, choices, complaint, gap, grid, nothing, row } from '../parts.js';
import { apis, listen, store, usersOf } from '../store.js';
import { lanes, openLane, whenLanesChange } from './lane.js';

const READ_MS = 2000;

/** @type {View} */
export function subscribersView(main, rest) {
	const { form, fill } = openForm();
	form.hidden = rest[0] !== 'new';
	const list = h('div.lanes', { role: 'list', 'aria-label': 'Open subscriptions' });
	const table = h('div');
	const turn = () => {
		form.hidden = !form.hidden;
		opener.setAttribute('aria-expanded', String(!form.hidden));
		(form.hidden ? opener : find(form, 'select'))?.focus();
	};
	form.addEventListener('keydown', ({ key }) => key === 'Escape' && turn());
	/** @type {HTMLButtonElement} */
	const opener = button('Open a subscription', { icon: 'plus', 'aria-expanded': String(!form.hidden), onclick: turn });
	replace(
		main,
		h(
			'div.page-head',
			h('h1', 'Subscribers'),
			h('p.quiet', 'Sign in as a user and see what an app would get.'),
			gap(),
			opener,
		),
		form,
		list,
		block('Connected clients', [gap(), known('runtime', 'AppSync lists no clients')], table),
	);
	const drawLanes = () => {
		list.hidden = !lanes.length;
		const isIn = list.contains(document.activeElement);
		// Those that stay are not touched: what is read, scrolled or in focus in them.
		for (const node of [...list.children]) if (lanes.every((each) => each.node !== node)) node.remove();
		for (const { node } of lanes) if (node.parentNode !== list) list.append(node);
		if (isIn && !list.contains(document.activeElement)) (find(list, 'button') ?? opener).focus();
	};
	drawLanes();
	whenLanesChange(drawLanes);
	let timer = 0;
	let isOver = false;
	const read = async () => {
		clearTimeout(timer);
		try {
			const { clients } = await get('clients');
			replace(
				table,
				clients.length ? clientTable(clients) : nothing('Nobody is subscribed. Open a subscription, or your app.'),
			);
		} catch {
			/* the banner tells */
		}
		if (!isOver) timer = setTimeout(read, READ_MS);
	};
	read();
	const stop = listen(['state'], () => {
		read();
		fill();
	});
	return () => {
		isOver = true;
		clearTimeout(timer);
		whenLanesChange(() => {});
		stop();
	};
}

/** What a client asked for. @type {(client: Client) => Child} */
function asked({ filter, arguments: given }) {
	const wanted = filter || (Object.keys(given).length ? given : null);
	return wanted ? h('code', visible(JSON.stringify(wanted))) : h('span.quiet', 'everything');
}

/** @type {(clients: Client[]) => HTMLElement} */
const clientTable = (clients) =>
	grid(
		'Connected clients',
		['User', 'Field', 'API', 'Filter', 'Client', 'Since', 'Delivered'],
		clients.map((client) =>
			row(
				[h('b', visible(client.user)), h('span.quiet', ` ${client.auth}`)],
				h('code', client.field),
				client.api,
				asked(client),
				lanes.some((each) => each.id === client.id) ? 'this page' : visible(client.by),
				client.since && h('time', time(client.since * 1000, false)),
				h('span.num', client.delivered.toLocaleString('en')),
			),
		),
	);

/** What is chosen and written in it stays when the application changes. */
function openForm() {
	const field = (/** @type {string} */ label, /** @type {HTMLElement} */ control) =>
		h('label.field', h('span', label), control);
	const pick = (/** @type {string} */ label) => h('select', { 'aria-label': label });
	const user = pick('User');
	const api = pick('API');
	const name = pick('Field');
	const query = h('input', { 'aria-label': 'Document', size: 60 });
	const variables = h('input', { 'aria-label': 'Variables', value: '{}', size: 20 });
	const { node: fault, tell } = complaint();
	const chosen = () => apis().find((each) => each.name === api.value);
	/** What the page itself wrote for a field; another text is somebody's own. */
	let given = { of: '', query: '' };
	const ofField = async () => {
		const of = `${api.value} ${name.value}`;
		const text = chosen()?.subscriptions[name.value]?.selection ?? '';
		if (of === given.of && (text === given.query || query.value !== given.query)) return;
		const own = { of, query: text };
		given = own;
		query.value = text;
		variables.value = '{}';
		const found = text && (await post('operation', { url: chosen()?.url, query: text }).catch(() => null));
		if (!found || given !== own || variables.value !== '{}') return;
		variables.value = JSON.stringify(found.variables);
	};
	/** @type {(select: HTMLSelectElement, options: string[][]) => void} */
	const renew = (select, options) => {
		const now = [...select.options].map((each) => [each.value, each.text]);
		if (JSON.stringify(now) !== JSON.stringify(options)) replace(select, choices(options, select.value));
	};
	const ofApi = () => {
		const found = chosen();
		renew(
			name,
			Object.keys(found?.subscriptions ?? {}).map((each) => [each, each]),
		);
		const users = usersOf(found).map((each) => [JSON.stringify({ user: each.user }), each.user]);
		const keys = (found?.keys ?? []).map((_, key) => [JSON.stringify({ key }), `API key ${key + 1}`]);
		renew(user, [...users, ...keys]);
		ofField();
	};
	const fill = () => {
		renew(
			api,
			apis().map((each) => [each.name, each.name]),
		);
		ofApi();
	};
	api.onchange = ofApi;
	name.onchange = ofField;
	const subscribe = (/** @type {Event} */ event) => {
		event.preventDefault();
		const wrong = jsonFault(variables.value || '{}');
		variables.setAttribute('aria-invalid', String(!!wrong));
		tell(
			wrong
				? `Variables, column ${wrong.column}: ${wrong.message}`
				: user.value
					? ''
					: 'The API has no user and no API key: add one.',
		);
		if (wrong) variables.focus();
		if (wrong || !user.value) return;
		/** @type {Who} */
		const who = JSON.parse(user.value);
		openLane(api.value, who, name.value, { query: query.value, variables: JSON.parse(variables.value || '{}') });
	};
	const form = h(
		'form.open-form',
		{ 'aria-label': 'Open a subscription', onsubmit: subscribe },
		field('API', api),
		field('User', user),
		field('Field', name),
		field('Document', query),
		field('Variables', variables),
		button('Subscribe', { kind: 'primary', type: 'submit' }),
		fault,
	);
	if (store.state) fill();
	return { form, fill };
}
