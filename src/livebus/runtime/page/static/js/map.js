// The way as an underground map: one shared station, one line for each rule, five stops.
import { h, replace, s, visible } from './dom.js';
import { outcomeIcon } from './icons.js';

export const STATIONS = ['event', 'rule', 'transformer', 'mutation', 'subscribers'];
const TITLES = { event: 'Event', rule: 'Rule', transformer: 'Transformer', mutation: 'Mutation', subscribers: 'Subscribers' };
const ROW = 62, TOP = 15, RADIUS = 7;

const TIMES = { delivered: 'delivered', retrying: 'retrying' };

const unmet = (way) => way.conditions.filter((each) => !each.met);
const count = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;

// What a stop says: its name, a note below it, and how the line ends there, if it does.
function stop(way, station, dry) {
  const { matches, state } = way;
  const failed = ['retrying', 'dead', 'lost', 'failed'].includes(state);
  const last = way.attempts.at(-1);
  if (station === 'rule') {
    if (matches) return { name: way.rule, note: dry ? 'would match' : 'matches' };
    const number = unmet(way).length;
    return { name: way.rule, note: number ? `no match: ${count(number, 'condition')}` : 'no match', end: 'unmatched' };
  }
  if (!matches) return null;
  if (way.kind === 'none') return station === 'transformer' ? { name: 'no target here', note: way.note ?? '', off: true } : null;
  if (station === 'transformer') {
    if (way.input === null && way.inputFault) return { name: 'cannot be made', note: way.inputFault, end: 'dead' };
    return way.variables.length ? { name: count(way.variables.length, 'variable'), note: way.form } : { name: way.form === 'event' ? 'the event itself' : way.form, note: '' };
  }
  if (station === 'mutation') {
    const failure = last?.steps.find((each) => each.station === 'failure');
    const answer = last?.steps.find((each) => each.station === 'execution');
    if (state === 'retrying') return { name: way.field, note: `attempt ${last.number} · ${failure?.code ?? ''}`, end: 'retrying' };
    if (failed) return { name: way.field, note: failure?.code ?? way.note ?? 'fails', end: 'dead' };
    if (!last) return { name: way.field, note: dry ? way.note || 'would run' : 'waits', end: dry ? undefined : 'travelling' };
    if (way.kind !== 'api') return { name: way.field, note: way.note ? 'not emulated' : 'handed over' };
    const ms = last.ms === null ? '' : ` · ${last.ms.toFixed(1)} ms`;
    return { name: way.field, note: answer?.errors.length ? `${answer.status} with errors` : `${dry ? 'would answer ' : ''}${answer?.status ?? ''}${ms}` };
  }
  if (state === 'dead') return { name: dry ? 'dead letter' : 'dead letter', note: way.queue, off: true };
  if (state === 'lost') return { name: 'lost', note: 'no dead-letter queue', off: true };
  if (state === 'failed') return { name: 'nobody', note: way.queue ? `would go to ${way.queue}` : 'would be lost', off: true };
  if (state === 'retrying') return { name: 'waits', note: `again after ${last.steps.at(-1).retryIn ?? ''} s`, off: true };
  if (state === 'travelling') return { name: way.subscriptions?.[0] ?? 'waits', note: dry ? way.note ?? '' : 'on its way', off: true };
  if (way.kind === 'function') return { name: 'function', note: 'runs by itself', end: undefined };
  if (way.kind === 'destination') return { name: way.target, note: way.note ? 'nothing is sent' : 'has it', end: undefined };
  const all = way.reached + (way.withheld ?? []).length;
  const name = way.subscriptions?.[0] ?? 'no subscription';
  return { name, note: all ? `${dry ? 'would reach ' : 'to '}${way.reached} of ${all}` : 'nobody is subscribed', end: dry && way.reached ? undefined : way.reached ? TIMES.delivered : 'nobody' };
}

export function lineMap(event, { dry = false, heads = true, selected, select, travel = false } = {}) {
  const lines = s('svg', { class: 'tracks', 'aria-hidden': 'true' });
  const cells = [];
  const current = (track, station) => selected.station === station && (station === 'event' || selected.track === track);
  const cell = (track, station, info, way) => {
    const isCurrent = current(track, station);
    const node = h('button', {
      type: 'button', role: 'tab', id: `tab-${track}-${station}`, class: `stop ${station}${info.off ? ' off' : ''}${way && !way.matches ? ' lost' : ''}`,
      'aria-selected': isCurrent ? 'true' : 'false', 'aria-controls': 'station', tabindex: isCurrent ? 0 : -1,
      onclick: () => select({ track, station }),
      'data-line': way?.line, vars: { '--column': STATIONS.indexOf(station) + 1, '--row': track + 1 },
    },
    h('span', { class: `dot${info.end ? ` end ${info.end}` : ''}` }, info.end ? outcomeIcon(info.end, 16) : null),
    h('span', { class: 'visually-hidden' }, `${TITLES[station]} `), h('span', { class: 'name' }, visible(String(info.name))), h('span', { class: 'note' }, info.note ? visible(String(info.note)) : '\u00a0'));
    cells.push({ node, track, station });
    return node;
  };
  const rows = [cell(0, 'event', { name: visible(event.bus), note: event.refused ? event.refused.code : event.stop || (dry ? 'would be accepted' : 'accepted'), end: event.refused ? 'refused' : event.stop ? 'unmatched' : undefined })];
  event.ways.forEach((way, track) => {
    for (const station of STATIONS.slice(1)) {
      const info = stop(way, station, dry);
      if (info) rows.push(cell(track, station, info, way));
    }
    if (!way.matches) rows.push(h('p', { class: 'why', vars: { '--row': track + 1 } }, visible((way.reasons[0] ?? '').slice(0, 160))));
  });
  const root = h('div', { class: `map${dry ? ' dry' : ''}` },
    heads && h('div', { class: 'heads', 'aria-hidden': 'true' }, STATIONS.map((station) => h('span', {}, TITLES[station]))),
    h('div', { class: 'field', role: 'tablist', 'aria-label': 'Stations of the way', vars: { '--rows': Math.max(1, event.ways.length) }, onkeydown: keys }, lines, rows));
  const draw = () => {
    const width = root.querySelector('.field').clientWidth;
    if (!width) return;
    const step = width / 5, x = (column) => column * step + 9, y = (row) => row * ROW + TOP;
    const paths = [], base = step < 130 ? 14 : 30, bend = step < 130 ? 7 : 12, split = x(1) - base - bend - Math.max(0, Math.min(event.ways.length - 1, 5) - 1) * 6 - 8;
    // Lines that end early are drawn first, so that those that arrive lie above them.
    [...event.ways.entries()].reverse().forEach(([track, way]) => {
      // The trunk is the bus; each rule's line leaves it just before its own stop.
      // Lines run side by side where they go down together.
      const goal = y(track), turn = x(1) - base - Math.max(0, Math.min(track, 5) - 1) * 6;
      const branch = track === 0 ? `M${split} ${goal}H${x(1)}` : `M${split} ${y(0)}H${turn - bend}Q${turn} ${y(0)} ${turn} ${y(0) + bend}V${goal - bend}Q${turn} ${goal} ${turn + bend} ${goal}H${x(1)}`;
      if (!way.matches) { paths.push(s('path', { d: branch, class: 'track lost' })); return; }
      const last = way.kind === 'none' ? 1 : ['dead', 'retrying', 'lost', 'failed', 'travelling'].includes(way.state) ? 3 : 4;
      const whole = `M${x(0)} ${y(0)}${branch.replace('M', 'L')}H${x(last)}`;
      const own = `${branch}H${x(last)}`;
      paths.push(s('path', { d: own, class: `track line-${way.line}` }));
      if (last === 3) paths.push(s('path', { d: `M${x(3)} ${goal}H${x(4) - RADIUS}`, class: 'track lost' }));
      if (travel && !dry) {
        const bead = s('circle', { r: 5, class: `bead line-${way.line}` });
        bead.style.offsetPath = `path("${whole}")`;
        bead.animate?.([{ offsetDistance: '0%', opacity: 1 }, { offsetDistance: '100%', opacity: 1, offset: 0.9 }, { offsetDistance: '100%', opacity: 0 }], { duration: 900, delay: track * 60, easing: 'cubic-bezier(.4,0,.2,1)', fill: 'both' });
        paths.push(bead);
      }
    });
    if (event.ways.length) paths.push(s('path', { d: `M${x(0)} ${y(0)}H${split}`, class: 'track trunk' }));
    lines.setAttribute('viewBox', `0 0 ${width} ${Math.max(1, event.ways.length) * ROW}`);
    replace(lines, paths);
    travel = false;
  };
  new ResizeObserver(draw).observe(root);
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) travel = false;

  function keys(pressed) {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[pressed.key];
    if (!step) return;
    pressed.preventDefault();
    const track = Math.max(0, Math.min(event.ways.length - 1, selected.track + step[0]));
    const wanted = STATIONS.indexOf(selected.station) + step[1];
    const found = cells.find((each) => each.station === STATIONS[wanted] && (each.station === 'event' || each.track === track));
    if (found) { select({ track, station: found.station }); }
  }
  return root;
}
