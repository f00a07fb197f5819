/** @file Failed: what waits for another try, what went to dead-letter queues, and archives to replay from. */
import { get, post } from '../api.js';
import { announce, bytes, count, h, replace, time, visible, wordsOf } from '../dom.js';
import { focusIn } from '../focus.js';
import { button, icon, known, outcomeIcon } from '../icons.js';
import { block, chooser, gap, grid, nothing, row, swatch, tally } from '../parts.js';
import { lineOf, listen } from '../store.js';
import { letterGroup } from './letters.js';

const LONGEST = 80;
const HOUR = 3600;
/** What is chosen of an archive, by its ARN. @type {Map<string, { hours: string, rule: string }>} */
const wanted = new Map();

/** @type {View} */
export function failedView(main) {
	const said = h('p.quiet');
	const body = h('div');
	const tell = (/** @type {string} */ words) => {
		replace(said, visible(words));
		announce(words);
	};
	replace(
		main,
		h(
			'div.page-head',
			h('h1', 'Failed'),
			h('p.quiet', 'What waits for another try, and what was given up.'),
			gap(),
			said,
		),
		body,
	);
	const read = async () => {
		try {
			const found = await get('failed');
			const back = focusIn(body);
			replace(body, retries(found.retries, act), letters(found.letters, act), archives(found.archives, act));
			back(body);
		} catch (error) {
			tell(wordsOf(error));
		}
	};
	/** @type {Act} */
	const act = async (name, request, words) => {
		tell(await post(name, request).then(words, wordsOf));
		await read();
	};
	read();
	return listen(['state'], read);
}

/** @type {(rows: Retry[], act: Act) => HTMLElement} */
function retries(rows, act) {
	const title = 'Waiting for another try';
	const shown = rows.map(({ row: at, id, detailType, preview, rule, target, cause, message, attempts, due }) =>
		row(
			h('a', { href: `#/events/${id}` }, visible(`${detailType}  ·  ${preview}`.slice(0, LONGEST))),
			[swatch(lineOf(rule)), visible(target)],
			[h('code', visible(cause)), h('span.quiet', visible(` ${message}`.slice(0, LONGEST)))],
			String(attempts),
			h('time', time(due * 1000, false)),
			button('Try now', {
				kind: 'small',
				'data-key': `retry ${at}`,
				onclick: () => act('retry', { row: at }, () => 'Tried again'),
			}),
		),
	);
	const heading = [tally(rows.length), gap(), rows.length > 0 && known('ours', 'the back-off curve')];
	return block(
		title,
		[outcomeIcon('retrying'), heading],
		rows.length
			? grid(title, ['Event', 'Target', 'Cause', 'Attempts so far', 'Next', ''], shown)
			: nothing('Nothing waits.'),
	);
}

/** @type {(groups: LetterGroup[], act: Act) => HTMLElement} */
function letters(groups, act) {
	const number = groups.reduce((sum, each) => sum + each.count, 0);
	const heading = [outcomeIcon('dead'), tally(number), gap(), number > 0 && h('span.quiet', 'by cause')];
	return block(
		'Dead letters',
		heading,
		number
			? groups.map((each, index) => letterGroup(each, act, index === 0))
			: nothing('No dead letter lies in a queue.'),
	);
}

/** @type {(rows: Archive[], act: Act) => HTMLElement} */
function archives(rows, act) {
	const heading = [icon('clock'), tally(rows.length)];
	return block(
		'Archives',
		heading,
		rows.length
			? grid(
					'Archives',
					['Archive', 'Of bus', 'Events', 'Kept', 'Replay', ''],
					rows.map((each) => archive(each, act)),
				)
			: nothing('No archive: with an AWS::Events::Archive events can be replayed.'),
	);
}

/** @type {(archive: Archive, act: Act) => HTMLElement} */
function archive({ name, arn, bus, busArn, events, bytes: size, days, rules, replay }, act) {
	const chosen = wanted.get(arn) ?? { hours: '1', rule: '' };
	wanted.set(arn, chosen);
	const hours = h('input', {
		value: chosen.hours,
		'aria-label': 'How many hours back',
		'data-key': `hours ${arn}`,
		size: 4,
		inputmode: 'decimal',
		oninput: () => {
			chosen.hours = hours.value;
		},
	});
	const all = [['', 'all rules'], ...Object.entries(rules).map(([rule, each]) => [each, rule])];
	const through = chooser('Rules', all, chosen.rule, (rule) => {
		chosen.rule = rule;
	});
	through.dataset.key = `rules ${arn}`;
	const start = () => {
		const request = { archive: arn, bus: busArn, rule: through.value, seconds: Number(hours.value) * HOUR };
		return act('replay', request, (started) => `Replay ${started.replay}: ${started.state}`);
	};
	return row(
		h('b', visible(name)),
		h('code', visible(bus)),
		`${events.toLocaleString('en')} · ${bytes(size)}`,
		days ? count(days, 'day') : 'for ever',
		[
			h('span.inline-form.quiet', 'the last ', hours, ' h through ', through),
			replay && h('span.quiet', visible(` ${replay}`)),
		],
		button('Replay', { icon: 'again', kind: 'small', 'data-key': `replay ${arn}`, disabled: !events, onclick: start }),
	);
}
