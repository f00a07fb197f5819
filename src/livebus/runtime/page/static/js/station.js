// What a station says when it is opened.
import { ask } from './ask.js';
import { post } from './api.js';
import { announce, bytes, h, replace, time, visible } from './dom.js';
import { button, icon, known, outcomeIcon } from './icons.js';
import { codeBlock, highlightGraphql, inline, jsonView } from './json.js';
import { copy } from './clipboard.js';

export function stationPanel(event, { track, station }, { dry = false } = {}) {
  const way = event.ways[track];
  const draw = { event: eventPanel, rule: rulePanel, transformer: transformerPanel, mutation: mutationPanel, subscribers: subscribersPanel }[station];
  return h('section', { class: 'station', id: 'station', role: 'tabpanel', 'aria-labelledby': `tab-${station === 'event' ? 0 : track}-${station}`, tabindex: 0, 'data-line': station === 'event' ? null : way?.line }, way || station === 'event' ? draw(event, way, dry) : null);
}

const head = (title, where, ...more) => h('header', { class: 'station-head' }, h('h2', {}, visible(title)), where && h('code', { class: 'where' }, visible(where)), h('span', { class: 'grow' }), more);

function eventPanel(event) {
  if (event.refused) return [head('Refused', null, known('recorded', 'PutEvents, per-entry errors')), h('div', { class: 'callout bad' }, icon('warn'), h('div', {}, h('b', {}, visible(event.refused.code)), h('p', {}, visible(event.refused.message)))), jsonView(event.envelope, { label: 'Entry' })];
  return [
    head('Envelope', null, h('span', { class: 'quiet' }, `${bytes(event.size)} of 1 MB`), button('Copy', { icon: 'copy', kind: 'ghost', onclick: () => copy(JSON.stringify(event.envelope, null, 2), 'the envelope') })),
    event.stop && h('div', { class: 'callout bad' }, icon('warn'), h('div', {}, h('b', {}, visible(event.stop)), h('p', {}, 'AWS accepts such an event, too, and drops it in silence. ', known('documented')))),
    jsonView(event.envelope, { label: 'Event envelope' }),
  ];
}

function rulePanel(event, way) {
  const lost = way.conditions.filter((each) => !each.met);
  const order = [...lost, ...way.conditions.filter((each) => each.met)];
  const title = way.matches ? 'Every condition is met' : lost.length ? `${lost.length} of ${way.conditions.length} conditions not met` : 'No match';
  return [
    head(title, way.where, button('Try another pattern', { kind: 'ghost', icon: 'edit', onclick: () => { location.hash = `#/try/${encodeURIComponent(way.rule)}`; } })),
    h('table', { class: 'grid', 'aria-label': `Conditions of ${way.rule}` },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Path'), h('th', { scope: 'col' }, 'The event has'), h('th', { scope: 'col' }, 'The pattern asks for'))),
      h('tbody', {}, order.map((each) => h('tr', { class: each.met ? '' : 'unmet' },
        h('td', {}, h('span', { class: `verdict ${each.met ? 'yes' : 'no'}` }, icon(each.met ? 'check' : 'cross', 14), h('span', { class: 'visually-hidden' }, each.met ? 'met ' : 'not met ')), h('code', {}, visible(each.path.replace('$.', '')))),
        h('td', {}, h('code', { class: each.found.startsWith('missing') ? 'missing' : 'value' }, visible(each.found))),
        h('td', {}, h('code', {}, visible(each.expected))))))),
    !way.matches && h('div', { class: 'foot' }, way.reasons.map((each) => h('p', {}, visible(each))), h('p', {}, 'On AWS an event that no rule matches is gone, and nothing tells. ', known('documented'))),
  ];
}

function transformerPanel(event, way) {
  const isTemplate = way.form === 'InputTransformer' || way.template;
  return [
    head(way.variables.length ? `${way.variables.length} path${way.variables.length === 1 ? ' fills' : 's fill'} the template` : `Input: ${way.form}`, way.target, isTemplate && button('Try another template', { kind: 'ghost', icon: 'edit', onclick: () => { location.hash = `#/try/${encodeURIComponent(way.rule)}/transformer`; } })),
    way.inputFault && h('div', { class: 'callout bad' }, icon('warn'), h('div', {}, h('b', {}, 'No input comes about'), h('p', {}, visible(way.inputFault)))),
    way.variables.length > 0 && h('table', { class: 'grid', 'aria-label': 'Variables' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Placeholder'), h('th', { scope: 'col' }, 'From'), h('th', { scope: 'col' }, 'Value'))),
      h('tbody', {}, way.variables.map((each) => h('tr', {}, h('td', {}, h('code', { class: 'placeholder' }, `<${each.name}>`)), h('td', {}, h('code', {}, each.path ? visible(each.path) : 'EventBridge')), h('td', {}, each.value === '' ? h('span', { class: 'missing' }, 'missing, or empty') : h('code', { class: 'value' }, inline(each.value))))))),
    h('div', { class: 'pair' },
      h('div', {}, h('h3', {}, 'Input template'), codeBlock(way.template ?? '(none: the event as it is)', { label: 'Input template' })),
      h('div', {}, h('h3', {}, { function: 'Event of the function', destination: 'What the target gets' }[way.kind] ?? 'Variables of the mutation'), way.input === null ? h('p', { class: 'quiet' }, 'none') : jsonView(way.input, { label: 'Variables of the mutation' }))),
  ];
}

function mutationPanel(event, way, dry) {
  const last = way.attempts.at(-1);
  const failure = last?.steps.find((each) => each.station === 'failure'), answer = last?.steps.find((each) => each.station === 'execution');
  const delivery = last?.steps.find((each) => each.station === 'delivery');
  const others = last?.steps.filter((each) => ['call', 'log', 'function'].includes(each.station)) ?? [];
  const logs = [...(last?.logs ?? []), ...others.map((each) => each.words)];
  const said = dry ? 'not run for real: nobody hears of it' : last && !failure && answer ? `HTTP ${answer.status}${last.ms === null ? '' : ` in ${last.ms.toFixed(1)} ms`}` : '';
  return [
    head(way.field ?? 'Mutation', way.role ? `role ${way.role}` : way.target, h('span', { class: 'quiet' }, said)),
    failure && h('div', { class: `callout ${way.state === 'retrying' ? 'wait' : 'bad'}` }, outcomeIcon(way.state), h('div', {}, h('b', {}, visible(failure.code)), h('p', {}, visible(failure.message)),
      h('p', {}, delivery ? visible(delivery.words) : dry ? `It would be tried again, or go to ${way.queue || 'nowhere'}.` : '', ' ', known('documented')),
      !dry && way.state === 'dead' && h('p', { class: 'row' }, redriveButtons(event, way)))),
    way.note && h('p', { class: 'foot' }, visible(way.note)),
    answer?.errors.length > 0 && h('div', { class: 'callout wait' }, icon('warn'), h('div', {}, h('b', {}, `${answer.status} with errors`), h('p', {}, visible(String(answer.errors[0].message ?? ''))), h('p', {}, 'It counts as delivered: neither retries nor the dead-letter queue see it. ', known('documented')))),
    h('div', { class: 'pair' },
      h('div', {}, h('h3', {}, 'Operation'), way.operation ? codeBlock(way.operation, { label: 'Operation', colours: highlightGraphql }) : h('p', { class: 'quiet' }, { function: `The function ${way.field} is invoked.`, destination: `The target of ${way.field} gets it as it is.` }[way.kind] ?? 'none')),
      h('div', {}, h('h3', {}, answer ? 'Answer' : 'Variables'), jsonView(answer ? { data: answer.data, ...(answer.errors.length ? { errors: answer.errors } : {}) } : way.input, { label: answer ? 'Answer' : 'Variables' }),
        h('div', { class: 'log' }, h('h3', {}, 'Calls and logs'), logs.length ? h('pre', { tabindex: 0 }, visible(logs.join('\n'))) : h('p', { class: 'quiet' }, 'Resolvers wrote nothing.')))),
    way.attempts.length > 0 && !dry && h('div', {}, h('h2', { class: 'divider' }, `${way.attempts.length} attempt${way.attempts.length === 1 ? '' : 's'}`), h('ul', { class: 'words', 'aria-label': 'Attempts' }, way.attempts.flatMap((each) => each.steps.map((step) => h('li', {}, h('span', {}, time(each.at * 1000)), h('span', {}, visible(step.words))))))),
  ];
}

// A letter of this event, if it still lies in its queue: redriven by its event's id.
function redriveButtons(event, way) {
  const go = async (to, node) => {
    if (to === 'bus' && !await ask('Redrive to the bus?', `1 event of ${way.queue}: every rule that matches sees it again.`, 'Redrive to the bus')) return;
    try {
      const { outcomes } = await post('redrive', { queue: way.queue, ids: [event.id], to });
      const text = outcomes.length ? outcomes.map((each) => (each.accepted ? 'Redriven; the letter is deleted' : each.message)).join('; ') : 'No letter of this event lies in the queue any more';
      announce(text);
      replace(node, visible(text));
    } catch (error) { announce(String(error.message)); replace(node, visible(String(error.message))); }
  };
  const said = h('span', { class: 'quiet', role: 'status' });
  return [button(`Redrive to ${way.target} only`, { icon: 'again', onclick: () => go('target', said) }), button('Redrive to the bus', { onclick: () => go('bus', said) }), said];
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return text; }
}

const clientOf = (client, title, auth) => h('div', { class: 'who' }, h('b', {}, visible(title ?? client.user)), h('span', { class: 'quiet' }, visible(auth ?? [client.auth, client.by].filter(Boolean).join(' · '))));

function subscribersPanel(event, way, dry) {
  // Functions and other targets have no subscribers.
  if (!way.received || way.kind !== 'api') return mutationPanel(event, way, dry);
  const ways = [way, ...event.ways.filter((each) => each !== way && each.received && each.kind === 'api')];
  const got = way.received.length, not = way.withheld.length, all = got + not;
  const title = all ? `${got} subscriber${got === 1 ? '' : 's'} ${dry ? 'would receive it' : 'received it'}${not ? `, ${not} ${dry ? 'would not' : 'did not'}` : ''}` : 'Nobody is subscribed';
  return [
    head(title, null, button('Subscribe as…', { kind: 'ghost', icon: 'plus', onclick: () => { location.hash = '#/subscribers/new'; } })),
    h('ul', { class: 'receivers', 'aria-label': 'Subscribers' }, ways.map((each) => [
      h('li', { class: 'team', 'data-line': each.line }, h('span', { class: 'swatch' }), h('code', {}, visible(each.subscriptions?.join(', ') ?? '')), visible(` ${each.api ?? ''}`), !each.received.length && !each.withheld.length && ': nobody is subscribed'),
      each.received.map(({ client, field, payload }) => h('li', {}, outcomeIcon('delivered', 16), clientOf(client), h('div', { class: 'what' }, h('code', {}, inline(parsed(payload)?.data?.[field] ?? parsed(payload)))), h('span', { class: 'word' }, dry ? 'would be sent' : 'sent'))),
      each.withheld.map(({ client, why }) => h('li', { class: 'not' }, outcomeIcon('unmatched', 16), clientOf(client), h('div', { class: 'what' }, h('span', { class: 'reason' }, visible(why))), h('span', { class: 'word' }, 'not sent'))),
      (each.receptions ?? []).map((one) => h('li', { class: one.arrives ? '' : 'not' }, outcomeIcon(one.conditional ? 'travelling' : one.arrives ? 'delivered' : 'unmatched', 16), clientOf({}, 'an app', `that asks ${one.field} for all of it`), h('div', { class: 'what' }, one.reason && h('span', { class: 'reason' }, visible(one.reason)), one.payload && h('code', {}, inline(parsed(one.payload)?.data?.[one.field])), one.unselected.length > 0 && h('p', { class: 'quiet' }, visible(`${one.unselected.join(', ')}: the mutation does not select it`))), h('span', { class: 'word' }, one.conditional ? 'depends on who asks' : one.arrives ? 'would get it' : 'would not'))),
    ])),
    not > 0 && h('p', { class: 'foot' }, 'AppSync does not tell a client what a filter kept from it. ', known('documented')),
    !all && h('p', { class: 'foot' }, 'The mutation ran and its answer went to nobody. AppSync keeps no message for clients that come later. ', known('documented')),
  ];
}
