/**
 * @file What happened to the runtime or to the application that it runs; below the header.
 */
import { byId, count, h, replace, visible } from './dom.js';
import { button, icon } from './icons.js';
import { gap } from './parts.js';
import { retryNow, store } from './store.js';

const SHOWN_MS = 30000;
let hiding = 0;

/** @type {(ms: number) => string} */
const clock = (ms) => new Date(ms).toLocaleTimeString();

/** @type {() => News | null} */
function disconnected() {
	if (store.link !== 'off') return null;
	const words = `The runtime does not answer since ${clock(store.since)}. What you see is kept; the page connects again by itself.`;
	const content = [
		icon('warn'),
		h('span', words),
		gap(),
		h('code', 'livebus local'),
		button('Try now', { onclick: retryNow }),
	];
	return { key: 'off', kind: 'bad', content };
}

const told = (/** @type {string} */ words) => [icon('again'), h('span', visible(words))];

/** @type {() => News | null} */
function restarted() {
	if (!store.restarted) return null;
	const words = `The runtime was started again at ${clock(store.restarted)}: its history begins anew.`;
	return { key: `run ${store.restarted}`, kind: 'news', until: store.restarted + SHOWN_MS, content: told(words) };
}

/** The files on disk have faults, as long as they have. @type {() => News | null} */
function refused() {
	const change = store.state?.change;
	if (change?.kind !== 'refused') return null;
	const words = `${count(change.count, 'fault')} in the files of ${change.stack}: the last good application goes on. ${change.first}`;
	const all = h('a', { href: '#/application' }, 'All findings');
	return {
		key: `change ${change.number}`,
		kind: 'bad',
		content: [icon('warn'), h('span', visible(words)), gap(), all],
	};
}

const WORDS = { added: 'was deployed', changed: 'was reloaded', deleted: 'was deleted' };

/** @type {() => News | null} */
function changed() {
	const change = store.state?.change;
	if (!change || change.kind === 'refused' || !store.changedAt) return null;
	const words = `${change.stack} ${WORDS[change.kind]} at ${clock(change.at * 1000)}: what comes goes the new way.`;
	return { key: `change ${change.number}`, kind: 'news', until: store.changedAt + SHOWN_MS, content: told(words) };
}

export function drawBanner() {
	const now = Date.now();
	const news = [disconnected(), restarted(), refused(), changed()].find((each) => each && (each.until ?? now) >= now);
	const banner = byId('banner');
	banner.hidden = !news;
	clearTimeout(hiding);
	if (!news || banner.dataset.key === news.key) {
		if (!news) delete banner.dataset.key;
	} else {
		banner.dataset.key = news.key;
		banner.className = `banner ${news.kind}`;
		replace(banner, news.content);
	}
	if (news?.until) hiding = setTimeout(drawBanner, news.until - now + 1);
}
