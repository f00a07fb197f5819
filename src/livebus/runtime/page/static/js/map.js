/** @file The way as an underground map: one shared station, one line for each rule, five stops. */
import { count, h, replace, s, visible } from './dom.js';
import { outcomeIcon } from './icons.js';

/** @type {Station[]} */
export const STATIONS = ['event', 'rule', 'transformer', 'mutation', 'subscribers'];
const TITLES = {
	event: 'Event',
	rule: 'Rule',
	transformer: 'Transformer',
	mutation: 'Mutation',
	subscribers: 'Subscribers',
};
/** By arrow: along lines, along stations. @type {Record<string, number[]>} */
const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
const ROW = 62,
	TOP = 15,
	RADIUS = 7;

/** Ends a line before its subscribers. */
export const FAILED = ['dead', 'retrying', 'lost', 'failed'];

/**
 * What a stop says: its name, a note below it, and how the line ends there, if it does.
 * @type {(way: Way, station: Station, dry: boolean) => Stopped | null}
 */
function stop(way, station, dry) {
	const { matches, state } = way;
	if (station === 'rule') {
		if (matches) return { name: way.rule, note: dry ? 'would match' : 'matches' };
		const number = way.conditions.filter((each) => !each.met).length;
		return { name: way.rule, note: `no match${number ? `: ${count(number, 'condition')}` : ''}`, end: 'unmatched' };
	}
	if (!matches) return null;
	if (way.kind === 'none')
		return station === 'transformer' ? { name: 'no target here', note: way.note, off: true } : null;
	if (station === 'transformer') {
		if (way.input === null && way.inputFault) return { name: 'cannot be made', note: way.inputFault, end: 'dead' };
		if (way.variables.length) return { name: count(way.variables.length, 'variable'), note: way.form };
		return { name: way.form === 'event' ? 'the event itself' : (way.form ?? '') };
	}
	return station === 'mutation' ? atMutation(way, dry) : atSubscribers(way, state, dry);
}

/** @type {(way: Way, dry: boolean) => Stopped} */
function atMutation(way, dry) {
	const last = way.attempts.at(-1);
	const name = way.field ?? '';
	const code = last?.steps.find((each) => each.station === 'failure')?.code;
	if (!last) return { name, note: dry ? way.note || 'would run' : 'waits', end: dry ? undefined : 'travelling' };
	if (way.state === 'retrying') return { name, note: `attempt ${last.number} · ${code ?? ''}`, end: 'retrying' };
	if (FAILED.includes(way.state)) return { name, note: code ?? (way.note || 'fails'), end: 'dead' };
	if (way.kind !== 'api') return { name, note: way.note ? 'not emulated' : 'handed over' };
	const answer = last.steps.find((each) => each.station === 'execution');
	if (answer?.errors?.length) return { name, note: `${answer.status} with errors` };
	const ms = last.ms === null ? '' : ` · ${last.ms.toFixed(1)} ms`;
	return { name, note: `${dry ? 'would answer ' : ''}${answer?.status ?? ''}${ms}` };
}

/** @type {(way: Way, state: string, dry: boolean) => Stopped} */
function atSubscribers(way, state, dry) {
	const name = way.subscriptions?.[0];
	if (state === 'dead') return { name: 'dead letter', note: way.queue, off: true };
	if (state === 'lost') return { name: 'lost', note: 'no dead-letter queue', off: true };
	if (state === 'failed')
		return { name: 'nobody', note: way.queue ? `would go to ${way.queue}` : 'would be lost', off: true };
	if (state === 'retrying')
		return { name: 'waits', note: `again after ${way.attempts.at(-1)?.steps.at(-1)?.retryIn} s`, off: true };
	if (state === 'travelling') return { name: name ?? 'waits', note: dry ? way.note : 'on its way', off: true };
	if (way.kind === 'function') return { name: 'function', note: 'runs by itself' };
	if (way.kind === 'destination') return { name: way.target, note: way.note ? 'nothing is sent' : 'has it' };
	const all = way.reached + (way.withheld ?? []).length;
	return {
		name: name ?? 'no subscription',
		note: all ? `${dry ? 'would reach ' : 'to '}${way.reached} of ${all}` : 'nobody is subscribed',
		end: way.reached ? (dry ? undefined : 'delivered') : 'nobody',
	};
}

/** @type {(event: Pick<Ways, 'ways' | 'bus' | 'refused' | 'stop'>, drawing: Drawing) => HTMLElement} */
export function lineMap(event, { dry = false, heads = true, selected, select, travel = false }) {
	const lines = s('svg.tracks', { 'aria-hidden': 'true' });
	/** @type {{ node: HTMLElement, track: number, station: Station }[]} */
	const cells = [];
	/** @type {(track: number, station: Station, info: Stopped, way?: Way) => HTMLElement} */
	const cell = (track, station, info, way) => {
		const isCurrent = selected.station === station && (station === 'event' || selected.track === track);
		const node = h(
			'button',
			{
				type: 'button',
				role: 'tab',
				id: `tab-${track}-${station}`,
				class: `stop ${station}${info.off ? ' off' : ''}${way && !way.matches ? ' lost' : ''}`,
				'aria-selected': String(isCurrent),
				'aria-controls': 'station',
				tabindex: isCurrent ? 0 : -1,
				onclick: () => select({ track, station }),
				'data-line': way?.line,
				vars: { '--column': STATIONS.indexOf(station) + 1, '--row': track + 1 },
			},
			h('span', { class: `dot${info.end ? ` end ${info.end}` : ''}` }, info.end && outcomeIcon(info.end)),
			h('span.visually-hidden', `${TITLES[station]} `),
			h('span.name', visible(info.name)),
			h('span.note', info.note ? visible(info.note) : '\u00a0'),
		);
		cells.push({ node, track, station });
		return node;
	};
	const rows = [
		cell(0, 'event', {
			name: event.bus,
			note: event.refused ? event.refused.code : event.stop || (dry ? 'would be accepted' : 'accepted'),
			end: event.refused ? 'refused' : event.stop ? 'unmatched' : undefined,
		}),
	];
	event.ways.forEach((way, track) => {
		for (const station of STATIONS.slice(1)) {
			const info = stop(way, station, dry);
			if (info) rows.push(cell(track, station, info, way));
		}
		if (!way.matches)
			rows.push(h('p.why', { vars: { '--row': track + 1 } }, visible((way.reasons[0] ?? '').slice(0, 160))));
	});
	const field = h(
		'div.field',
		{
			role: 'tablist',
			'aria-label': 'Stations of the way',
			vars: { '--rows': Math.max(1, event.ways.length) },
			onkeydown: keys,
		},
		lines,
		rows,
	);
	const root = h(
		dry ? 'div.map.dry' : 'div.map',
		heads &&
			h(
				'div.heads',
				{ 'aria-hidden': 'true' },
				STATIONS.map((station) => h('span', TITLES[station])),
			),
		field,
	);
	const draw = () => {
		const width = field.clientWidth;
		if (!width) return;
		const step = width / 5;
		const x = (/** @type {number} */ column) => column * step + 9;
		const y = (/** @type {number} */ row) => row * ROW + TOP;
		/** @type {SVGElement[]} */
		const paths = [];
		const base = step < 130 ? 14 : 30,
			bend = step < 130 ? 7 : 12,
			split = x(1) - base - bend - Math.max(0, Math.min(event.ways.length - 1, 5) - 1) * 6 - 8;
		// Lines that end early are drawn first, so that those that arrive lie above them.
		[...event.ways.entries()].reverse().forEach(([track, way]) => {
			// The trunk is the bus; each rule's line leaves it just before its own stop.
			// Lines run side by side where they go down together.
			const goal = y(track),
				turn = x(1) - base - Math.max(0, Math.min(track, 5) - 1) * 6;
			const branch =
				track === 0
					? `M${split} ${goal}H${x(1)}`
					: `M${split} ${y(0)}H${turn - bend}Q${turn} ${y(0)} ${turn} ${y(0) + bend}V${goal - bend}Q${turn} ${goal} ${turn + bend} ${goal}H${x(1)}`;
			if (!way.matches) {
				paths.push(s('path', { d: branch, class: 'track lost' }));
				return;
			}
			const last = way.kind === 'none' ? 1 : FAILED.includes(way.state) || way.state === 'travelling' ? 3 : 4;
			const whole = `M${x(0)} ${y(0)}${branch.replace('M', 'L')}H${x(last)}`;
			const own = `${branch}H${x(last)}`;
			paths.push(s('path', { d: own, class: 'track', 'data-line': way.line }));
			if (last === 3) paths.push(s('path', { d: `M${x(3)} ${goal}H${x(4) - RADIUS}`, class: 'track lost' }));
			if (travel && !dry) {
				const bead = s('circle', { r: 5, class: 'bead', 'data-line': way.line });
				bead.style.offsetPath = `path("${whole}")`;
				bead.animate(
					[
						{ offsetDistance: '0%', opacity: 1 },
						{ offsetDistance: '100%', opacity: 1, offset: 0.9 },
						{ offsetDistance: '100%', opacity: 0 },
					],
					{ duration: 900, delay: track * 60, easing: 'cubic-bezier(.4,0,.2,1)', fill: 'both' },
				);
				paths.push(bead);
			}
		});
		if (event.ways.length) paths.push(s('path', { d: `M${x(0)} ${y(0)}H${split}`, class: 'track trunk' }));
		lines.setAttribute('viewBox', `0 0 ${width} ${Math.max(1, event.ways.length) * ROW}`);
		replace(lines, paths);
		travel = false;
	};
	new ResizeObserver(draw).observe(root);
	if (matchMedia('(prefers-reduced-motion: reduce)').matches) travel = false;

	/** @type {(pressed: KeyboardEvent) => void} */
	function keys(pressed) {
		const step = STEPS[pressed.key];
		if (!step) return;
		pressed.preventDefault();
		const track = Math.max(0, Math.min(event.ways.length - 1, selected.track + step[0]));
		const wanted = STATIONS.indexOf(/** @type {Station} */ (selected.station)) + step[1];
		const found = cells.find(
			(each) => each.station === STATIONS[wanted] && (each.station === 'event' || each.track === track),
		);
		if (found) select({ track, station: found.station });
	}
	return root;
}
