/** @file GraphQL: one operation against one API, as a user, with an API key, or with IAM. */
import { post, reach } from '../api.js';
import { copy } from '../clipboard.js';
import { announce, go, h, replace, visible, wordsOf } from '../dom.js';
import { editor, graphqlColours, pretty } from '../editor.js';
import { focusIn } from '../focus.js';
import { button, icon } from '../icons.js';
import { jsonView } from '../json.js';
import { jsonFault } from '../json_fault.js';
import { choices, chooser, complaint, gap, nothing, segmented } from '../parts.js';
import { apis, listen, once, store, usersOf } from '../store.js';
import { drawSourceCalls, MOST_RUNS, past, runs } from './runs.js';

const MODES = Object.entries({ user: 'User', key: 'API key', iam: 'IAM' });
const EMPTY = 'query { __typename }';
const WAIT_MS = 250;

/** What was written stays while one looks elsewhere, and who asks. `filled` is what the page itself wrote as variables. */
const kept = { api: '', mode: 'iam', user: '', operation: '', variables: '', filled: '' };

/** @type {View} */
export const graphqlView = (main, [name]) =>
	once(
		() => view(main, name),
		() => replace(main, nothing(store.state ? 'The application has no API.' : 'Connecting')),
	);

/** @type {(text: string) => TextFault | null} */
function variablesFault(text) {
	if (!text.trim()) return null;
	const isObject = /^\s*\{/.test(text);
	return (
		jsonFault(text) ?? (isObject ? null : { line: 1, column: 1, message: 'expected an object: { "name": value }' })
	);
}

/** @type {(main: HTMLElement, name?: string) => Stop | null} */
function view(main, name) {
	const known = () => apis().find((each) => each.name === api?.name) ?? api;
	const wanted = (/** @type {string | undefined} */ id) => apis().find((each) => each.name === id);
	const api = wanted(name) ?? wanted(kept.api) ?? apis()[0];
	if (!api) return null;
	const ofRules = (store.state?.application.rules ?? []).filter((each) => each.api === api.name && each.operation);
	if (kept.api !== api.name)
		Object.assign(kept, { api: api.name, operation: ofRules[0]?.operation ?? EMPTY, variables: '', filled: '' });
	const users = () => usersOf(known());
	const wrongOperation = complaint();
	const wrongVariables = complaint();
	const fillIn = button('Fill in', { kind: 'small', hidden: true });
	let asked = 0;
	let timer = 0;
	const given = () => (variablesFault(kept.variables) ? {} : JSON.parse(kept.variables.trim() || '{}'));
	/** What the operation declares: into variables that nobody has touched, else offered. */
	const declare = async () => {
		asked += 1;
		const own = asked;
		const found = await post('operation', { url: api.url, query: kept.operation }).catch(() => null);
		if (!found || own !== asked) return;
		wrongOperation.tellFault(found.fault);
		const declared = found.variables ?? {};
		const isOurs = [kept.filled.trim(), '', '{}'].includes(kept.variables.trim());
		if (found.variables && isOurs) {
			kept.filled = pretty(declared);
			variables.set(kept.filled);
		}
		fillIn.hidden = Object.keys(declared).every((each) => each in given());
		fillIn.onclick = () => {
			variables.set(pretty({ ...declared, ...given() }));
			variables.area.focus();
		};
	};
	const later = () => {
		clearTimeout(timer);
		timer = setTimeout(declare, WAIT_MS);
	};
	const operation = editor(kept.operation, {
		label: 'Operation',
		colours: graphqlColours,
		submit: () => run(),
		oninput: (value) => {
			kept.operation = value;
			later();
		},
	});
	const variables = editor(kept.variables, {
		label: 'Variables',
		fault: variablesFault,
		submit: () => run(),
		oninput: (value, wrong) => {
			kept.variables = value;
			wrongVariables.tellFault(wrong);
			if (value !== kept.filled) later();
		},
	});
	/** An operation to begin with: a rule's own, or one that is made for a field. @type {(value: string) => Promise<void>} */
	const begin = async (value) => {
		const [kind, field] = value.split(' ');
		try {
			const query =
				kind === 'rule'
					? ofRules[Number(field)].operation
					: (await post('operation', { url: api.url, kind, field })).query;
			variables.set('');
			operation.set(query ?? '');
		} catch (error) {
			wrongOperation.tell(wordsOf(error));
		}
	};
	const from = chooser('Begin with', [], '', begin);
	const offer = () => {
		const { query = [], mutation = [] } = known().operations;
		/** @type {[string, string[][]][]} */
		const groups = [
			['Of rules', ofRules.map((each, index) => [`rule ${index}`, `${each.rule}: ${each.field}`])],
			['Queries', query.map((each) => [`query ${each}`, each])],
			['Mutations', mutation.map((each) => [`mutation ${each}`, each])],
		];
		replace(
			from,
			h('option', { value: '', hidden: true }, 'Begin with…'),
			groups.map(([label, all]) => all.length > 0 && h('optgroup', { label }, choices(all))),
		);
	};
	offer();
	const answer = h('section.pane.try-result', { 'aria-label': 'Answer' });
	const calls = h('section', { 'aria-label': 'Calls of data sources' });
	/** @type {(shown: Child, ...head: Child[]) => void} */
	const show = (shown, ...head) => {
		const back = focusIn(answer);
		replace(answer, h('header.try-head', h('h2', 'Answer'), head), shown, calls, past(operation, variables));
		back(answer);
		drawSourceCalls(calls);
	};
	const run = async () => {
		if (variablesFault(kept.variables)) {
			variables.area.focus();
			return;
		}
		const began = performance.now();
		const signed = users().find((each) => each.user === kept.user) ?? users()[0];
		const texts = { query: kept.operation, variables: kept.variables };
		/** @type {Posted['graphql']} */
		const { status, body } = await ask(known(), signed, texts).catch((error) => ({
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
		show(
			jsonView(/** @type {any} */ (body), { label: 'Answer' }),
			h(`span.badge.${isFine ? 'delivered' : 'refused'}`, icon(isFine ? 'check' : 'close', 14), said),
			h('span.quiet', `${ms.toFixed(1)} ms, the browser's`),
			gap(),
			button('Copy', { icon: 'copy', kind: 'ghost', onclick: all }),
		);
		announce(`${said}${words === said ? '' : `: ${words}`}`);
	};
	const auth = h('div.auth');
	const drawAuth = (/** @type {string} */ mode) => {
		kept.mode = mode;
		const choose = (/** @type {string} */ user) => {
			kept.user = user;
		};
		const names = users().map(({ user }) => [user, user]);
		const key = known().keys.length ? "the API's first key" : `${api.name} has no API key`;
		const back = focusIn(auth);
		replace(
			auth,
			segmented('Authorization', MODES, mode, drawAuth),
			mode === 'user'
				? chooser('User', names, kept.user, choose)
				: h('span.quiet', visible(mode === 'iam' ? 'this account' : key)),
		);
		back(auth);
	};
	drawAuth(kept.mode);
	const names = apis().map((each) => [each.name, each.name]);
	const pick = chooser('API', names, api.name, (next) => go(`#/graphql/${encodeURIComponent(next)}`));
	pick.classList.add('pick');
	show(nothing('Run an operation to see its answer.'));
	const foot = h(
		'footer.compose-foot',
		h('span.quiet', 'A mutation reaches its subscribers, as on AWS.'),
		gap(),
		button('Run', { icon: 'play', kind: 'primary', key: 'Ctrl ⏎', onclick: run }),
	);
	replace(
		main,
		h(
			'section.pane.try-edit',
			{ 'aria-label': 'Operation' },
			h('header.compose-head', h('h1', 'GraphQL'), pick, gap(), auth),
			h(
				'div.sheets',
				sheet('Operation', from, operation, wrongOperation),
				sheet('Variables', fillIn, variables, wrongVariables),
			),
			foot,
		),
		answer,
	);
	const changed = () => {
		offer();
		drawAuth(kept.mode);
		declare();
	};
	const unlisten = listen(['change'], changed);
	return () => {
		clearTimeout(timer);
		unlisten();
	};
}

/** @type {(title: string, tool: HTMLElement, text: Sheet, wrong: { node: HTMLElement }) => HTMLElement} */
const sheet = (title, tool, text, wrong) =>
	h('div.pane', h('div.divider', h('h2', title), gap(), tool), text.node, wrong.node);

/** @type {(api: Api, signed: Signed | undefined, texts: { query: string, variables: string }) => Promise<Posted['graphql']>} */
async function ask(api, signed, { query, variables }) {
	const request = { query, variables: JSON.parse(variables.trim() || '{}') };
	if (kept.mode === 'iam') return post('graphql', { url: api.url, request });
	const headers = new Headers({ 'Content-Type': 'application/json' });
	if (kept.mode === 'key') headers.set('x-api-key', api.keys[0] ?? '');
	else headers.set('Authorization', (await post('token', signed ?? {})).AccessToken);
	// Of this origin, by whatever of this machine's names the page was opened with.
	const found = await reach(new URL(api.url).pathname, { method: 'POST', headers, body: JSON.stringify(request) });
	return { status: found.status, body: await found.json() };
}
