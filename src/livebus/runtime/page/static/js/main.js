// Router, header, keyboard. Views draw into <main> and return what has to stop when they leave.
import { announce, h, replace, s } from './dom.js';
import { button, icon, iconButton } from './icons.js';
import { listen, retryNow, run, store } from './store.js';
import { eventsView } from './views/events.js';
import { subscribersView } from './views/subscribers.js';
import { failedView } from './views/failed.js';
import { tryView } from './views/try.js';
import { graphqlView } from './views/graphql.js';
import { applicationView } from './views/application.js';

const VIEWS = [
  ['events', 'Events', eventsView, 'e'], ['subscribers', 'Subscribers', subscribersView, 's'], ['failed', 'Failed', failedView, 'f'],
  ['try', 'Try', tryView, 't'], ['graphql', 'GraphQL', graphqlView, 'g'], ['application', 'Application', applicationView, 'a'],
];
let leave = () => {};
let current = '';

function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

function route() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, '').split('/').map(decoded);
  const view = VIEWS.find(([id]) => id === name) ?? VIEWS[0];
  leave();
  const isOther = current !== view[0];
  current = view[0];
  drawTop();
  const main = document.getElementById('main');
  if (isOther) { main.className = `view ${view[0]}`; replace(main); }
  document.title = `${name === 'compose' ? 'New event' : view[1]} · Livebus`;
  leave = view[2](main, name === 'compose' ? ['compose', ...rest] : rest) ?? (() => {});
}

function faultsOn() {
  const faults = store.state?.faults;
  return faults ? [...faults.failTargets.map((each) => `${each} is down`), ...(faults.latency ? [`latency ${faults.latency} s`] : []), ...faults.faults] : [];
}

function drawTop() {
  const counts = store.state?.counts;
  const shown = { events: store.events.size, subscribers: counts?.clients, failed: counts ? counts.letters + counts.retries : 0 };
  const faults = faultsOn(), isOff = store.link === 'off';
  // Events that come must not take the focus from whoever goes through the header by keyboard.
  const top = document.getElementById('top'), focused = [...top.querySelectorAll('a, button')].indexOf(document.activeElement);
  replace(document.getElementById('top'),
    h('a', { class: 'brand', href: '#/events', 'aria-label': 'Livebus' }, mark(), h('span', {}, 'Livebus')),
    h('nav', { 'aria-label': 'Views' }, VIEWS.map(([id, title]) => h('a', { href: `#/${id}`, 'aria-current': id === current ? 'page' : null, class: id === 'failed' && shown.failed ? 'has-failures' : '' }, title, shown[id] ? h('span', { class: 'count' }, ` ${shown[id].toLocaleString('en')}`) : null))),
    h('span', { class: 'grow' }),
    faults.length > 0 && h('a', { class: 'chip warn', href: '#/application/faults', title: faults.join(', '), 'aria-label': `${faults.length} fault${faults.length === 1 ? '' : 's'} on` }, icon('bolt', 14), h('span', {}, `${faults.length} fault${faults.length === 1 ? '' : 's'} on`)),
    h('span', { class: `live ${isOff ? 'off' : ''}`, role: 'status' }, h('i', { 'aria-hidden': 'true' }), h('span', {}, isOff ? 'Disconnected' : store.link === 'open' ? location.host : 'connecting')),
    button('New event', { icon: 'plus', kind: 'primary', key: 'C', onclick: () => { location.hash = '#/compose'; } }));
  if (focused >= 0) top.querySelectorAll('a, button')[focused]?.focus();
  const banner = document.getElementById('banner');
  const hasRestarted = store.restarted > 0 && Date.now() - store.restarted < 30000;
  banner.hidden = !isOff && !hasRestarted;
  if (isOff) replace(banner, icon('warn'), h('span', {}, `The runtime does not answer since ${new Date(store.since).toLocaleTimeString()}. What you see is kept; the page connects again by itself.`), h('code', {}, 'make local'), button('Try now', { onclick: retryNow }));
  else if (hasRestarted) replace(banner, icon('again'), h('span', {}, `The runtime was started again at ${new Date(store.restarted).toLocaleTimeString()}: its history begins anew.`));
}

function mark() {
  return s('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' },
    s('path', { d: 'M7 12h4c4 0 3.5-5.500 7-5.500h3', class: 'track line-1' }), s('path', { d: 'M7 12h4c4 0 3.500 5.500 7 5.500h3', class: 'track line-2' }), s('circle', { cx: 6, cy: 12, r: 3.6, class: 'interchange' }));
}

let pending = '';
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && event.target.closest('input, textarea, select, dialog, [contenteditable]')) return;
  if (pending === 'g') {
    pending = '';
    const view = VIEWS.find((each) => each[3] === event.key);
    if (view) { event.preventDefault(); location.hash = `#/${view[0]}`; }
    return;
  }
  if (event.key === 'g') { pending = 'g'; setTimeout(() => { pending = ''; }, 900); }
  if (event.key === 'c') { event.preventDefault(); location.hash = '#/compose'; }
  if (event.key === '/') { event.preventDefault(); document.querySelector('[data-filter]')?.focus(); }
  if (event.key === '?') { event.preventDefault(); help(); }
});

const KEYS = [
  ['C', 'New event'], ['J / K', 'Next, previous event'], ['/', 'Filter'], ['Space', 'Follow or pause'], ['← → ↑ ↓', 'Along the stations, between rules'],
  ['R', 'Send the event again'], ['E', 'Edit the event and send'], ['Ctrl ⏎', 'Send or run, in the editor'], ['Esc', 'Leave the editor, then the view'],
  ['G then E S F T G A', 'Events, Subscribers, Failed, Try, GraphQL, Application'], ['?', 'These keys'],
];

function help() {
  const dialog = h('dialog', { class: 'sheet-dialog', 'aria-label': 'Keyboard' }, h('header', {}, h('h2', {}, 'Keyboard'), h('span', { class: 'grow' }), iconButton('Close', 'close', { onclick: () => dialog.close() })),
    h('dl', { class: 'keys' }, KEYS.map(([key, what]) => [h('dt', {}, key.split(' / ').map((each, index) => [index ? ' ' : '', h('kbd', {}, each)])), h('dd', {}, what)])));
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.showModal();
}

addEventListener('hashchange', route);
listen(['events', 'state', 'link'], drawTop);
listen(['link'], () => announce(store.link === 'open' ? 'Livebus is connected' : store.link === 'off' ? 'Disconnected' : ''));
route();
run();
