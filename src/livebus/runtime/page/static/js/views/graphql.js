/** @file GraphQL: one operation against one API, as a user, with an API key, or with IAM. */
import { get, post } from '../api.js';
import { copy } from '../clipboard.js';
import { h, replace, time, visible, wordsOf } from '../dom.js';
import { editor, graphqlColours } from '../editor.js';
import { button, icon } from '../icons.js';
import { jsonView } from '../json.js';
import { jsonFault } from '../json_fault.js';
import { chooser, gap, nothing, segmented } from '../parts.js';
import { apis, once, store, usersOf } from '../store.js';

const MODES = [
	['user', 'User'],
	['key', 'API key'],
	['iam', 'IAM'],
];
const MOST_RUNS = 20;
const EMPTY = 'query { __typename }';

/** @typedef {{ query: string, variables: string, who: string, isFine: boolean, words: string, at: number }} Run */
/** @typedef {{ status: number, body: GraphqlAnswer }} Answered */
/** @type {Run[]} */
const runs = [];
/** What was written stays while one looks elsewhere. */
const kept = { api: '', mode: 'iam', user: '', operation: '', variables: '{}' };

/** @type {View} */
export const graphqlView = (main) =>
	once(
		() => view(main),
		() => replace(main, nothing(store.state ? 'The application has no API.' : 'Connecting')),
	);

/** @type {(main: HTMLElement) => Stop | null} */
function view(main) {
	const api = apis().find((each) => each.name === kept.api) ?? apis()[0];
	if (!api) return null;
	const users = usersOf(api);
	const rule = store.state?.application.rules.find((each) => each.api === api.name);
	const answer = h('section.pane.try-result', { 'aria-label': 'Answer', 'aria-live': 'polite' });
	const operation = editor(kept.operation || rule?.operation || EMPTY, {
		label: 'Operation',
		colours: graphqlColours,
		submit: () => run(),
		oninput: (value) => {
			kept.operation = value;
		},
	});
	const variables = editor(kept.variables, {
		label: 'Variables',
		fault: jsonFault,
		submit: () => run(),
		oninput: (value) => {
			kept.variables = value;
		},
	});
	const calls = h('section', { 'aria-label': 'Calls of data sources' });
	const run = async () => {
		const began = performance.now();
		const signed = users.find((each) => each.user === kept.user) ?? users[0];
		const texts = { query: operation.area.value, variables: variables.area.value };
		/** @type {Answered} */
		const { status, body } = await ask(api, signed, texts).catch((error) => ({
			status: 0,
			body: { message: wordsOf(error) },
		}));
		const ms = performance.now() - began;
		const isFine = status === 200 && !body.errors;
		const words = body.errors?.[0]?.errorType ?? (status ? `HTTP ${status}` : 'not sent');
		const who = { user: signed?.user ?? 'nobody', key: 'API key' }[kept.mode] ?? 'IAM';
		runs.unshift({ ...texts, who, isFine, words, at: Date.now() });
		runs.length = Math.min(runs.length, MOST_RUNS);
		const said = status ? `HTTP ${status}${body.errors ? ' with errors' : ''}` : 'not sent';
		const all = () => copy(JSON.stringify(body, null, 2), 'the answer');
		replace(
			answer,
			h(
				'header.try-head',
				h('h2', 'Answer'),
				h(`span.badge.${isFine ? 'delivered' : 'refused'}`, icon(isFine ? 'check' : 'cross', 14), said),
				h('span.quiet', `${ms.toFixed(1)} ms, the browser's`),
				gap(),
				button('Copy', { icon: 'copy', kind: 'ghost', onclick: all }),
			),
			jsonView(/** @type {Json} */ (/** @type {unknown} */ (body)), { label: 'Answer' }),
			calls,
			past(operation, variables),
		);
		drawSourceCalls(calls);
	};
	const auth = h('div.auth');
	const drawAuth = (/** @type {string} */ mode) => {
		kept.mode = mode;
		const choose = (/** @type {string} */ user) => {
			kept.user = user;
		};
		const names = users.map(({ user }) => [user, user]);
		const key = api.keys.length ? "the API's first key" : `${api.name} has no API key`;
		replace(
			auth,
			segmented('Authorization', MODES, mode, drawAuth),
			mode === 'user'
				? chooser('User', names, kept.user, choose)
				: h('span.quiet', visible(mode === 'iam' ? 'this account' : key)),
		);
	};
	drawAuth(kept.mode);
	const pick = chooser(
		'API',
		apis().map(({ name }) => [name, name]),
		api.name,
		(name) => {
			Object.assign(kept, { api: name, operation: '' });
			view(main);
		},
	);
	pick.classList.add('pick');
	replace(
		answer,
		h('header.try-head', h('h2', 'Answer')),
		nothing('Run an operation to see its answer.'),
		calls,
		past(operation, variables),
	);
	drawSourceCalls(calls);
	replace(
		main,
		h(
			'section.pane.try-edit',
			{ 'aria-label': 'Operation' },
			h('header.compose-head', h('h1', 'GraphQL'), pick, gap(), auth),
			operation.node,
			h('h2.divider', 'Variables'),
			variables.node,
			h(
				'footer.compose-foot',
				h('span.quiet', 'A mutation reaches its subscribers, as on AWS.'),
				gap(),
				button('Run', { icon: 'play', kind: 'primary', key: 'Ctrl ⏎', onclick: run }),
			),
		),
		answer,
	);
	return () => {};
}

/** @type {(api: Api, signed: Signed | undefined, texts: { query: string, variables: string }) => Promise<Answered>} */
async function ask(api, signed, { query, variables }) {
	const request = { query, variables: JSON.parse(variables || '{}') };
	if (kept.mode === 'iam') return post('graphql', { url: api.url, request });
	const headers = new Headers({ 'Content-Type': 'application/json' });
	if (kept.mode === 'key') headers.set('x-api-key', api.keys[0] ?? '');
	else headers.set('Authorization', (await post('token', signed ?? {})).AccessToken);
	// Of this origin, by whatever of this machine's names the page was opened with.
	const found = await fetch(new URL(api.url).pathname, { method: 'POST', headers, body: JSON.stringify(request) });
	return { status: found.status, body: await found.json() };
}

/** @type {(operation: Sheet, variables: Sheet) => Child} */
const past = (operation, variables) =>
	runs.length > 0 && [
		h('h2.divider', 'History'),
		h(
			'ul.try-rows',
			{ 'aria-label': 'History' },
			runs.map((each) => {
				const onclick = () => {
					operation.set(each.query);
					variables.set(each.variables);
				};
				return h(
					'li',
					icon(each.isFine ? 'check' : 'cross', 14),
					h('button.link', { type: 'button', onclick }, visible(each.query.replace(/\s+/g, ' ').slice(0, 40))),
					h('span.preview', visible(each.who)),
					h('span.word', visible(each.words)),
					h('time', time(each.at, false)),
				);
			}),
		),
	];

/** What the last requests of clients asked data sources, this page's among them. @type {(call: SourceCall) => HTMLElement} */
const callRow = (call) =>
	h(
		'li',
		icon(call.errorType ? 'cross' : 'check', 14),
		h(
			'details',
			h('summary', visible(`${call.source} · ${call.request.slice(0, 60)}`)),
			h('pre', visible(call.request)),
			h('pre', visible(call.errorType ? `${call.errorType}: ${call.errorMessage}` : call.result)),
		),
		h('span.word', call.errorType ? visible(call.errorType) : call.ms === null ? '' : `${call.ms} ms`),
		h('time', time(call.at * 1000, false)),
	);

/** Draws them into an element; nothing where there are none. @type {(into: HTMLElement) => Promise<void>} */
async function drawSourceCalls(into) {
	const { calls } = await get('calls').catch(() => ({ calls: [] }));
	replace(
		into,
		calls.length > 0 && [
			h('h2.divider', 'Data sources'),
			h('ul.try-rows', { 'aria-label': 'Calls of data sources' }, calls.slice(0, MOST_RUNS).map(callRow)),
		],
	);
}
