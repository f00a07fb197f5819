/** @file One subscription, as an app has it: an AppSync WebSocket. After a restart it is opened again, with a new credential. */
import { isAway, post } from '../api.js';
import { announce, h, replace, time, visible, wordsOf } from '../dom.js';
import { button, iconButton } from '../icons.js';
import { jsonView } from '../json.js';
import { gap } from '../parts.js';
import { apis, isReady, listen, readState, usersOf } from '../store.js';

const MOST_MESSAGES = 200;
const LONGEST_WAIT = 8;

/** They outlive the view: an app that is subscribed does not stop when one looks elsewhere. @type {{ id: string, node: HTMLElement }[]} */
export const lanes = [];
let tell = () => {};
let number = 0;

/** @type {(told: () => void) => void} */
export const whenLanesChange = (told) => {
	tell = told;
};

/** Of a user by name, or of an API's key by its place: what outlives a restart. @type {(api: Api, who: Who) => Promise<object>} */
async function credential(api, { user, key }) {
	if (key !== undefined) {
		if (!api.keys[key]) throw new Error(`${api.name} has no such API key any more: add one.`);
		return { 'x-api-key': api.keys[key] };
	}
	const known = () => usersOf(api).find((each) => each.user === user);
	if (!known()) await readState(); // the user may be a new one
	const found = known();
	if (!found) throw new Error(`${user} is no user of ${api.name} any more: add the user, then open it again.`);
	return { Authorization: (await post('token', found)).AccessToken };
}

/** @type {(apiName: string, who: Who, field: string, operation: { query: string, variables: object }) => void} */
export function openLane(apiName, who, field, operation) {
	number += 1;
	const id = `page-${number}`;
	const user = who.user ?? 'API key';
	const list = h('ol.messages', { 'aria-live': 'polite', 'aria-label': `Messages for ${user}`, tabindex: 0 });
	const said = h('span');
	const dot = h('span.live-dot', { 'aria-hidden': 'true' });
	const again = button('Open again', { kind: 'small', onclick: () => connect() });
	/** @type {WebSocket | null} */
	let socket = null;
	let received = 0;
	let tries = 0;
	let timer = 0;
	let cutAt = 0; // 0 where it is not
	let isWaiting = false;
	/** @type {(words: string, how?: 'live' | 'off' | '') => void} */
	const say = (words, how = '') => {
		replace(said, visible(words));
		dot.hidden = how !== 'live';
		again.hidden = how !== 'off';
	};
	const show = (/** @type {Child[]} */ ...nodes) => {
		list.prepend(h('li', nodes));
		while (list.childElementCount > MOST_MESSAGES) list.lastElementChild?.remove();
	};
	const drop = () => {
		clearTimeout(timer);
		isWaiting = false;
		if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
		socket?.close();
		socket = null;
	};
	/** Until somebody opens it again. @type {(words: string) => void} */
	const end = (words) => {
		drop();
		cutAt ||= Date.now();
		say(words, 'off');
		announce(`${user}, ${field}: ${words}`);
	};
	const later = () => {
		drop();
		cutAt ||= Date.now();
		say(`cut at ${time(cutAt, false)}, ${received} received. It opens again with the runtime.`);
		isWaiting = true;
		timer = setTimeout(() => (isReady() ? connect() : later()), Math.min(2 ** tries, LONGEST_WAIT) * 1000);
		tries += 1;
	};
	const connect = async () => {
		drop();
		say('connecting');
		try {
			const api = apis().find((each) => each.name === apiName);
			if (!api) throw new Error(`The application has no API ${apiName} any more: deploy it.`);
			const header = { host: new URL(api.url).host, ...(await credential(api, who)) };
			if (!isClosed) open(new WebSocket(addressOf(api, header), 'graphql-ws'), header);
		} catch (error) {
			if (isClosed) return;
			if (isAway(error)) later();
			else end(wordsOf(error));
		}
	};
	/** @type {(next: WebSocket, header: object) => void} */
	const open = (next, header) => {
		socket = next;
		const send = (/** @type {object} */ message) => next.send(JSON.stringify(message));
		/** @type {Record<string, (payload: any) => void>} */
		const hear = {
			connection_ack: () => {
				const payload = { data: JSON.stringify(operation), extensions: { authorization: header } };
				send({ id, type: 'start', payload });
			},
			start_ack: () => {
				tries = 0;
				const since = cutAt && time(cutAt, false);
				cutAt = 0;
				const words = `Cut from ${since} to ${time(Date.now(), false)}: AppSync keeps nothing of what came in between.`;
				if (since) show(h('p.quiet', words));
				say(`subscribed, ${received} received`, 'live');
				announce(`${user} is subscribed to ${field}${since && ' again'}`);
			},
			data: (payload) => {
				received += 1;
				say(`subscribed, ${received} received`, 'live');
				show(
					h('div.message-head', h('b', field), h('time', time(Date.now(), false))),
					jsonView(payload?.data?.[field], { label: 'Message', numbered: false }),
					payload?.errors && jsonView(payload.errors, { label: 'Errors', numbered: false }),
				);
			},
			error: (payload) => {
				end('refused');
				show(jsonView(payload, { label: 'Refusal', numbered: false }));
			},
			complete: () => end(`ended by the server, ${received} received`),
		};
		hear.connection_error = hear.error;
		next.onopen = () => send({ type: 'connection_init' });
		next.onmessage = ({ data }) => {
			const { type, payload } = JSON.parse(data);
			hear[type]?.(payload);
		};
		next.onclose = later;
	};
	let isClosed = false;
	const unlisten = listen(['link', 'state'], () => isWaiting && isReady() && connect());
	const close = () => {
		isClosed = true;
		unlisten();
		drop();
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
			h('p.quiet', apiName),
		),
		list,
		h('p.nothing', 'Nothing yet: what is published now shows up here.'),
		h('footer', dot, said, gap(), again),
	);
	lanes.push({ id, node });
	tell();
	connect();
}

/** Of this origin, by whatever of this machine's names the page was opened with. @type {(api: Api, header: object) => string} */
function addressOf(api, header) {
	const url = new URL(api.realtimeUrl);
	url.host = location.host;
	url.protocol = location.protocol.replace('http', 'ws');
	return `${url}?header=${encodeURIComponent(btoa(JSON.stringify(header)))}&payload=e30=`;
}
