// Compose: an editor, and beside it what would become of the event. Nothing is sent before Send.
import { get, post, put } from '../api.js';
import { ask } from '../ask.js';
import { announce, bytes, h, replace, visible } from '../dom.js';
import { button, icon, iconButton, known } from '../icons.js';
import { editor, pretty } from '../json.js';
import { jsonFault } from '../json_fault.js';
import { lineMap } from '../map.js';
import { stationPanel } from '../station.js';
import { prepared, store } from '../store.js';
import { copyMenu, defaultStation, sendText } from './events.js';

const WAIT_MS = 150;
const EMPTY = { source: 'my.app', 'detail-type': 'something happened', detail: {} };

export function composePane(from) {
  let selected = null, dry = null, text = '', timer = 0, asked = 0;
  const result = h('section', { class: 'pane way dry-run', 'aria-label': 'Dry run', 'aria-live': 'polite' });
  const size = h('div', { class: 'size' });
  const fault = h('p', { class: 'editor-fault', role: 'alert', hidden: true });
  const send = button('Send', { icon: 'send', kind: 'primary', key: 'Ctrl ⏎', disabled: true, onclick: () => sendText(text).catch((error) => complain(error.message)) });
  const complain = (words) => { fault.hidden = false; replace(fault, icon('warn', 14), visible(String(words))); };

  const draw = (focus) => {
    if (!dry) { if (!result.childElementCount) replace(result, h('div', { class: 'waiting' }, h('p', {}, 'The dry run begins when the JSON can be read.'))); return; }
    const count = dry.ways.filter((way) => way.matches).length, reach = dry.ways.reduce((sum, way) => sum + way.reached, 0);
    if (!selected || (selected.station !== 'event' && !dry.ways[selected.track])) selected = defaultStation(dry);
    if (selected.station !== 'event' && !dry.ways[selected.track].matches) selected.station = 'rule';
    const words = dry.refused ? `PutEvents would refuse it: ${dry.refused.code}` : dry.stop ? dry.stop : count ? `${count} of ${dry.ways.length} rule${dry.ways.length === 1 ? '' : 's'} would match, ${reach} connected subscriber${reach === 1 ? '' : 's'} would receive it` : 'no rule would match';
    replace(result,
      h('header', { class: 'way-head' }, h('div', { class: 'way-title' }, h('h1', {}, 'Dry run'), h('span', { class: 'quiet' }, visible(words)), h('span', { class: 'grow' }), known('runtime')), h('p', { class: 'meta' }, h('span', {}, 'Nothing is sent. The runtime asks the same rules that it delivers with.'))),
      lineMap(dry, { dry: true, selected, select: (next) => { selected = next; draw(true); } }), stationPanel(dry, selected, { dry: true }));
    if (focus) result.querySelector('[role=tab][aria-selected=true]')?.focus();
  };
  const stale = (is) => { result.classList.toggle('stale', is); result.setAttribute('aria-busy', String(is)); };
  const run = async () => {
    const number = ++asked;
    try {
      const found = prepared(await post('try', { text }));
      if (number !== asked) return;
      dry = found;
      fault.hidden = true;
      send.disabled = store.link === 'off';
      stale(false);
      replace(size, h('span', {}, 'Entry ', h('b', {}, bytes(found.size))), h('meter', { min: 0, max: 1048576, value: Math.max(found.size, 6000), 'aria-label': 'Size of the entry against 1 MB' }), h('span', { class: 'quiet' }, 'of 1 MB'));
      draw();
    } catch (error) {
      if (number === asked) complain(error.message);
    }
  };
  const changed = (value, wrong) => {
    text = value;
    send.disabled = true;
    stale(true);
    clearTimeout(timer);
    asked += 1;
    fault.hidden = !wrong;
    if (wrong) { replace(fault, icon('warn', 14), `Line ${wrong.line}, column ${wrong.column}: ${wrong.message}`); draw(); return; }
    timer = setTimeout(run, WAIT_MS);
  };
  const sheet = editor('', { label: 'Event as JSON', oninput: (value, wrong) => { if (value) changed(value, wrong); }, fault: (value) => (value ? jsonFault(value) : null) });
  sheet.area.addEventListener('keydown', (event) => { if ((event.ctrlKey || event.metaKey) && event.key === 'Enter' && !send.disabled) send.click(); });
  const pick = h('select', { 'aria-label': 'Begin with', class: 'pick' });
  const begin = async () => {
    const { samples } = await get('samples').catch(() => ({ samples: [] }));
    let former = null;
    if (from && !from.endsWith('.json')) former = await get(`events/${encodeURIComponent(from)}`).catch(() => null);
    const first = samples.find((each) => each.name === from) ?? samples.find((each) => each.name === 'sample.json') ?? samples.find((each) => each.expected);
    replace(pick, former && h('option', { value: '', selected: true }, `Event ${former.id.slice(0, 8)}`), !former && !first && h('option', { value: '' }, 'Nothing'),
      [[true, 'Events'], [false, 'Events that do not arrive']].map(([expected, label]) => h('optgroup', { label }, samples.filter((each) => each.expected === expected).map((each) => h('option', { value: each.name, selected: !former && each === first }, each.name)))));
    pick.onchange = () => { const found = samples.find((each) => each.name === pick.value); if (found) sheet.set(tidy(found.text)); };
    if (sheet.area.value) return;
    if (former) sheet.set(pretty(former.refused ? former.envelope : { source: former.envelope.source, 'detail-type': former.envelope['detail-type'], detail: former.envelope.detail }));
    else sheet.set(first ? tidy(first.text) : pretty(EMPTY));
  };
  begin();
  const save = async () => {
    const name = prompt('Save in the project\'s events/ as', 'my-event.json');
    if (!name) return;
    try {
      const { file } = await put(`samples/${encodeURIComponent(name)}`, { text }).catch(async (error) => {
        if (error.status !== 409 || !await ask('Replace the file?', error.message, 'Replace it')) throw error;
        return put(`samples/${encodeURIComponent(name)}`, { text, overwrite: true });
      });
      announce(`Saved as ${file}`);
      replace(size, h('span', { role: 'status' }, visible(`Saved as ${file}`)));
    } catch (error) { complain(error.message); }
  };
  const pane = h('section', { class: 'pane compose', 'aria-label': 'New event' },
    h('header', { class: 'compose-head' }, h('h1', {}, 'New event'), pick, h('span', { class: 'grow' }), iconButton('Close', 'close', { onclick: () => { location.hash = '#/events'; } })),
    sheet, fault,
    h('footer', { class: 'compose-foot' }, size, h('span', { class: 'grow' }), button('Save', { icon: 'file', title: 'Save as events/….json', onclick: save }), copyMenu(() => [envelopeOf(dry), dry?.bus ?? 'default']), send));
  return [pane, result, () => clearTimeout(timer)];
}

function envelopeOf(dry) {
  if (!dry) return EMPTY;
  return dry.refused ? { source: dry.entry.Source, 'detail-type': dry.entry.DetailType, detail: dry.entry.Detail } : dry.envelope;
}

function tidy(text) {
  try { return pretty(JSON.parse(text)); } catch { return text; }
}
