// GraphQL: one operation against one API, as a user, with an API key, or with IAM.
import { get, post } from '../api.js';
import { copy } from '../clipboard.js';
import { h, replace, time, visible } from '../dom.js';
import { button, icon } from '../icons.js';
import { editor, highlightGraphql, jsonView } from '../json.js';
import { jsonFault } from '../json_fault.js';
import { listen, store } from '../store.js';
import { segmented } from './try.js';

const history = [];
const kept = { api: '', mode: 'iam', user: '', operation: null, variables: '{}' };

export function graphqlView(main) {
  const apis = (store.state?.application.apis ?? []).flatMap((each) => each.apis);
  if (!apis.length) {
    replace(main, h('p', { class: 'nothing' }, store.state ? 'The application has no API.' : 'Connecting'));
    let stop = () => {};
    const unlisten = listen(['state'], () => { if (!store.state?.application.apis.flatMap((each) => each.apis).length) return; unlisten(); stop = graphqlView(main); });
    return () => { unlisten(); stop(); };
  }
  const api = apis.find((each) => each.name === kept.api) ?? apis[0];
  const users = store.state.application.pools.filter((each) => api.pools.includes(each.id)).flatMap((pool) => pool.users.map((user) => ({ pool: pool.id, user })));
  const rule = store.state.application.rules.find((each) => each.api === api.name);
  const auth = h('div', { class: 'auth' });
  const user = h('select', { 'aria-label': 'User', onchange: () => { kept.user = user.value; } }, users.map((each) => h('option', { value: JSON.stringify(each), selected: JSON.stringify(each) === kept.user }, each.user)));
  const drawAuth = (mode) => {
    kept.mode = mode;
    replace(auth, segmented('Authorization', [['user', 'User'], ['key', 'API key'], ['iam', 'IAM']], mode, drawAuth),
      mode === 'user' ? user : mode === 'iam' ? h('span', { class: 'quiet' }, 'this account') : h('span', { class: 'quiet' }, api.keys.length ? 'the API\'s first key' : `${api.name} has no API key`));
  };
  drawAuth(kept.mode);
  const answer = h('section', { class: 'pane try-result', 'aria-label': 'Answer', 'aria-live': 'polite' });
  const operation = editor(kept.operation ?? rule?.operation ?? 'query { __typename }', { label: 'Operation', colours: highlightGraphql, oninput: (value) => { kept.operation = value; } });
  const variables = editor(kept.variables, { label: 'Variables', oninput: (value) => { kept.variables = value; }, fault: jsonFault });
  const past = () => (history.length ? [h('h2', { class: 'divider' }, 'History'), h('ul', { class: 'try-rows', 'aria-label': 'History' }, history.map((each) => h('li', {}, icon(each.ok ? 'check' : 'cross', 14), h('button', { type: 'button', class: 'link', onclick: () => { operation.set(each.query); variables.set(each.variables); } }, visible(each.query.replace(/\s+/g, ' ').slice(0, 40))), h('span', { class: 'preview' }, visible(each.who)), h('span', { class: 'word' }, each.words), h('time', {}, time(each.at, false)))))] : []);
  // What the last requests of clients asked data sources, this page's among them.
  const calls = h('section', { 'aria-label': 'Calls of data sources' });
  const drawCalls = async () => {
    const found = await get('calls').then((document) => document.calls, () => []);
    replace(calls, found.length > 0 && [h('h2', { class: 'divider' }, 'Data sources'), h('ul', { class: 'try-rows', 'aria-label': 'Calls of data sources' }, found.slice(0, 20).map((each) => h('li', {}, icon(each.errorType ? 'cross' : 'check', 14),
      h('details', {}, h('summary', {}, visible(`${each.source} · ${each.request.slice(0, 60)}`)), h('pre', {}, visible(each.request)), h('pre', {}, visible(each.errorType ? `${each.errorType}: ${each.errorMessage}` : each.result))),
      h('span', { class: 'word' }, each.errorType ? visible(each.errorType) : each.ms === null ? '' : `${each.ms} ms`), h('time', {}, time(each.at * 1000, false)))))]);
  };
  const run = async () => {
    const began = performance.now(), who = kept.mode === 'user' ? (users.length ? JSON.parse(user.value).user : 'nobody') : kept.mode === 'key' ? 'API key' : 'IAM';
    let status = 0, body;
    try {
      const request = { query: operation.area.value, variables: JSON.parse(variables.area.value || '{}') };
      if (kept.mode === 'iam') ({ status, body } = await post('graphql', { url: api.url, request }));
      else {
        const headers = kept.mode === 'key' ? { 'x-api-key': api.keys[0] ?? '' } : { Authorization: (await post('token', JSON.parse(user.value))).AccessToken };
        // Of this origin, by whatever of this machine's names the page was opened with.
        const found = await fetch(new URL(api.url).pathname, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(request) });
        status = found.status;
        body = await found.json();
      }
    } catch (error) { body = { message: String(error.message) }; }
    const ok = status === 200 && !body?.errors;
    const words = body?.errors?.[0]?.errorType ?? (status ? `HTTP ${status}` : 'not sent');
    history.unshift({ query: operation.area.value, variables: variables.area.value, who, ok, words, at: Date.now() });
    history.length = Math.min(history.length, 20);
    replace(answer,
      h('header', { class: 'try-head' }, h('h2', {}, 'Answer'), h('span', { class: `badge ${ok ? 'delivered' : 'refused'}` }, icon(ok ? 'check' : 'cross', 14), status ? `HTTP ${status}${body?.errors ? ' with errors' : ''}` : 'not sent'), h('span', { class: 'quiet' }, `${(performance.now() - began).toFixed(1)} ms, the browser's`), h('span', { class: 'grow' }), button('Copy', { icon: 'copy', kind: 'ghost', onclick: () => copy(JSON.stringify(body, null, 2), 'the answer') })),
      jsonView(body, { label: 'Answer' }), calls, past());
    drawCalls();
  };
  for (const each of [operation, variables]) each.area.addEventListener('keydown', (event) => { if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') run(); });
  replace(answer, h('header', { class: 'try-head' }, h('h2', {}, 'Answer')), h('p', { class: 'nothing' }, 'Run an operation to see its answer.'), calls, past());
  drawCalls();
  replace(main,
    h('section', { class: 'pane try-edit', 'aria-label': 'Operation' },
      h('header', { class: 'compose-head' }, h('h1', {}, 'GraphQL'), h('select', { class: 'pick', 'aria-label': 'API', onchange: (event) => { kept.api = event.target.value; kept.operation = null; graphqlView(main); } }, apis.map((each) => h('option', { value: each.name, selected: each === api }, each.name))), h('span', { class: 'grow' }), auth),
      operation, h('h2', { class: 'divider' }, 'Variables'), variables,
      h('footer', { class: 'compose-foot' }, h('span', { class: 'quiet' }, 'A mutation reaches its subscribers, as on AWS.'), h('span', { class: 'grow' }), button('Run', { icon: 'play', kind: 'primary', key: 'Ctrl ⏎', onclick: run }))),
    answer);
  return undefined;
}
