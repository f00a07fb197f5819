// Documents of the runtime: every request carries the page's token, which no page of another origin can read.

const BASE = '/_livebus/page/';
let token = document.querySelector('meta[name=livebus-page]')?.getAttribute('content') ?? '';

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

// The runtime was started again: its page has another token. Whoever may read the page may have it.
export async function renewToken() {
  const answer = await fetch('/', { headers: { Accept: 'text/html' }, cache: 'no-store' });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const found = page.querySelector('meta[name=livebus-page]')?.getAttribute('content') ?? '';
  const isNew = found !== '' && found !== token;
  if (found) token = found;
  return isNew;
}

function headers(hasBody) {
  return hasBody ? { 'X-Livebus-Page': token, 'Content-Type': 'application/json' } : { 'X-Livebus-Page': token };
}

async function ask(method, name, body, again = true) {
  const answer = await fetch(BASE + name, { method, headers: headers(method !== 'GET'), body: body === undefined ? undefined : JSON.stringify(body), cache: 'no-store' });
  if (answer.status === 403 && again && await renewToken()) return ask(method, name, body, false);
  const document = await answer.json();
  if (!answer.ok) throw new ApiError(answer.status, document.error?.code ?? '', document.error?.message ?? `HTTP ${answer.status}`);
  return document;
}

export const get = (name) => ask('GET', name);
export const post = (name, body) => ask('POST', name, body);
export const put = (name, body) => ask('PUT', name, body);

// Lines of JSON as they come; `tell` hears each. Ends when the runtime does, or `signal` says so.
export async function stream(after, tell, signal) {
  const answer = await fetch(`${BASE}stream?after=${after}`, { headers: headers(false), cache: 'no-store', signal });
  if (answer.status === 403 && await renewToken()) return;
  if (!answer.ok || !answer.body) throw new ApiError(answer.status, '', `HTTP ${answer.status}`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line) tell(JSON.parse(line));
  }
}
