// Try: another pattern, or another template, over the events that are kept. Nothing is changed: it is copied back as YAML.
import { post } from '../api.js';
import { copy } from '../clipboard.js';
import { h, replace, time, visible } from '../dom.js';
import { button, icon, outcomeIcon } from '../icons.js';
import { editor, pretty } from '../json.js';
import { jsonFault } from '../json_fault.js';
import { listen, store } from '../store.js';

export function tryView(main, [name, mode = 'pattern']) {
  const rules = (store.state?.application.rules ?? []).filter((each) => each.pattern);
  if (!rules.length) {
    replace(main, h('p', { class: 'nothing' }, store.state ? 'No rule is at work.' : 'Connecting'));
    let stop = () => {};
    const unlisten = listen(['state'], () => { if (!store.state?.application.rules.length) return; unlisten(); stop = tryView(main, [name, mode]); });
    return () => { unlisten(); stop(); };
  }
  const byPattern = mode !== 'transformer';
  const rule = rules.find((each) => each.rule === name) ?? rules[0];
  const result = h('section', { class: 'pane try-result', 'aria-label': 'Recorded events', 'aria-live': 'polite' });
  const given = byPattern ? pretty(JSON.parse(rule.pattern)) : rule.template ?? '';
  let text = given, timer = 0, asked = 0;
  const run = async () => {
    const own = ++asked;
    const request = byPattern ? { rule: rule.arn, pattern: text } : { rule: rule.arn, target: rule.target, template: text };
    try {
      const answer = await post('try', request);
      if (own === asked) draw(answer);
    } catch (error) { if (own === asked) draw({ fault: { message: error.message } }); }
  };
  const draw = (answer) => {
    if (answer.fault) { replace(result, h('header', { class: 'try-head' }, h('h2', {}, byPattern ? 'EventBridge refuses this pattern' : 'EventBridge refuses this template')), h('p', { class: 'fault-note', role: 'alert' }, visible(`${answer.fault.line ? `Line ${answer.fault.line}, column ${answer.fault.column}: ` : ''}${answer.fault.message}`))); return; }
    const rows = answer.rows, matches = rows.filter((each) => each.now);
    const gained = matches.filter((each) => !each.before).length, lost = rows.filter((each) => !each.now && each.before).length, changed = rows.filter((each) => each.differs).length;
    replace(result,
      h('header', { class: 'try-head' }, h('h2', {}, `${matches.length} of ${rows.length} recorded events ${byPattern ? 'match' : 'are transformed'}`), h('span', { class: 'grow' }), gained > 0 && h('span', { class: 'delta plus' }, `+${gained} new`), lost > 0 && h('span', { class: 'delta minus' }, `−${lost} lost`), changed > 0 && h('span', { class: 'quiet' }, `${changed} with another result`), !gained && !lost && !changed && h('span', { class: 'quiet' }, 'as in the template')),
      rows.length ? h('ul', { class: 'try-rows', 'aria-label': 'Verdicts' }, [...rows].sort((a, b) => Number(a.now === a.before) - Number(b.now === b.before)).slice(0, 500).map((each) => h('li', { class: `${each.now ? 'yes' : 'no'}${each.now !== each.before ? ' changed' : ''}` }, outcomeIcon(each.now ? 'delivered' : 'unmatched', 14), h('a', { href: `#/events/${each.id}` }, visible(each.detailType)), h('span', { class: 'preview' }, visible(byPattern ? (each.now ? each.preview : each.words) : each.words)),
        h('span', { class: 'word' }, each.now ? (each.before ? (byPattern ? 'matches' : each.differs ? 'another result' : 'as before') : 'would match, new') : each.before ? 'would be lost' : 'no match'), h('time', {}, time(each.at * 1000, false))))) : h('p', { class: 'nothing' }, `No event of the bus ${rule.bus} is kept yet.`));
  };
  const changed = (value, wrong) => {
    text = value;
    clearTimeout(timer);
    asked += 1;
    if (wrong) { replace(result, h('p', { class: 'fault-note', role: 'alert' }, `Line ${wrong.line}, column ${wrong.column}: ${wrong.message}`)); return; }
    timer = setTimeout(run, 150);
  };
  const sheet = editor(given, { label: byPattern ? 'Event pattern' : 'Input template', oninput: changed, fault: byPattern ? jsonFault : undefined });
  replace(main,
    h('section', { class: 'pane try-edit', 'aria-label': 'Trial' },
      h('header', { class: 'compose-head' }, h('h1', {}, 'Try'), h('select', { class: 'pick', 'aria-label': 'Rule', onchange: (event) => { location.hash = `#/try/${encodeURIComponent(event.target.value)}/${mode}`; } }, [...new Set(rules.map((each) => each.rule))].map((each) => h('option', { value: each, selected: each === rule.rule }, each))),
        h('span', { class: 'grow' }), segmented('What to try', [['pattern', 'Pattern'], ['transformer', 'Transformer']], byPattern ? 'pattern' : 'transformer', (next) => { location.hash = `#/try/${encodeURIComponent(rule.rule)}/${next}`; })),
      sheet,
      h('footer', { class: 'compose-foot' }, h('span', { class: 'quiet' }, visible(`${rule.where} stays as it is`)), h('span', { class: 'grow' }), button('Reset', { icon: 'again', onclick: () => sheet.set(given) }), button('Copy as YAML', { icon: 'copy', kind: 'primary', onclick: () => copy(byPattern ? patternYaml(text) : templateYaml(text), 'as YAML') }))),
    result);
  const stop = listen(['events'], () => { clearTimeout(timer); timer = setTimeout(run, 400); });
  return () => { clearTimeout(timer); stop(); };
}

export function segmented(label, options, chosen, pick) {
  const group = h('div', { class: 'segmented', role: 'radiogroup', 'aria-label': label, onkeydown: (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = options.findIndex(([value]) => value === chosen);
    pick(options[(at + step + options.length) % options.length][0]);
  } }, options.map(([value, text]) => h('button', { type: 'button', role: 'radio', 'aria-checked': String(value === chosen), tabindex: value === chosen ? 0 : -1, onclick: () => pick(value) }, text)));
  return group;
}

// JSON is YAML: a pattern stands in a template as it is, indented below its name.
const indented = (text) => text.split('\n').map((line) => `  ${line}`).join('\n');
const patternYaml = (text) => `EventPattern:\n${indented(text)}\n`;
const templateYaml = (text) => `InputTemplate: |-\n${indented(text)}\n`;
