// Failed: what waits for another try, what went to dead-letter queues, and archives to replay from.
import { get, post } from '../api.js';
import { ask } from '../ask.js';
import { announce, bytes, h, replace, time, visible } from '../dom.js';
import { button, icon, known, outcomeIcon } from '../icons.js';
import { lineOf, listen } from '../store.js';

export function failedView(main) {
  const said = h('p', { class: 'quiet', role: 'status' });
  const body = h('div', {});
  const open = new Map();
  replace(main, h('div', { class: 'page-head' }, h('h1', {}, 'Failed'), h('p', { class: 'quiet' }, 'What waits for another try, and what was given up.'), h('span', { class: 'grow' }), said), body);
  const read = async () => {
    try { const found = await get('failed'); replace(body, retries(found.retries, act), letters(found.letters, act, open), archives(found.archives, act)); } catch (error) { replace(said, visible(String(error.message))); }
  };
  // Does one thing, says what came of it, and shows what is left.
  const act = async (name, request, words) => {
    try { const answer = await post(name, request); replace(said, visible(words(answer))); announce(words(answer)); } catch (error) { replace(said, visible(String(error.message))); announce(String(error.message)); }
    await read();
  };
  read();
  return listen(['state'], read);
}

function block(title, count, shape, note, ...content) {
  return h('section', { class: 'block', 'aria-label': title }, h('header', { class: 'block-head' }, shape, h('h2', {}, title), h('span', { class: 'count' }, String(count)), h('span', { class: 'grow' }), note), content);
}

const heads = (...names) => h('thead', {}, h('tr', {}, names.map((each) => h('th', { scope: 'col' }, each || h('span', { class: 'visually-hidden' }, 'Actions')))));

function retries(rows, act) {
  if (!rows.length) return block('Waiting for another try', 0, outcomeIcon('retrying'), null, h('p', { class: 'nothing' }, 'Nothing waits.'));
  return block('Waiting for another try', rows.length, outcomeIcon('retrying'), known('ours', 'the back-off curve'), h('table', { class: 'grid', 'aria-label': 'Waiting for another try' }, heads('Event', 'Target', 'Cause', 'Attempts so far', 'Next', ''),
    h('tbody', {}, rows.map((each) => h('tr', {}, h('td', {}, h('a', { href: `#/events/${each.id}` }, visible(`${each.detailType}  ·  ${each.preview}`.slice(0, 80)))), h('td', {}, h('span', { class: 'swatch', 'data-line': lineOf(each.rule) }), each.target), h('td', {}, h('code', {}, visible(each.cause)), h('span', { class: 'quiet' }, visible(` ${each.message}`.slice(0, 80)))), h('td', {}, String(each.attempts)),
      h('td', {}, h('time', {}, time(each.due * 1000, false))), h('td', { class: 'num' }, button('Try now', { kind: 'small', onclick: () => act('retry', { row: each.row }, () => 'Tried again') })))))));
}

function letters(groups, act, open) {
  const count = groups.reduce((sum, each) => sum + each.count, 0);
  if (!count) return block('Dead letters', 0, outcomeIcon('dead'), null, h('p', { class: 'nothing' }, 'No dead letter lies in a queue.'));
  return block('Dead letters', count, outcomeIcon('dead'), h('span', { class: 'quiet' }, 'by cause'), groups.map((each, index) => group(each, act, open, index)));
}

const told = (answer) => {
  const bad = answer.outcomes.filter((each) => !each.accepted);
  const good = answer.outcomes.length - bad.length;
  return `${good} redriven${bad.length ? `, ${bad.length} stay: ${bad[0].message}` : ''}`;
};

function group(each, act, open, index) {
  const key = `${each.queue} ${each.errorCode} ${each.ruleArn} ${each.targetArn}`;
  const rule = each.letters[0]?.rule ?? '', ids = each.letters.map((letter) => letter.id), line = lineOf(rule);
  const boxes = each.letters.map((letter, at) => h('input', { type: 'checkbox', checked: true, value: letter.id, 'aria-label': `Letter ${at + 1}`, onchange: () => name() }));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const redrive = button('', { icon: 'again', kind: 'primary', onclick: () => act('redrive', { queue: each.queue, ids: chosen(), to: 'target' }, told) });
  const purge = button('', { icon: 'trash', kind: 'danger', onclick: async () => { if (await ask('Purge letters?', `${chosen().length} of ${each.queue} will be gone for good.`, `Purge ${chosen().length}`)) await act('purge', { queue: each.queue, ids: chosen() }, (answer) => `${answer.purged} purged`); } });
  const bus = button('Redrive to the bus', { title: 'All matching rules see the events again', onclick: async () => { if (await ask('Redrive to the bus?', `${chosen().length} of ${each.queue}: every rule that matches sees them again.`, 'Redrive to the bus')) await act('redrive', { queue: each.queue, ids: chosen(), to: 'bus' }, told); } });
  const name = () => {
    const count = chosen().length;
    redrive.querySelector('span').textContent = `Redrive ${count} to ${each.target} only`;
    purge.querySelector('span').textContent = `Purge ${count}`;
    for (const node of [redrive, purge, bus]) node.disabled = !count;
  };
  name();
  const details = h('details', { class: 'letters', open: open.get(key) ?? index === 0, 'data-line': line, ontoggle: () => open.set(key, details.open) },
    h('summary', {}, icon('right', 14), h('b', {}, visible(each.errorCode || 'no error code')), h('span', { class: 'count' }, String(each.count)), h('span', { class: 'route' }, h('span', { class: 'swatch', 'data-line': line }), visible(`${rule} → ${each.target}`)), h('span', { class: 'grow' }), h('span', { class: 'quiet' }, visible(each.queue))),
    h('div', { class: 'letters-body' },
      h('p', { class: 'cause' }, visible(each.errorMessage)),
      h('ul', { class: 'letter-rows' }, each.letters.map((letter, at) => h('li', {}, h('label', {}, boxes[at]), outcomeIcon('dead', 14), letter.eventId ? h('a', { href: `#/events/${letter.eventId}` }, h('b', {}, visible(letter.detailType))) : h('b', {}, visible(letter.detailType)), h('span', { class: 'preview' }, visible(letter.preview)), h('span', { class: 'quiet' }, letter.retries ? `${letter.retries} retries` : ''), h('time', {}, letter.sent ? time(letter.sent * 1000, false) : '')))),
      each.count > ids.length && h('p', { class: 'quiet' }, `The first ${ids.length} of ${each.count} are shown.`),
      h('div', { class: 'row' }, redrive, bus, h('span', { class: 'grow' }), purge),
      h('p', { class: 'foot' }, 'To the bus, every matching rule sees the event again. A letter is deleted once its event was accepted. ', known('runtime', 'livebus redrive'))));
  return details;
}

function archives(rows, act) {
  if (!rows.length) return block('Archives', 0, icon('clock'), null, h('p', { class: 'nothing' }, 'The application has no archive.'));
  return block('Archives', rows.length, icon('clock'), null, h('table', { class: 'grid', 'aria-label': 'Archives' }, heads('Archive', 'Of bus', 'Events', 'Kept', 'Replay', ''), h('tbody', {}, rows.map((each) => {
    const hours = h('input', { value: '1', 'aria-label': 'How many hours back', size: 4, inputmode: 'decimal' });
    const rule = h('select', { 'aria-label': 'Rules' }, h('option', { value: '' }, 'all rules'), Object.entries(each.rules).map(([name, arn]) => h('option', { value: arn }, name)));
    return h('tr', {}, h('td', {}, h('b', {}, each.name)), h('td', {}, h('code', {}, each.bus)), h('td', {}, `${each.events.toLocaleString('en')} · ${bytes(each.bytes)}`), h('td', {}, each.days ? `${each.days} days` : 'for ever'),
      h('td', {}, h('span', { class: 'inline-form' }, 'the last ', hours, ' h through ', rule), each.replay && h('span', { class: 'quiet' }, ` ${each.replay}`)),
      h('td', { class: 'num' }, button('Replay', { icon: 'again', kind: 'small', disabled: !each.events, onclick: () => act('replay', { archive: each.arn, bus: each.busArn, rule: rule.value, seconds: Number(hours.value) * 3600 }, (answer) => `Replay ${answer.replay}: ${answer.state}`) })));
  }))));
}
