/** @file Copies, in forms that quote: an event's text never becomes a command. */
import { announce, HIDDEN, h } from './dom.js';
import { icon } from './icons.js';

/** @type {(text: string, what: string) => Promise<void>} */
export async function copy(text, what) {
	try {
		await navigator.clipboard.writeText(text);
		announce(`Copied ${what}`);
	} catch {
		announce('The browser does not let the page copy');
	}
}

/** @type {(envelope: Envelope, bus: string) => object} */
export const entryOf = (envelope, bus) => ({
	Source: envelope.source,
	DetailType: envelope['detail-type'],
	Detail: JSON.stringify(envelope.detail),
	EventBusName: bus,
});

/** JSON without what a terminal or an editor would not show: escaped, it means the same. */
/** @type {(value: unknown, indent?: number) => string} */
const json = (value, indent) =>
	JSON.stringify(value, null, indent).replace(HIDDEN, (each) =>
		each < ' ' ? each : `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);

/** @type {(text: string) => string} */
const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** JSON's escapes of a text are Python's. */
/** @type {(envelope: Envelope, bus: string) => string} */
const python = (envelope, bus) =>
	Object.entries(entryOf(envelope, bus))
		.map(([name, value]) => `            ${json(name)}: ${json(String(value))},`)
		.join('\n');

/** @type {Record<string, (envelope: Envelope, bus: string) => string>} */
const FORMS = {
	'AWS CLI': (envelope, bus) => `aws events put-events --entries ${shell(json([entryOf(envelope, bus)]))}`,
	boto3: (envelope, bus) => `import boto3

boto3.client("events").put_events(
    Entries=[
        {
${python(envelope, bus)}
        }
    ]
)`,
	pytest: (envelope, bus) => `def test_event_arrives(livebus_line):
    line = livebus_line("template.yaml")

    outcome = line.publish(
        {
${python(envelope, bus)}
        }
    )

    assert outcome.failure == ""
    assert outcome.errors == []`,
	'PutEvents entry': (envelope, bus) => json(entryOf(envelope, bus), 2),
	Envelope: (envelope) => json(envelope, 2),
};

/** @type {(read: () => [Envelope, string]) => HTMLElement} */
export function copyMenu(read) {
	const items = Object.entries(FORMS).map(([form, make]) =>
		h(
			'button',
			{
				type: 'button',
				role: 'menuitem',
				onclick: () => {
					close();
					copy(make(...read()), `as ${form}`);
				},
			},
			form,
		),
	);
	const opener = h(
		'summary.button',
		{ role: 'button', 'aria-haspopup': 'menu' },
		h('span', 'Copy as'),
		icon('down', 14),
	);
	const menu = h('details.menu', { onkeydown: keys }, opener, h('div.menu-body', { role: 'menu' }, items));
	const close = () => {
		menu.open = false;
		opener.focus();
	};
	/** @type {(pressed: KeyboardEvent) => void} */
	function keys(pressed) {
		const last = items.length - 1;
		const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
		const next = { ArrowDown: at < last ? at + 1 : 0, ArrowUp: at > 0 ? at - 1 : last, Home: 0, End: last }[
			pressed.key
		];
		if (next === undefined && (pressed.key !== 'Escape' || !menu.open)) return;
		pressed.preventDefault();
		pressed.stopPropagation();
		if (next === undefined) close();
		else {
			menu.open = true;
			items[next].focus();
		}
	}
	menu.addEventListener('focusout', ({ relatedTarget }) => {
		if (!menu.contains(/** @type {Node | null} */ (relatedTarget))) menu.open = false;
	});
	return menu;
}
