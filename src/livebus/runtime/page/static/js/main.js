/** @file Router and header. Views draw into <main> and return what has to stop when they leave. */
import { drawBanner } from './banner.js';
import { announce, byId, count, find, go, h, replace, s } from './dom.js';
import { focusIn } from './focus.js';
import { button, icon } from './icons.js';
import { listenForKeys } from './keys.js';
import { gap, tally } from './parts.js';
import { listen, run, store } from './store.js';
import { applicationView } from './views/application.js';
import { eventsView } from './views/events.js';
import { failedView } from './views/failed.js';
import { graphqlView } from './views/graphql.js';
import { subscribersView } from './views/subscribers.js';
import { tryView } from './views/try.js';

const VIEWS = Object.entries({
	Events: eventsView,
	Subscribers: subscribersView,
	Failed: failedView,
	Try: tryView,
	GraphQL: graphqlView,
	Application: applicationView,
}).map(([title, view]) => ({ id: title.toLowerCase(), title, view }));
let leave = () => {};
let current = '';

/** @type {(part: string) => string} */
function decoded(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

function route() {
	const [name, ...rest] = location.hash.replace(/^#\/?/, '').split('/').map(decoded);
	const { id, title, view } = VIEWS.find((each) => each.id === name) ?? VIEWS[0];
	leave();
	const isOther = current !== id;
	const main = byId('main');
	const back = isOther ? () => {} : focusIn(main);
	if (isOther && current) announce(title);
	current = id;
	drawTop();
	if (isOther) {
		// Who was in the view that is left goes on in this one.
		if (main.contains(document.activeElement)) main.focus();
		main.className = `view ${id}`;
		replace(main);
	}
	document.title = `${name === 'compose' ? 'New event' : title} · Livebus`;
	leave = view(main, name === 'compose' ? ['compose', ...rest] : rest);
	back(main);
}

function faultsOn() {
	const { failTargets = [], latency = 0, faults = [] } = store.state?.faults ?? {};
	return [...failTargets.map((each) => `${each} is down`), ...(latency ? [`latency ${latency} s`] : []), ...faults];
}

/** Beside a view's name. @type {(id: string) => number} */
function countOf(id) {
	const { clients = 0, letters = 0, retries = 0 } = store.state?.counts ?? {};
	return { events: store.events.size, subscribers: clients, failed: letters + retries }[id] ?? 0;
}

/** @type {(view: { id: string, title: string }) => HTMLElement} */
function link({ id, title }) {
	const number = countOf(id);
	const name = id === 'failed' && number ? 'a.has-failures' : 'a';
	return h(
		name,
		{ href: `#/${id}`, 'aria-current': id === current && 'page' },
		title,
		number > 0 && [' ', tally(number)],
	);
}

function drawTop() {
	const faults = faultsOn();
	const on = `${count(faults.length, 'fault')} on`;
	const isOff = store.link === 'off';
	// The focus stays where it is.
	const top = byId('top');
	const stops = () => /** @type {(HTMLElement | null)[]} */ ([...top.querySelectorAll('a, button')]);
	const focused = stops().indexOf(/** @type {HTMLElement | null} */ (document.activeElement));
	const where = store.link === 'open' ? location.host : 'connecting';
	replace(
		top,
		h('a.brand', { href: '#/events', 'aria-label': 'Livebus' }, mark(), h('span', 'Livebus')),
		h('nav', { 'aria-label': 'Views' }, VIEWS.map(link)),
		gap(),
		faults.length > 0 &&
			h(
				'a.chip.warn',
				{ href: '#/application/faults', title: faults.join(', '), 'aria-label': on },
				icon('bolt', 14),
				h('span', on),
			),
		h(
			isOff ? 'span.live.off' : 'span.live',
			{ role: 'status' },
			h('i', { 'aria-hidden': 'true' }),
			h('span', isOff ? 'Disconnected' : where),
		),
		button('New event', { icon: 'plus', kind: 'primary', key: 'C', onclick: () => go('#/compose') }),
	);
	if (focused >= 0) stops()[focused]?.focus();
	else {
		// Not scrollIntoView: Tab would go on from there.
		const [nav, on] = [find(top, 'nav'), find(top, '[aria-current]')];
		if (nav && on) nav.scrollLeft = on.offsetLeft - nav.offsetLeft - nav.clientWidth / 2;
	}
	drawBanner();
}

/** Events that come change a number; the rest of the header stays as it is. */
function drawCounts() {
	const number = countOf('events');
	const shown = find(byId('top'), 'nav [href="#/events"] .count');
	if (shown && number) shown.textContent = number.toLocaleString('en');
	else if (shown || number) drawTop();
}

const mark = () =>
	s(
		'svg',
		{ viewBox: '0 0 24 24', 'aria-hidden': 'true' },
		s('path.track', { 'data-line': 1, d: 'M7 12h4c4 0 3.5-5.5 7-5.5h3' }),
		s('path.track', { 'data-line': 2, d: 'M7 12h4c4 0 3.5 5.5 7 5.5h3' }),
		s('circle.interchange', { cx: 6, cy: 12, r: 3.6 }),
	);

addEventListener('hashchange', route);
find(document, '.skip')?.addEventListener('click', (event) => {
	event.preventDefault(); // a link of this page is a view
	byId('main').focus();
});
listenForKeys();
listen(['state', 'link'], drawTop);
listen(['events'], drawCounts);
listen(['link'], () => announce(store.link === 'open' ? 'Livebus is connected' : 'Disconnected'));
route();
run();
