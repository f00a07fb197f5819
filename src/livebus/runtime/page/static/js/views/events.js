// Events: the list, and beside it the way of one event, or the editor with its dry run.
import { get, post } from '../api.js';
import { FORMS, copy, entryOf } from '../clipboard.js';
import { announce, bytes, h, replace, time, visible } from '../dom.js';
import { WORDS, button, icon, iconButton, outcomeIcon } from '../icons.js';
import { STATIONS, lineMap } from '../map.js';
import { stationPanel } from '../station.js';
import { listen, newest, prepared, store } from '../store.js';
import { virtualRows } from '../virtual.js';
import { composePane } from './compose.js';

const filters = { text: '', outcome: '', bus: '', rule: '' };
let follows = true;
let list = null;

export function eventsView(main, rest) {
  const composing = rest[0] === 'compose';
  main.classList.toggle('composing', composing);
  if (composing) {
    const leave = (pressed) => { if (pressed.key === 'Escape' && !pressed.target.closest?.('dialog')) location.hash = '#/events'; };
    document.addEventListener('keydown', leave);
    const [pane, result, stop] = composePane(rest[1]);
    list = listPane();
    replace(main, list.node, pane, result);
    const unlisten = listen(['events'], list.draw);
    return () => { document.removeEventListener('keydown', leave); unlisten(); stop(); };
  }
  let wanted = rest[0];
  let stops = [];
  const end = () => { for (const stop of stops) stop(); stops = []; };
  const draw = () => {
    end();
    if (!store.events.size && !wanted) { list = null; replace(main, emptyState()); stops.push(listen(['events', 'state'], () => (store.events.size ? draw() : replace(main, emptyState())))); return; }
    const id = wanted ?? newest()[0]?.id;
    if (!list || main.firstElementChild !== list.node || main.childElementCount !== 2) { list = listPane(); replace(main, list.node, h('section')); }
    list.select(id);
    stops.push(listen(['events'], (kinds) => { list.draw(kinds); if (!wanted && follows && newest()[0]?.id !== id) draw(); }));
    const way = wayPane(id, rest);
    main.lastElementChild.replaceWith(way.node);
    stops.push(way.stop);
  };
  draw();
  const onkey = (pressed) => {
    if (pressed.target.closest?.('input, textarea, select, dialog') || pressed.ctrlKey || pressed.metaKey || pressed.altKey || !list) return;
    const step = { j: 1, k: -1 }[pressed.key];
    const next = step && list.beside(step);
    if (next) location.hash = `#/events/${next.id}`;
    const shown = list.selected();
    if (pressed.key === 'r' && shown) again(shown.id);
    if (pressed.key === 'e' && shown) location.hash = `#/compose/${shown.id}`;
    if (pressed.key === ' ' && !pressed.target.closest?.('button, a, summary')) { pressed.preventDefault(); main.querySelector('.follow')?.click(); }
  };
  document.addEventListener('keydown', onkey);
  return () => { document.removeEventListener('keydown', onkey); end(); };
}

// --- the list -------------------------------------------------------------------------------------------------------

const searched = (event) => { event.searched ??= `${event.detailType} ${event.source} ${event.text} ${event.id}`.toLowerCase(); return event.searched; };

function listPane() {
  let selected = '', shown = [], frozen = null, waits = false;
  const rows = h('div', { class: 'rows', role: 'listbox', 'aria-label': 'Events', tabindex: 0 });
  const counted = h('span', { class: 'quiet' });
  const virtual = virtualRows(rows, 52, (event) => row(event, event.id === selected));
  const nothing = h('p', { class: 'nothing', hidden: true }, 'No event fits the filter. ', h('button', { type: 'button', class: 'link', onclick: () => { Object.assign(filters, { text: '', outcome: '', bus: '', rule: '' }); search.value = ''; for (const each of tools.querySelectorAll('select')) each.value = ''; render(); } }, 'Clear it'));
  const render = () => {
    waits = false;
    const events = frozen ?? newest();
    const text = filters.text.toLowerCase();
    shown = events.filter((event) => (!text || searched(event).includes(text)) && (!filters.outcome || event.outcome.kind === filters.outcome) && (!filters.bus || event.bus === filters.bus) && (!filters.rule || event.rules.includes(filters.rule)));
    const kept = store.state?.runtime.forgotten ? ' · older ones are gone' : '';
    counted.textContent = shown.length === events.length ? `${events.length.toLocaleString('en')} event${events.length === 1 ? '' : 's'}${kept}` : `${shown.length.toLocaleString('en')} of ${events.length.toLocaleString('en')} events`;
    nothing.hidden = shown.length > 0;
    virtual.set(shown);
    const late = frozen ? newest().findIndex((each) => each.id === frozen[0]?.id) : 0;
    follow.title = late > 0 ? `${late} new` : 'Follow new events (Space)';
    replace(follow, icon(follows ? 'pause' : 'play'), late > 0 && h('span', { class: 'count' }, `${late} new`));
    fillOptions();
  };
  const draw = () => { if (!waits) { waits = true; requestAnimationFrame(render); } };
  const follow = h('button', { type: 'button', class: 'icon-button follow', 'aria-pressed': String(follows), 'aria-label': 'Follow', onclick: () => {
    follows = !follows;
    frozen = follows ? null : newest();
    follow.setAttribute('aria-pressed', String(follows));
    announce(follows ? 'Following' : 'Paused');
    render();
  } }, icon('pause'));
  const select = (label, key) => h('select', { 'aria-label': label, 'data-key': key, onchange: (event) => { filters[key] = event.target.value; render(); } }, h('option', { value: '' }, label));
  const search = h('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter events by text', 'data-filter': '', value: filters.text, oninput: (event) => { filters.text = event.target.value; draw(); } });
  const tools = h('div', { class: 'list-filters' }, select('Outcome', 'outcome'), select('Bus', 'bus'), select('Rule', 'rule'));
  const fillOptions = () => {
    const application = store.state?.application;
    const options = { outcome: Object.entries(WORDS), bus: (application?.buses ?? []).map((each) => [each, each]), rule: [...new Set((application?.rules ?? []).map((each) => each.rule))].map((each) => [each, each]) };
    for (const each of tools.querySelectorAll('select')) {
      const key = each.dataset.key, wanted = options[key];
      if (each.options.length !== wanted.length + 1) replace(each, h('option', { value: '' }, each.getAttribute('aria-label')), wanted.map(([value, text]) => h('option', { value, selected: filters[key] === value }, text)));
    }
  };
  rows.append(nothing);
  if (!follows) frozen = newest();
  render();
  const node = h('section', { class: 'pane list', 'aria-label': 'Events' },
    h('div', { class: 'list-tools' }, h('div', { class: 'search' }, icon('search', 14), search, h('kbd', {}, '/')), follow), tools, rows,
    h('footer', { class: 'list-foot' }, counted, h('span', { class: 'grow' }), h('span', { class: 'quiet' }, h('kbd', {}, 'J'), ' ', h('kbd', {}, 'K'))));
  return {
    node, draw,
    select: (id) => { if (selected === id) return; selected = id; render(); const at = shown.findIndex((event) => event.id === id); if (at >= 0) requestAnimationFrame(() => virtual.show(at)); },
    selected: () => store.events.get(selected),
    beside: (step) => shown[shown.findIndex((event) => event.id === selected) + step],
  };
}

function row(event, isSelected) {
  const { kind, words, reached } = event.outcome;
  const also = reached > 0 && kind !== 'delivered' ? `delivered ${reached}` : '';
  const isFresh = store.fresh.delete(event.id);
  return h('a', { class: `row ${kind}${isFresh ? ' fresh' : ''}`, role: 'option', 'aria-selected': String(isSelected), href: `#/events/${event.id}`, tabindex: isSelected ? 0 : -1 },
    outcomeIcon(kind),
    h('span', { class: 'l1' }, h('span', { class: 'title' }, visible(event.detailType)), h('span', { class: 'word' }, also ? [h('span', { class: 'also' }, `${also} · `), visible(words)] : visible(words))),
    h('span', { class: 'l2' }, h('span', { class: 'preview' }, visible(event.preview)), h('time', {}, time(event.at * 1000, false))));
}

// --- one way --------------------------------------------------------------------------------------------------------

export function defaultStation(event) {
  if (event.refused || event.stop || !event.ways.length) return { track: 0, station: 'event' };
  const failed = event.ways.findIndex((way) => ['dead', 'lost', 'retrying', 'failed'].includes(way.state));
  if (failed >= 0) return { track: failed, station: 'mutation' };
  if (event.ways.every((way) => !way.matches)) return { track: 0, station: 'rule' };
  return { track: 0, station: event.ways[0].kind === 'api' ? 'subscribers' : 'rule' };
}

function wayPane(id, [, ruleName, station]) {
  const node = h('section', { class: 'pane way', 'aria-label': 'Way of the event' });
  let event = null, selected = null, travels = store.fresh.has(id) || Date.now() / 1000 - (store.events.get(id)?.at ?? 0) < 3, reading = false, again = false;
  const draw = (focus) => {
    replace(node, header(event), lineMap(event, { selected, travel: travels, select: (next) => { selected = next; history.replaceState(null, '', path(event, selected)); draw(true); } }), stationPanel(event, selected));
    travels = false;
    if (focus) node.querySelector('[role=tab][aria-selected=true]')?.focus();
  };
  const read = async () => {
    if (reading) { again = true; return; }
    reading = true;
    try {
      const found = prepared(await get(`events/${encodeURIComponent(id)}`));
      const isFirst = event === null;
      event = found;
      if (isFirst) {
        const track = event.ways.findIndex((way) => way.rule === ruleName);
        selected = ruleName === 'event' ? { track: 0, station: 'event' } : track >= 0 && STATIONS.includes(station) ? { track, station } : defaultStation(event);
      }
      if (!node.contains(document.activeElement) || isFirst) draw();
      else draw(document.activeElement?.getAttribute('role') === 'tab');
    } catch (error) {
      if (event === null) replace(node, h('div', { class: 'waiting' }, h('div', {}, h('h1', {}, error.status === 404 ? 'This event is not kept any more' : 'The runtime does not answer'), h('p', { class: 'quiet' }, error.status === 404 ? 'The runtime keeps the last 10,000 events, or 64 MiB of them; a restart begins anew.' : visible(String(error.message))))));
    }
    reading = false;
    if (again) { again = false; setTimeout(read, 150); }
  };
  read();
  const stops = [listen([id], read), listen(['state'], () => { if (event) { prepared(event); } })];
  return { node, stop: () => stops.forEach((stop) => stop()) };
}

const path = (event, { track, station }) => `#/events/${event.id}/${station === 'event' ? 'event' : `${encodeURIComponent(event.ways[track].rule)}/${station}`}`;

function header(event) {
  const { kind, words, reached } = event.outcome;
  const also = reached > 0 && kind !== 'delivered' ? `delivered ${reached}` : '';
  const spent = event.ways.flatMap((way) => way.attempts.map((each) => each.ms)).filter((each) => each !== null && each !== undefined);
  return h('header', { class: 'way-head' },
    h('div', { class: 'way-title' }, h('h1', {}, visible(event.detailType)),
      h('span', { class: `badge ${kind}` }, outcomeIcon(kind, 14), visible(words)), also && h('span', { class: 'badge delivered' }, outcomeIcon('delivered', 14), also),
      h('span', { class: 'grow' }),
      button('Send again', { icon: 'again', key: 'R', onclick: () => again(event.id) }), button('Edit', { icon: 'edit', key: 'E', onclick: () => { location.hash = `#/compose/${event.id}`; } }),
      copyMenu(() => [event.refused ? { source: event.source, 'detail-type': event.detailType, detail: event.envelope.Detail ?? null } : event.envelope, event.bus])),
    h('p', { class: 'meta' },
      h('span', {}, visible(event.source)), h('span', {}, h('time', {}, time(event.at * 1000))), h('span', {}, visible(`sent by ${event.via}`)), h('span', {}, bytes(event.size)),
      spent.length > 0 && h('span', {}, `${spent.reduce((sum, each) => sum + each, 0).toFixed(1)} ms in this runtime`),
      h('button', { type: 'button', class: 'id', title: 'Copy the event id', onclick: () => copy(event.id, 'the event id') }, event.id.slice(0, 8), icon('copy', 12))));
}

export function copyMenu(read) {
  const menu = h('details', { class: 'menu' }, h('summary', { class: 'button', role: 'button', 'aria-haspopup': 'menu' }, h('span', {}, 'Copy as'), icon('down', 14)),
    h('div', { class: 'menu-body', role: 'menu' }, Object.entries(FORMS).map(([form, make]) => h('button', { type: 'button', role: 'menuitem', onclick: () => { menu.open = false; const [envelope, bus] = read(); copy(make(envelope, bus), `as ${form}`); } }, form))));
  menu.addEventListener('focusout', (event) => { if (!menu.contains(event.relatedTarget)) menu.open = false; });
  return menu;
}

async function again(id) {
  try {
    const event = await get(`events/${encodeURIComponent(id)}`);
    const entry = event.refused ? event.envelope : { ...entryOf(event.envelope, event.bus), Resources: event.envelope.resources };
    await sendText(JSON.stringify(entry));
  } catch (error) { announce(String(error.message)); }
}

// Publish, and go to what became of it. An entry that is refused is an event of the list, too.
export async function sendText(text) {
  const answer = await post('send', { text });
  const [first] = answer.Entries;
  if (first.ErrorCode) { announce(`Refused: ${first.ErrorCode}`); location.hash = '#/events'; return; }
  announce('Sent');
  location.hash = `#/events/${first.EventId}`;
}

// --- nothing there --------------------------------------------------------------------------------------------------


// The application's own lines, before anything travels on them.
function emptyState() {
  const application = store.state?.application;
  if (store.link !== 'open' || !application) return h('section', { class: 'empty', 'aria-label': 'No events yet' }, h('h1', {}, 'Connecting'));
  if (!application.stacks.length) return h('section', { class: 'empty', 'aria-label': 'No events yet' }, h('h1', {}, 'No application runs yet'), h('p', {}, 'Deploy one: it shows up here.'), h('div', { class: 'shell' }, h('code', {}, 'sam deploy'), iconButton('Copy the command', 'copy', { onclick: () => copy('sam deploy', 'the command') })));
  const buses = [...new Set(application.rules.map((each) => each.bus))];
  const maps = buses.slice(0, 3).map((bus, index) => lineMap(prepared({ bus, ways: application.rules.filter((each) => each.bus === bus).slice(0, 6).map((each) => ({ ...each, matches: true, attempts: [], variables: [], conditions: [], reasons: [], state: 'travelling', reached: 0 })) }), { dry: true, heads: index === 0, selected: { track: 9, station: '' }, select: () => {} }));
  for (const each of maps.flatMap((map) => [...map.querySelectorAll('button')])) { each.tabIndex = -1; each.removeAttribute('role'); each.removeAttribute('id'); }
  const clients = store.state.counts.clients;
  const first = h('span', {});
  let command = 'livebus publish FILE --local';
  const shown = h('code', {}, command);
  get('samples').then(({ samples }) => { const found = samples.find((each) => each.name === 'sample.json') ?? samples.find((each) => each.expected); if (!found) return; command = `livebus publish ${found.file} --local`; replace(shown, visible(command)); replace(first, button(`Send ${found.name}`, { icon: 'send', kind: 'primary', onclick: () => sendText(found.text).catch((error) => announce(String(error.message))) })); }).catch(() => {});
  return h('section', { class: 'empty', 'aria-label': 'No events yet' },
    h('div', { class: 'ghost-map', 'aria-hidden': 'true' }, maps),
    h('h1', {}, 'Waiting for the first event'),
    h('p', {}, `${buses.length} bus${buses.length === 1 ? '' : 'es'}, ${application.rules.length} rule${application.rules.length === 1 ? '' : 's'}, and ${clients} client${clients === 1 ? '' : 's'} that listen. Whatever is put on a bus shows up here, with its way to every subscriber.`),
    h('div', { class: 'row center' }, first, button('Write one', { key: 'C', onclick: () => { location.hash = '#/compose'; } })),
    h('div', { class: 'shell' }, shown, iconButton('Copy the command', 'copy', { onclick: () => copy(command, 'the command') })),
    h('p', { class: 'quiet' }, 'or any AWS client, with ', h('code', {}, `AWS_ENDPOINT_URL=${location.origin}`)));
}
