/**
 * @file Subscribers: subscriptions that this page opened, side by side; below them every client that the runtime sees.
 */
import { get, post } from '../api.js';
import { h, replace, time, visible, wordsOf } from '../dom.js';
import { button, known } from '../icons.js';
import { block, choices, gap, grid, nothing, row } from '../parts.js';
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
		form.querySelector('select')?.focus();
	};
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
		replace(
			list,
			lanes.map((each) => each.node),
		);
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
		if (!form.contains(document.activeElement)) fill();
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

function openForm() {
	const field = (/** @type {string} */ label, /** @type {HTMLElement} */ control) =>
		h('label.field', h('span', label), control);
	const pick = (/** @type {string} */ label) => h('select', { 'aria-label': label });
	const user = pick('User');
	const api = pick('API');
	const name = pick('Field');
	const query = h('input', { 'aria-label': 'Document', size: 60 });
	const variables = h('input', { 'aria-label': 'Variables', value: '{}', size: 20 });
	const fault = h('p.reason', { role: 'alert' });
	const chosen = () => apis().find((each) => each.name === api.value);
	const ofField = () => {
		query.value = chosen()?.subscriptions[name.value]?.selection ?? '';
	};
	const ofApi = () => {
		const found = chosen();
		replace(name, choices(Object.keys(found?.subscriptions ?? {}).map((each) => [each, each])));
		const users = usersOf(found).map((each) => [JSON.stringify(each), each.user]);
		const keys = (found?.keys ?? []).map((key, index) => [JSON.stringify({ key }), `API key ${index + 1}`]);
		replace(user, choices([...users, ...keys]));
		ofField();
	};
	const fill = () => {
		replace(
			api,
			choices(
				apis().map((each) => [each.name, each.name]),
				api.value,
			),
		);
		ofApi();
	};
	api.onchange = ofApi;
	name.onchange = ofField;
	const subscribe = async (/** @type {Event} */ event) => {
		event.preventDefault();
		replace(fault);
		try {
			/** @type {Partial<Signed> & { key?: string }} */
			const who = JSON.parse(user.value || '{}');
			const found = chosen();
			const values = JSON.parse(variables.value || '{}');
			const authorization = who.key
				? { 'x-api-key': who.key }
				: { Authorization: (await post('token', who)).AccessToken };
			if (found)
				openLane(found, who.user ?? 'API key', name.value, { query: query.value, variables: values }, authorization);
		} catch (error) {
			replace(fault, visible(wordsOf(error)));
		}
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
