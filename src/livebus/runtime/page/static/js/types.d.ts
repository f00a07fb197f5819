// What the runtime's documents look like (documents.py, ways.py, trial.py, letters.py), and what modules give each other.
// For the type checker alone: it is not served.

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Child = Node | string | number | false | null | undefined | Child[];

/** `stop` ends what a view listens to. */
type Stop = () => void;
/** Draws into an element what the rest of the link names. */
type View = (main: HTMLElement, rest: string[]) => Stop;

type OutcomeKind = string;
interface Outcome {
	kind: OutcomeKind;
	words: string;
	reached: number;
}

/** A row of the list. */
interface Summary {
	id: string;
	seq: number;
	/** Epoch seconds. */
	at: number;
	bus: string;
	source: string;
	detailType: string;
	preview: string;
	text: string;
	size: number;
	via: string;
	outcome: Outcome;
	rules: string[];
	/** What the filter looks in, once it has looked. */
	searched?: string;
	/** Epoch milliseconds until which it has just come. */
	freshUntil?: number;
}

interface Condition {
	path: string;
	found: string;
	expected: string;
	met: boolean;
	why: string;
}

interface Step {
	station: string;
	words: string;
	code?: string;
	message?: string;
	status?: number;
	data?: Json;
	errors?: { message?: string }[];
	retryIn?: number;
	/** Of a call of a data source. */
	source?: string;
	request?: Json;
	result?: Json;
	errorType?: string;
	errorMessage?: string;
	logs?: string[];
}

interface Attempt {
	number: number;
	at: number;
	ms: number | null;
	kind: string;
	steps: Step[];
	logs: string[];
}

/** What a client's request asked a data source; texts are cut where they are long. */
interface SourceCall {
	/** Epoch seconds. */
	at: number;
	api: string;
	requestId: string;
	source: string;
	type: string;
	request: string;
	result: string;
	errorType: string;
	errorMessage: string;
	ms: number | null;
}

interface Client {
	id: string;
	user: string;
	auth: string;
	by: string;
	since: number | null;
	field: string;
	arguments: Record<string, Json>;
	filter: Json;
	delivered: number;
	api: string;
}

interface Received {
	client: Client;
	field: string;
	payload: string;
}

interface Reception {
	field: string;
	arrives: boolean;
	conditional: boolean;
	reason: string;
	unselected: string[];
	payload: string | null;
}

/** A target as the application declares it. */
interface Target {
	rule: string;
	target: string;
	kind: 'api' | 'function' | 'destination' | 'none';
	where: string;
	field?: string;
	api?: string;
	role?: string;
	form?: string;
	template?: string | null;
	operation?: string;
	queue?: string;
	note?: string;
	subscriptions?: string[];
	maximumRetryAttempts?: number;
	maximumEventAge?: number;
}

/** One rule's way to one target. */
interface Way extends Target {
	matches: boolean;
	state: string;
	reached: number;
	conditions: Condition[];
	reasons: string[];
	attempts: Attempt[];
	variables: { name: string; path: string | null; value: string }[];
	input?: Json;
	inputFault?: string;
	/** Of a function that got the event. */
	runs?: Step[];
	received?: Received[];
	withheld?: { client: Client; field: string; why: string }[];
	receptions?: Reception[];
	/** The colour of its line, 1 to 4: `prepared` sets it. */
	line: number;
}

interface Ways {
	ways: Way[];
	envelope: Record<string, Json>;
	size: number;
	bus: string;
	refused?: { code: string; message: string };
	stop?: string;
}
interface Whole extends Summary, Ways {}
interface DryRun extends Ways {
	entry: Record<string, Json>;
}

type Station = 'event' | 'rule' | 'transformer' | 'mutation' | 'subscribers';
interface Selected {
	track: number;
	station: Station | '';
}

interface Rule extends Target {
	arn: string;
	bus: string;
	pattern: string | null;
}
interface Api {
	name: string;
	url: string;
	realtimeUrl: string;
	modes: string[];
	pools: string[];
	keys: string[];
	subscriptions: Record<string, { type: string; arguments: Record<string, string>; selection: string }>;
	/** Names of fields, by `query` and `mutation`. */
	operations: Record<string, string[]>;
}
interface Faults {
	failTargets: string[];
	/** Seconds. */
	latency: number;
	faults: string[];
}
interface Counts {
	events: number;
	clients: number;
	letters: number;
	retries: number;
}
/** The last change of what runs; one that is refused leaves it as it was. */
interface Change {
	number: number;
	/** Epoch seconds. */
	at: number;
	stack: string;
	kind: 'added' | 'changed' | 'deleted' | 'refused';
	/** Of faults, and the first one. */
	count: number;
	first: string;
}
interface State {
	run: string;
	change: Change | null;
	changed: number;
	runtime: { endpoint: string; region: string; started: number; timeScale: number; kept: number; forgotten: number };
	application: {
		template: string;
		stacks: string[];
		buses: string[];
		rules: Rule[];
		apis: { stack: string; apis: Api[] }[];
		pools: { id: string; name: string; users: string[] }[];
		queues: { name: string; count: number; where: string }[];
		archives: string[];
		tables: string[];
		functions: string[];
		/** Of functions, of APIs, and those that are targets. */
		logGroups: string[];
	};
	faults: Faults;
	/** What each fault does. */
	faultKinds: Record<string, string>;
	counts: Counts;
}

interface Finding {
	severity: 'error' | 'warning' | 'info';
	id: string;
	message: string;
	file: string;
	line: number | null;
	column: number | null;
}
interface Findings {
	findings: Finding[];
	note?: string;
}

interface Retry {
	row: number;
	id: string;
	detailType: string;
	preview: string;
	rule: string;
	target: string;
	attempts: number;
	due: number;
	cause: string;
	message: string;
}
interface Letter {
	id: string;
	eventId: string | null;
	detailType: string;
	preview: string;
	rule: string;
	retries: string;
	sent: number | null;
}
interface LetterGroup {
	queue: string;
	target: string;
	count: number;
	errorCode: string;
	errorMessage: string;
	ruleArn: string;
	targetArn: string;
	letters: Letter[];
}
interface Archive {
	name: string;
	arn: string;
	bus: string;
	busArn: string;
	events: number;
	bytes: number;
	days: number;
	rules: Record<string, string>;
	replay: string;
}
interface Failed {
	retries: Retry[];
	letters: LetterGroup[];
	archives: Archive[];
}
interface Redriven {
	outcomes: { id: string; accepted: boolean; message?: string }[];
}
interface Sample {
	name: string;
	file: string;
	text: string;
	expected: boolean;
}
interface Verdict {
	id: string;
	at: number;
	detailType: string;
	preview: string;
	now: boolean;
	before: boolean;
	words: string;
	differs?: boolean;
}
interface Verdicts {
	rows?: Verdict[];
	fault?: FaultNote;
}

/** What is wrong with a text, and where in it. */
interface FaultNote {
	message: string;
	line?: number | null;
	column?: number | null;
}
/** The first place where a text stops being JSON. */
interface TextFault {
	line: number;
	column: number;
	message: string;
}
/** A line of the stream. */
type Line =
	| { kind: 'hello'; run: string; changed: number }
	| ({ kind: 'event'; changed: number } & Summary)
	| { kind: 'gap'; changed: number }
	| { kind: 'state' | 'ping' | 'full' };

interface Sheet {
	node: HTMLElement;
	area: HTMLTextAreaElement;
	set(text: string): void;
}
interface Signed {
	pool: string;
	user: string;
}
/** A user by name, or an API's key by its place. */
interface Who {
	user?: string;
	key?: number;
}

type Handlers = { [K in keyof HTMLElementEventMap as `on${K}`]?: (event: HTMLElementEventMap[K]) => unknown };
interface Attributes extends Handlers {
	/** Custom properties of CSS: where a thing lies. */
	vars?: Record<string, string | number>;
	[name: string]: unknown;
}
type TagOf<T extends string> = T extends `${infer Name}.${string}` ? Name : T;
type Made<T extends string> =
	TagOf<T> extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[TagOf<T>] : HTMLElement;

type Maker = <T extends string>(tag: T, first?: Attributes | Child, ...children: Child[]) => Made<T>;

/** Which document has which form. */
type DocumentOf<N extends string> = N extends 'state'
	? State
	: N extends `events/${string}`
		? Whole
		: N extends `events?${string}`
			? { run: string; changed: number; events: Summary[] }
			: N extends 'clients'
				? { clients: Client[] }
				: N extends 'failed'
					? Failed
					: N extends 'samples'
						? { samples: Sample[]; examples: Record<string, Json> }
						: N extends `logs/${string}`
							? { lines: string[] }
							: N extends 'findings'
								? Findings
								: N extends `tables/${string}`
									? { items: Json[]; more: boolean }
									: N extends 'calls'
										? { calls: SourceCall[] }
										: never;
interface Posted {
	send: { Entries: { EventId: string; ErrorCode?: string }[] };
	/** Of an event: its ways. Of a pattern or a template: verdicts. */
	try: DryRun & Verdicts;
	redrive: Redriven;
	purge: { purged: number };
	retry: { hurried: number };
	replay: { replay: string; state: string };
	token: { AccessToken: string };
	/** With a value for each variable; `query` where a field was asked for. */
	operation: { query?: string; variables?: Record<string, Json>; fault?: FaultNote };
	graphql: { status: number; body: GraphqlAnswer };
}
interface GraphqlAnswer {
	data?: Json;
	errors?: { errorType?: string; message?: string }[];
	message?: string;
}
/** What a station shows; `way` is missing where no rule looked at the event. */
type Panel = (event: Whole | DryRun, way: Way, dry: boolean) => Child[];
/** Does one thing, says what came of it, and shows what is left. */
type Act = <N extends keyof Posted>(name: N, request: object, words: (answer: Posted[N]) => string) => Promise<void>;

/** What a stop of the map says: its name, a note below it, and how the line ends there, if it does. */
interface Stopped {
	name: string;
	note?: string;
	end?: string;
	off?: boolean;
}
interface Drawing {
	selected: Selected;
	select: (next: Selected) => void;
	/** What would be: dashed. */
	dry?: boolean;
	heads?: boolean;
	/** Whether a bead travels each line, once. */
	travel?: boolean;
}
interface Editing {
	label: string;
	oninput: (text: string, fault: TextFault | null) => void;
	colours?: (text: string) => Child[];
	fault?: (text: string) => TextFault | null;
	/** On Ctrl and Enter. */
	submit?: () => void;
}
/** What the banner tells, until then. */
interface News {
	key: string;
	kind: 'bad' | 'news';
	until?: number;
	content: Child[];
}
/** An operation that this page ran. */
interface Run {
	query: string;
	variables: string;
	who: string;
	isFine: boolean;
	words: string;
	at: number;
}
/** A table's items, or the lines of a log. */
interface Opened {
	title: string;
	content: Child;
}
interface Envelope {
	source?: Json;
	'detail-type'?: Json;
	detail?: Json;
}
/** An element that shows one item after the other. */
interface Row<T> {
	node: HTMLElement;
	fill: (item: T) => void;
}
interface Drawn<T> {
	row: Row<T>;
	item: T | null;
	index: number;
	of: number;
}
type Choosing<E> = (label: string, options: string[][], chosen: string, pick: (value: string) => void) => E;
type ChangeFaults = (next: Partial<Faults>, words: string) => Promise<void>;
