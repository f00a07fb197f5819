// Application: what the template declares, what validation finds, what fails on purpose, and where to connect.
import { get, put } from '../api.js';
import { copy } from '../clipboard.js';
import { announce, h, replace, visible } from '../dom.js';
import { button, icon, iconButton, known } from '../icons.js';
import { jsonView } from '../json.js';
import { lineOf, listen, readState, store } from '../store.js';

const FAULTS = [
  ['target-throttle', 'AppSync answers HTTP 429: tried again'], ['target-error', 'AppSync answers HTTP 500: tried again'], ['target-timeout', 'AppSync does not answer: tried again'],
  ['target-lost-answer', 'The mutation runs, its answer is lost: subscribers get it twice'], ['target-denied', 'AppSync answers HTTP 403: dead letter at once'],
  ['throttle', 'PutEvents answers ThrottlingException'], ['error', 'PutEvents answers InternalFailure'], ['partial', 'Single entries fail inside an HTTP 200'],
];

export function applicationView(main, rest) {
  let findings = null, findingsOf = null;
  const left = h('div', {}), right = h('div', {}), items = h('div', {});
  const read = async () => {
    const of = JSON.stringify(store.state?.application.rules);
    if (of === findingsOf) return;
    findingsOf = of;
    findings = await get('findings').catch((error) => ({ findings: [], note: String(error.message) }));
    draw();
  };
  const draw = () => {
    const state = store.state;
    if (!state) { replace(left, h('p', { class: 'nothing' }, 'Connecting')); return; }
    const { application } = state;
    replace(head, h('h1', {}, 'Application'), h('p', { class: 'quiet' }, visible(`${application.template || 'deployed'} · stack ${application.stacks.join(', ') || 'none'}${application.template ? ' · read again when its files change' : ''}`)), h('span', { class: 'grow' }), state.runtime.timeScale !== 1 && h('span', { class: 'quiet' }, `retries wait ${state.runtime.timeScale} times shorter`));
    replace(left,
      block('Rules', application.rules.length, h('table', { class: 'grid', 'aria-label': 'Rules' }, h('thead', {}, h('tr', {}, ['Rule', 'Bus', 'Mutation', 'Subscriptions', 'Retries', 'Where'].map((each) => h('th', { scope: 'col' }, each)))),
        h('tbody', {}, application.rules.map((rule) => h('tr', {}, h('td', {}, h('span', { class: 'swatch', 'data-line': lineOf(rule.rule) }), h('a', { href: `#/try/${encodeURIComponent(rule.rule)}` }, h('b', {}, visible(rule.rule)))), h('td', {}, h('code', {}, visible(rule.bus))), h('td', {}, h('code', {}, visible(rule.field ?? rule.kind))), h('td', {}, h('code', {}, visible((rule.subscriptions ?? []).join(', ')))), h('td', {}, rule.maximumRetryAttempts === undefined ? '' : `${rule.maximumRetryAttempts} in ${rule.maximumEventAge} s`), h('td', {}, h('code', { class: 'where', title: rule.where }, visible(rule.where.split('/').pop())))))))),
      block('Findings', findings ? String(findings.findings.length) : '', findings === null ? h('p', { class: 'nothing' }, 'Validating') : findings.findings.length ? h('ul', { class: 'findings' }, findings.findings.map((each) => h('li', { class: each.severity }, icon(each.severity === 'error' ? 'cross' : 'warn', 14), h('div', {}, h('p', {}, visible(each.message)), h('p', { class: 'quiet' }, h('code', {}, each.id), ' ', h('code', { class: 'where' }, visible(`${each.file}${each.line ? `:${each.line}:${each.column}` : ''}`))))))) : h('p', { class: 'nothing' }, visible(findings.note || 'livebus validate finds nothing.'))),
      block('APIs, pools, queues', '', h('dl', { class: 'declared' }, [
        ['APIs', application.apis.flatMap((each) => each.apis.map((api) => `${api.name} · ${api.modes.join(', ')}`))], ['User pools', application.pools.map((each) => `${each.name} · ${each.users.length} user${each.users.length === 1 ? '' : 's'}`)],
        ['Queues', application.queues.map((each) => `${each.name} · ${each.count}`)], ['Archives', application.archives], ['Functions', application.functions],
      ].filter(([, all]) => all.length).map(([name, all]) => [h('dt', {}, name), h('dd', {}, all.map((each) => h('span', { class: 'tag' }, visible(each))))]),
      application.tables.length > 0 && [h('dt', {}, 'Tables'), h('dd', {}, application.tables.map((each) => button(each, { kind: 'small', onclick: () => showItems(each) })))]), items));
    const exports = `export AWS_ENDPOINT_URL=${location.origin}\nexport AWS_DEFAULT_REGION=${state.runtime.region} AWS_REGION=${state.runtime.region} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test`;
    replace(right,
      block('Connect', '', h('div', { class: 'shell' }, h('code', {}, exports), iconButton('Copy the exports', 'copy', { onclick: () => copy(exports, 'the exports') })), h('p', { class: 'foot' }, 'Any credentials will do: this runtime serves this machine only. ', known('ours', 'signatures'))),
      faultsBlock(state.faults));
  };
  const showItems = async (name) => {
    try {
      const { items: found, more } = await get(`tables/${encodeURIComponent(name)}`);
      replace(items, h('div', { class: 'items' }, h('h3', {}, visible(`${found.length}${more ? ' and more' : ''} items of ${name}, read only`)), jsonView(found, { label: `Items of ${name}` })));
    } catch (error) { replace(items, h('p', { class: 'fault-note' }, visible(String(error.message)))); }
  };
  const head = h('div', { class: 'page-head' });
  replace(main, head, h('div', { class: 'columns' }, left, right));
  draw();
  read();
  if (rest[0] === 'faults') right.scrollIntoView?.();
  return listen(['state'], () => { draw(); read(); });
}

// All faults are one document: a PUT replaces it.
function faultsBlock(faults) {
  const on = faults.faults.map((each) => each.split('='));
  const said = h('p', { class: 'foot', role: 'status' });
  const turn = async (name, chance) => {
    const others = faults.faults.filter((each) => !each.startsWith(`${name}=`));
    try {
      await put('faults', { ...faults, faults: chance ? [...others, `${name}=${chance}`] : others });
      announce(chance ? `${name} is on` : `${name} is off`);
      await readState();
    } catch (error) { replace(said, visible(String(error.message))); }
  };
  return block('Faults', on.length ? `${on.length} on` : '', h('ul', { class: 'faults' }, FAULTS.map(([name, words]) => {
    const found = on.find(([each]) => each === name);
    const chance = h('select', { 'aria-label': `Probability of ${name}`, onchange: () => found && turn(name, chance.value) }, ['1', '0.5', '0.3', '0.1'].map((each) => h('option', { value: each, selected: found?.[1]?.split(',')[0] === each }, `${Number(each) * 100} %`)));
    return h('li', { class: found ? 'on' : '' },
      h('button', { type: 'button', role: 'switch', class: 'switch', 'aria-checked': String(!!found), 'aria-label': name, onclick: () => turn(name, found ? '' : chance.value) }, h('i', {})),
      h('div', {}, h('b', {}, name), h('p', { class: 'quiet' }, words)), h('span', { class: 'setting' }, chance));
  })),
  (faults.failTargets.length > 0 || faults.latency > 0) && h('p', { class: 'foot' }, visible([...faults.failTargets.map((each) => `target ${each} is down`), ...(faults.latency ? [`each delivery waits ${faults.latency} s`] : [])].join('; '))),
  said, h('p', { class: 'foot' }, 'As ', h('code', {}, 'livebus faults --local'), '. ', known('runtime')));
}

function block(title, count, ...content) {
  return h('section', { class: 'block', 'aria-label': title }, h('header', { class: 'block-head' }, h('h2', {}, title), count !== '' && h('span', { class: 'count' }, String(count))), content);
}
