/**
 * @file Documents of the runtime: every request carries the page's token, which no page of another origin can read.
 */

const BASE = '/_livebus/page/';

/** @type {(page: Document) => string} */
const tokenOf = (page) => page.querySelector('meta[name=livebus-page]')?.getAttribute('content') ?? '';
let token = tokenOf(document);

export class ApiError extends Error {
	/**
	 * @param {number} status
	 * @param {string} message
	 */
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

/** Of what was thrown; 0 where it is no answer. @type {(error: unknown) => number} */
export const statusOf = (error) => (error instanceof ApiError ? error.status : 0);
/** Whether the runtime did not answer at all. @type {(error: unknown) => boolean} */
export const isAway = (error) => error instanceof ApiError && !error.status;

/** As `fetch`, in words of ours where nobody answers. @type {typeof fetch} */
export const reach = (where, options) =>
	fetch(where, options).catch(() => {
		throw new ApiError(0, 'The runtime does not answer.');
	});

/** The runtime was started again: its page has another token. Whoever may read the page may have it. */
async function renewToken() {
	const answer = await fetch('/', { headers: { Accept: 'text/html' }, cache: 'no-store' });
	const found = tokenOf(new DOMParser().parseFromString(await answer.text(), 'text/html'));
	const isNew = found !== '' && found !== token;
	if (isNew) token = found;
	return isNew;
}

/** @type {(method: string, name: string, body?: object, again?: boolean) => Promise<any>} */
async function ask(method, name, body, again = true) {
	const answer = await reach(BASE + name, {
		method,
		headers: { 'X-Livebus-Page': token, ...(body && { 'Content-Type': 'application/json' }) },
		body: body && JSON.stringify(body),
		cache: 'no-store',
	});
	if (answer.status === 403 && again && (await renewToken())) return ask(method, name, body, false);
	const document = await answer.json();
	if (!answer.ok) throw new ApiError(answer.status, document.error?.message ?? `HTTP ${answer.status}`);
	return document;
}

/** @type {<N extends string>(name: N) => Promise<DocumentOf<N>>} */
export const get = (name) => ask('GET', name);
/** @type {<N extends keyof Posted>(name: N, body: object) => Promise<Posted[N]>} */
export const post = (name, body) => ask('POST', name, body);
/** @type {(name: string, body: object) => Promise<{ file: string }>} */
export const put = (name, body) => ask('PUT', name, body);

/**
 * Lines of JSON as they come; `tell` hears each. Ends when the runtime does, or `signal` says so.
 * @type {(after: number, tell: (line: Line) => void, signal: AbortSignal) => Promise<void>}
 */
export async function stream(after, tell, signal) {
	const headers = { 'X-Livebus-Page': token };
	const answer = await fetch(`${BASE}stream?after=${after}`, { headers, cache: 'no-store', signal });
	if (answer.status === 403 && (await renewToken())) return stream(after, tell, signal);
	if (!answer.ok || !answer.body) throw new ApiError(answer.status, `HTTP ${answer.status}`);
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
