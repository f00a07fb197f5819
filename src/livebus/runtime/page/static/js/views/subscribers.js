// Subscribers: subscriptions that this page opened, side by side; below them every client that the runtime sees.
import { get, post } from '../api.js';
import { announce, h, replace, time, visible } from '../dom.js';
import { button, iconButton, known } from '../icons.js';
import { jsonView } from '../json.js';
import { listen, store } from '../store.js';

const MOST_MESSAGES = 200;
const lanes = []; // they outlive the view: an app that is subscribed does not stop when one looks elsewhere
let drawLanes = () => {};
let number = 0;

export function subscribersView(main, rest) {
  const form = openForm();
  form.hidden = rest[0] !== 'new';
  const row = h('div', { class: 'lanes', role: 'list', 'aria-label': 'Open subscriptions' });
  const table = h('div', {});
  const opener = button('Open a subscription', { icon: 'plus', 'aria-expanded': String(!form.hidden), onclick: () => { form.hidden = !form.hidden; opener.setAttribute('aria-expanded', String(!form.hidden)); form.querySelector('select')?.focus(); } });
  replace(main,
    h('div', { class: 'page-head' }, h('h1', {}, 'Subscribers'), h('p', { class: 'quiet' }, 'Sign in as a user and see what an app would get.'), h('span', { class: 'grow' }), opener),
    form, row,
    h('section', { class: 'block', 'aria-label': 'Connected clients' }, h('header', { class: 'block-head' }, h('h2', {}, 'Connected clients'), h('span', { class: 'grow' }), known('runtime', 'AppSync lists no clients')), table));
  drawLanes = () => { row.hidden = !lanes.length; replace(row, lanes.map((each) => each.node)); };
  drawLanes();
  let timer = 0, over = false;
  const read = async () => {
    clearTimeout(timer);
    try {
      const { clients } = await get('clients');
      replace(table, clients.length ? clientTable(clients) : h('p', { class: 'nothing' }, 'Nobody is subscribed.'));
    } catch { /* the banner tells */ }
    if (!over) timer = setTimeout(read, 2000);
  };
  read();
  const stops = [listen(['state'], () => { read(); if (!form.contains(document.activeElement)) form.fill(); })];
  return () => { over = true; clearTimeout(timer); drawLanes = () => {}; stops.forEach((stop) => stop()); };
}

function clientTable(clients) {
  return h('table', { class: 'grid clients', 'aria-label': 'Connected clients' }, h('thead', {}, h('tr', {}, ['User', 'Field', 'API', 'Filter', 'Client', 'Since', 'Delivered'].map((each) => h('th', { scope: 'col', class: each === 'Delivered' ? 'num' : '' }, each)))),
    h('tbody', {}, clients.map((client) => h('tr', {},
      h('td', {}, h('b', {}, visible(client.user)), h('span', { class: 'quiet' }, ` ${client.auth}`)), h('td', {}, h('code', {}, client.field)), h('td', {}, client.api),
      h('td', {}, client.filter ? h('code', {}, visible(JSON.stringify(client.filter))) : Object.keys(client.arguments).length ? h('code', {}, visible(JSON.stringify(client.arguments))) : h('span', { class: 'quiet' }, 'everything')),
      h('td', {}, lanes.some((each) => each.id === client.id) ? 'this page' : visible(client.by)), h('td', {}, client.since ? h('time', {}, time(client.since * 1000, false)) : ''), h('td', { class: 'num' }, client.delivered.toLocaleString('en'))))));
}

// --- one subscription, as an app has it ------------------------------------------------------------------------------

function openLane(api, user, field, query, variables, authorization) {
  const id = `page-${++number}`;
  const list = h('ol', { class: 'messages', 'aria-live': 'polite', 'aria-label': `Messages for ${user}`, tabindex: 0 });
  const said = h('span', { role: 'status' }, 'connecting');
  let received = 0;
  const show = (...nodes) => { list.prepend(h('li', {}, nodes)); while (list.childElementCount > MOST_MESSAGES) list.lastElementChild.remove(); };
  const close = () => { lane.closed = true; socket.close(); lanes.splice(lanes.indexOf(lane), 1); drawLanes(); };
  const node = h('div', { class: 'lane', role: 'listitem', 'aria-label': `${user}, ${field}` },
    h('header', {}, h('div', { class: 'lane-title' }, h('b', {}, visible(user)), h('span', { class: 'grow' }), iconButton('Clear', 'trash', { onclick: () => replace(list) }), iconButton('Close the subscription', 'close', { onclick: close })),
      h('p', {}, h('code', {}, visible(`${field}${Object.keys(variables).length ? `(${JSON.stringify(variables)})` : ''}`))), h('p', { class: 'quiet' }, api.name)),
    list, h('footer', {}, h('span', { class: 'live-dot', 'aria-hidden': 'true' }), said));
  const lane = { id, node, closed: false };
  const host = new URL(api.url).host;
  const header = { host, ...authorization };
  const encoded = btoa(JSON.stringify(header));
  const url = `${api.realtimeUrl.replace(/^http/, 'ws')}?header=${encodeURIComponent(encoded)}&payload=e30=`;
  const socket = new WebSocket(url, 'graphql-ws');
  socket.onopen = () => socket.send(JSON.stringify({ type: 'connection_init' }));
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'connection_ack') socket.send(JSON.stringify({ id, type: 'start', payload: { data: JSON.stringify({ query, variables }), extensions: { authorization: header } } }));
    else if (message.type === 'start_ack') { said.textContent = 'subscribed, 0 received'; announce(`${user} is subscribed to ${field}`); }
    else if (message.type === 'data') {
      received += 1;
      said.textContent = `${received} received`;
      show(h('div', { class: 'message-head' }, h('b', {}, field), h('time', {}, time(Date.now(), false))), jsonView(message.payload?.data?.[field], { label: 'Message', open: false }), message.payload?.errors && jsonView(message.payload.errors, { label: 'Errors', open: false }));
    } else if (message.type === 'error' || message.type === 'connection_error') { said.textContent = 'refused'; show(jsonView(message.payload, { label: 'Refusal', open: false })); }
    else if (message.type === 'complete') said.textContent = 'ended by the server';
  };
  socket.onclose = () => { if (!lane.closed) said.textContent = `closed; ${received} received. Open it anew.`; };
  lanes.push(lane);
  drawLanes();
}

function openForm() {
  const field = (label, control) => h('label', { class: 'field' }, h('span', {}, label), control);
  const pick = (label) => h('select', { 'aria-label': label });
  const user = pick('User'), api = pick('API'), name = pick('Field');
  const query = h('input', { 'aria-label': 'Document', size: 60 }), variables = h('input', { 'aria-label': 'Variables', value: '{}', size: 20 });
  const fault = h('p', { role: 'alert', class: 'reason' });
  const apis = () => (store.state?.application.apis ?? []).flatMap((each) => each.apis);
  const chosen = () => apis().find((each) => each.name === api.value);
  const options = (node, values) => replace(node, values.map(([value, text]) => h('option', { value }, text)));
  const ofField = () => { query.value = chosen()?.subscriptions[name.value]?.selection ?? ''; };
  const ofApi = () => {
    const found = chosen();
    options(name, Object.keys(found?.subscriptions ?? {}).map((each) => [each, each]));
    const pools = (store.state?.application.pools ?? []).filter((each) => found?.pools.includes(each.id));
    options(user, [...pools.flatMap((pool) => pool.users.map((each) => [JSON.stringify({ pool: pool.id, user: each }), each])), ...(found?.keys ?? []).map((key, index) => [JSON.stringify({ key }), `API key ${index + 1}`])]);
    ofField();
  };
  api.onchange = ofApi;
  name.onchange = ofField;
  const form = h('form', { class: 'open-form', 'aria-label': 'Open a subscription', onsubmit: async (event) => {
    event.preventDefault();
    fault.textContent = '';
    try {
      const who = JSON.parse(user.value || '{}'), found = chosen();
      const values = JSON.parse(variables.value || '{}');
      const authorization = who.key ? { 'x-api-key': who.key } : { Authorization: (await post('token', who)).AccessToken };
      openLane(found, who.user ?? 'API key', name.value, query.value, values, authorization);
    } catch (error) { replace(fault, visible(String(error.message))); }
  } }, field('API', api), field('User', user), field('Field', name), field('Document', query), field('Variables', variables), button('Subscribe', { kind: 'primary', type: 'submit' }), fault);
  form.fill = () => { const before = api.value; options(api, apis().map((each) => [each.name, each.name])); if (before) api.value = before; ofApi(); };
  form.fill();
  return form;
}
