/**
 * @file Try: another pattern, or another template, over the events that are kept. Nothing is changed: it is copied back as YAML.
 */
import { post } from '../api.js';
import { copy } from '../clipboard.js';
import { announce, go, h, replace, time, visible, wordsOf } from '../dom.js';
import { editor, pretty } from '../editor.js';
import { focusIn } from '../focus.js';
import { button, outcomeIcon } from '../icons.js';
import { jsonFault } from '../json_fault.js';
import { chooser, faultWords, gap, nothing, segmented } from '../parts.js';
import { listen, once, ruleNames, store } from '../store.js';

const WAIT_MS = 150;
const NEWS_MS = 400;
const MOST_ROWS = 500;
const MODES = Object.entries({ pattern: 'Pattern', transformer: 'Transformer' });

/** @type {View} */
export const tryView = (main, [name, mode]) =>
	once(
		() => trial(main, name, mode === 'transformer' ? mode : 'pattern'),
		() => replace(main, nothing(store.state ? 'No rule is at work.' : 'Connecting')),
	);

/** @type {(main: HTMLElement, name: string, mode: 'pattern' | 'transformer') => Stop | null} */
function trial(main, name, mode) {
	const byPattern = mode === 'pattern';
	const rules = () => (store.state?.application.rules ?? []).filter((each) => each.pattern);
	const found = rules().find((each) => each.rule === name) ?? rules()[0];
	if (!found) return null;
	/** @type {(rule: Rule) => string} */
	const declared = (rule) => (byPattern ? pretty(JSON.parse(rule.pattern ?? '{}')) : (rule.template ?? ''));
	let rule = found;
	let given = declared(rule);
	const result = h('section.pane.try-result', { 'aria-label': 'Recorded events' });
	let text = given;
	let timer = 0;
	let asked = 0;
	const run = async () => {
		asked += 1;
		const own = asked;
		const { arn, target } = rule;
		const request = byPattern ? { rule: arn, pattern: text } : { rule: arn, target, template: text };
		/** @type {Verdicts} */
		const answer = await post('try', request).catch((error) => ({ fault: { message: wordsOf(error) } }));
		if (own === asked) draw(answer);
	};
	/** @type {(answer: Verdicts) => void} */
	const draw = ({ fault, rows = [] }) => {
		const back = focusIn(result);
		if (!fault) replace(result, summed(rows, byPattern), verdicts(rows, byPattern, rule.bus));
		else
			replace(
				result,
				h('header.try-head', h('h2', `EventBridge refuses this ${byPattern ? 'pattern' : 'template'}`)),
				faultNote(fault),
			);
		back(result);
		// Only what is another answer is said; events may come all the time.
		const title = result.querySelector('h2')?.textContent ?? '';
		if (said && title !== said && !fault) announce(title);
		said = title;
	};
	let said = '';
	const later = (/** @type {number} */ ms) => {
		clearTimeout(timer);
		timer = setTimeout(run, ms);
	};
	const sheet = editor(given, {
		label: byPattern ? 'Event pattern' : 'Input template',
		fault: byPattern ? jsonFault : undefined,
		oninput: (value, wrong) => {
			text = value;
			asked += 1;
			if (!wrong) later(WAIT_MS);
			else {
				clearTimeout(timer);
				replace(result, faultNote(wrong));
			}
		},
	});
	const pick = chooser(
		'Rule',
		ruleNames().map((each) => [each, each]),
		rule.rule,
		(next) => go(`#/try/${encodeURIComponent(next)}/${mode}`),
	);
	pick.classList.add('pick');
	const to = (/** @type {string} */ next) => go(`#/try/${encodeURIComponent(rule.rule)}/${next}`);
	const yaml = () => copy(byPattern ? patternYaml(text) : templateYaml(text), 'as YAML');
	replace(
		main,
		h(
			'section.pane.try-edit',
			{ 'aria-label': 'Trial' },
			h('header.compose-head', h('h1', 'Try'), pick, gap(), segmented('What to try', MODES, mode, to)),
			sheet.node,
			h(
				'footer.compose-foot',
				h('span.quiet', visible(`${rule.where} stays as it is`)),
				gap(),
				button('Reset', { icon: 'again', onclick: () => sheet.set(given) }),
				button('Copy as YAML', { icon: 'copy', kind: 'primary', onclick: yaml }),
			),
		),
		result,
	);
	/** Another application runs: what is typed stays, what was its text is its new one. */
	const change = () => {
		const next = rules().find((each) => each.arn === rule.arn && each.target === rule.target);
		if (!next) return;
		const isAsGiven = text === given;
		rule = next;
		given = declared(next);
		if (isAsGiven && text !== given) sheet.set(given);
		else later(NEWS_MS);
	};
	const again = () => store.link === 'open' && later(0);
	const stops = [listen(['events'], () => later(NEWS_MS)), listen(['change'], change), listen(['link'], again)];
	return () => {
		clearTimeout(timer);
		for (const stop of stops) stop();
	};
}

/** @type {(fault: FaultNote) => HTMLElement} */
const faultNote = (fault) => h('p.fault-note', { role: 'alert' }, visible(faultWords(fault)));

/** @type {(rows: Verdict[], byPattern: boolean) => HTMLElement} */
function summed(rows, byPattern) {
	const number = (/** @type {(each: Verdict) => unknown} */ test) => rows.filter(test).length;
	const gained = number((each) => each.now && !each.before);
	const lost = number((each) => !each.now && each.before);
	const changed = number((each) => each.differs);
	const matches = number((each) => each.now);
	return h(
		'header.try-head',
		h('h2', `${matches} of ${rows.length} recorded events ${byPattern ? 'match' : 'are transformed'}`),
		gap(),
		gained > 0 && h('span.delta.plus', `+${gained} new`),
		lost > 0 && h('span.delta.minus', `−${lost} lost`),
		changed > 0 && h('span.quiet', `${changed} with another result`),
		!gained && !lost && !changed && h('span.quiet', 'as in the template'),
	);
}

/** What differs from the template's own verdict comes first. @type {(rows: Verdict[], byPattern: boolean, bus: string) => HTMLElement} */
function verdicts(rows, byPattern, bus) {
	if (!rows.length) return nothing(visible(`No event of the bus ${bus} is kept yet.`));
	const order = [...rows].sort((a, b) => Number(a.now === a.before) - Number(b.now === b.before));
	return h(
		'ul.try-rows',
		{ 'aria-label': 'Verdicts' },
		order.slice(0, MOST_ROWS).map((each) => {
			const { id, at, detailType, preview, now, before, words } = each;
			return h(
				`li.${now ? 'yes' : 'no'}${now === before ? '' : '.changed'}`,
				outcomeIcon(now ? 'delivered' : 'unmatched', 14),
				h('a', { href: `#/events/${id}`, dir: 'auto' }, visible(detailType)),
				h('span.preview', visible(byPattern && now ? preview : words)),
				h('span.word', wordOf(each, byPattern)),
				h('time', time(at * 1000, false)),
			);
		}),
	);
}

/** @type {(verdict: Verdict, byPattern: boolean) => string} */
function wordOf({ now, before, differs }, byPattern) {
	if (!now) return before ? 'would be lost' : 'no match';
	if (!before) return 'would match, new';
	if (byPattern) return 'matches';
	return differs ? 'another result' : 'as before';
}

/** JSON is YAML: a pattern stands in a template as it is, indented below its name. @type {(text: string) => string} */
const indented = (text) =>
	text
		.split('\n')
		.map((line) => `  ${line}`)
		.join('\n');
/** @type {(text: string) => string} */
const patternYaml = (text) => `EventPattern:\n${indented(text)}\n`;
/** @type {(text: string) => string} */
const templateYaml = (text) => `InputTemplate: |-\n${indented(text)}\n`;
