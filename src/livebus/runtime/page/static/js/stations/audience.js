/** @file The subscribers' station: who received a message, who did not, and why. */
import { count, go, h, visible } from '../dom.js';
import { button, known, outcomeIcon } from '../icons.js';
import { inline } from '../json.js';
import { swatch } from '../parts.js';
import { mutationPanel } from './mutation.js';
import { head } from './station.js';

/** What a subscription's field got: the message's data, or the message itself. @type {(payload: string, field: string) => Json} */
function dataOf(payload, field) {
	try {
		const message = JSON.parse(payload);
		return message?.data?.[field] ?? message;
	} catch {
		return payload;
	}
}

/** @type {(name: string, how: string) => HTMLElement} */
const who = (name, how) => h('div.who', h('b', visible(name)), h('span.quiet', visible(how)));
/** @type {(client: Client) => HTMLElement} */
const clientOf = ({ user, auth, by }) => who(user, [auth, by].filter(Boolean).join(' · '));

/** @type {(shape: string, name: HTMLElement, word: string, ...what: Child[]) => HTMLElement} */
const receiver = (shape, name, word, ...what) =>
	h(shape === 'unmatched' ? 'li.not' : 'li', outcomeIcon(shape), name, h('div.what', what), h('span.word', word));

/** @type {Panel} */
export function subscribersPanel(event, way, dry) {
	// Functions and other targets have no subscribers.
	if (!way.received || way.kind !== 'api') return mutationPanel(event, way, dry);
	const ways = [way, ...event.ways.filter((each) => each !== way && each.received && each.kind === 'api')];
	const sum = (/** @type {'received' | 'withheld'} */ name) =>
		ways.reduce((all, each) => all + (each[name]?.length ?? 0), 0);
	const got = sum('received');
	const not = sum('withheld');
	const others = not ? `, ${not} ${dry ? 'would not' : 'did not'}` : '';
	const title = `${count(got, 'subscriber')} ${dry ? 'would receive it' : 'received it'}${others}`;
	const subscribe = () => go('#/subscribers/new');
	return [
		head(
			got + not ? title : 'Nobody is subscribed',
			null,
			button('Subscribe as…', { kind: 'ghost', icon: 'plus', onclick: subscribe }),
		),
		h(
			'ul.receivers',
			{ 'aria-label': 'Subscribers' },
			ways.map((each) => receivers(each, dry)),
		),
		not > 0 && h('p.foot', 'AppSync does not tell a client what a filter kept from it. ', known('documented')),
		got + not === 0 &&
			!dry &&
			h(
				'p.foot',
				'The mutation ran and its answer went to nobody. ',
				'AppSync keeps no message for clients that come later. ',
				known('documented'),
			),
	];
}

/** @type {(way: Way, dry: boolean) => Child[]} */
const receivers = ({ line, api, subscriptions, received = [], withheld = [], receptions = [] }, dry) => [
	h(
		'li.team',
		swatch(line),
		h('code', visible(subscriptions?.join(', '))),
		visible(` ${api ?? ''}`),
		!received.length && !withheld.length && ': nobody is subscribed',
	),
	received.map(({ client, field, payload }) =>
		receiver('delivered', clientOf(client), dry ? 'would be sent' : 'sent', h('code', inline(dataOf(payload, field)))),
	),
	withheld.map(({ client, why }) =>
		receiver('unmatched', clientOf(client), 'not sent', h('span.reason', visible(why))),
	),
	receptions.map((each) => {
		const shape = each.conditional ? 'travelling' : each.arrives ? 'delivered' : 'unmatched';
		const word = each.conditional ? 'depends on who asks' : each.arrives ? 'would get it' : 'would not';
		return receiver(
			shape,
			who('an app', `that asks ${each.field} for all of it`),
			word,
			each.reason && h('span.reason', visible(each.reason)),
			each.payload && h('code', inline(dataOf(each.payload, each.field))),
			each.unselected.length > 0 &&
				h('p.quiet', visible(`${each.unselected.join(', ')}: the mutation does not select it`)),
		);
	}),
];
