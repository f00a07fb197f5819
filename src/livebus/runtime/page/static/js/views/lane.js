/** @file One subscription, as an app has it: an AppSync WebSocket, and the messages that it gets. */
import { announce, h, replace, time, visible } from '../dom.js';
import { iconButton } from '../icons.js';
import { jsonView } from '../json.js';
import { gap } from '../parts.js';

const MOST_MESSAGES = 200;

/** They outlive the view: an app that is subscribed does not stop when one looks elsewhere. @type {{ id: string, node: HTMLElement }[]} */
export const lanes = [];
let tell = () => {};
let number = 0;

/** @type {(told: () => void) => void} */
export const whenLanesChange = (told) => {
	tell = told;
};

/** @type {(api: Api, user: string, field: string, operation: { query: string, variables: object }, authorization: object) => void} */
export function openLane(api, user, field, operation, authorization) {
	number += 1;
	const id = `page-${number}`;
	const list = h('ol.messages', { 'aria-live': 'polite', 'aria-label': `Messages for ${user}`, tabindex: 0 });
	const said = h('span', { role: 'status' }, 'connecting');
	let received = 0;
	const show = (/** @type {Child[]} */ ...nodes) => {
		list.prepend(h('li', nodes));
		while (list.childElementCount > MOST_MESSAGES) list.lastElementChild?.remove();
	};
	const close = () => {
		socket.onclose = null;
		socket.close();
		lanes.splice(
			lanes.findIndex((each) => each.id === id),
			1,
		);
		tell();
	};
	const { variables } = operation;
	const given = Object.keys(variables).length ? `(${JSON.stringify(variables)})` : '';
	const node = h(
		'div.lane',
		{ role: 'listitem', 'aria-label': `${user}, ${field}` },
		h(
			'header',
			h(
				'div.lane-title',
				h('b', visible(user)),
				gap(),
				iconButton('Clear', 'trash', { onclick: () => replace(list) }),
				iconButton('Close the subscription', 'close', { onclick: close }),
			),
			h('p', h('code', visible(`${field}${given}`))),
			h('p.quiet', api.name),
		),
		list,
		h('footer', h('span.live-dot', { 'aria-hidden': 'true' }), said),
	);
	const header = { host: new URL(api.url).host, ...authorization };
	const socket = new WebSocket(addressOf(api, header), 'graphql-ws');
	const send = (/** @type {object} */ message) => socket.send(JSON.stringify(message));
	/** @type {Record<string, (payload: any) => void>} */
	const hear = {
		connection_ack: () =>
			send({ id, type: 'start', payload: { data: JSON.stringify(operation), extensions: { authorization: header } } }),
		start_ack: () => {
			said.textContent = 'subscribed, 0 received';
			announce(`${user} is subscribed to ${field}`);
		},
		data: (payload) => {
			received += 1;
			said.textContent = `${received} received`;
			show(
				h('div.message-head', h('b', field), h('time', time(Date.now(), false))),
				jsonView(payload?.data?.[field], { label: 'Message', numbered: false }),
				payload?.errors && jsonView(payload.errors, { label: 'Errors', numbered: false }),
			);
		},
		error: (payload) => {
			said.textContent = 'refused';
			show(jsonView(payload, { label: 'Refusal', numbered: false }));
		},
		complete: () => {
			said.textContent = 'ended by the server';
		},
	};
	hear.connection_error = hear.error;
	socket.onopen = () => send({ type: 'connection_init' });
	socket.onmessage = ({ data }) => {
		const { type, payload } = JSON.parse(data);
		hear[type]?.(payload);
	};
	socket.onclose = () => {
		said.textContent = `closed; ${received} received. Open it anew.`;
	};
	lanes.push({ id, node });
	tell();
}

/** Of this origin, by whatever of this machine's names the page was opened with. @type {(api: Api, header: object) => string} */
function addressOf(api, header) {
	const url = new URL(api.realtimeUrl);
	url.host = location.host;
	url.protocol = location.protocol.replace('http', 'ws');
	return `${url}?header=${encodeURIComponent(btoa(JSON.stringify(header)))}&payload=e30=`;
}
