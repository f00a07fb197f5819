/** @file The focus stays where it was when a part of the page is drawn anew, or near it. */
import { find } from './dom.js';

const STOPS = 'a, button, input, select, textarea, summary, [tabindex]';
const CHOSEN = ':is([role=tab][aria-selected=true], [role=radio][aria-checked=true])';

/** What finds a control again: a key of its own, or its name; of tabs and radio buttons the group's. @type {(node: HTMLElement) => string} */
const keyOf = (node) =>
	node.closest('[role=tablist], [role=radiogroup]')?.getAttribute('aria-label') ??
	node.dataset.key ??
	node.getAttribute('aria-label') ??
	node.textContent ??
	'';

/** @type {(within: HTMLElement, key: string) => HTMLElement[]} */
const named = (within, key) =>
	/** @type {HTMLElement[]} */ ([...within.querySelectorAll(STOPS)])
		.filter((each) => keyOf(each) === key && !each.matches(':disabled'))
		.sort((one, other) => Number(other.matches(CHOSEN)) - Number(one.matches(CHOSEN)));

/**
 * Remembers what has the focus. What it returns gives it to the same control once that is drawn anew, else to its section's tab or title.
 * @type {(within: Element | null) => (into: HTMLElement) => void}
 */
export function focusIn(within) {
	const active = /** @type {HTMLElement | null} */ (document.activeElement);
	if (!active || !within?.contains(active) || active === within) return () => {};
	const key = keyOf(active);
	const at = named(/** @type {HTMLElement} */ (within), key).indexOf(active);
	const part = `section[aria-label="${CSS.escape(active.closest('section[aria-label]')?.getAttribute('aria-label') ?? '')}"]`;
	return (into) => {
		if (document.activeElement !== document.body) return;
		const found = named(into, key);
		const section = into.matches(part) ? into : find(into, part);
		const title = section && (find(section, CHOSEN) ?? find(section, 'h2, h1'));
		if (title?.matches('h2, h1')) title.tabIndex = -1;
		(found[at] ?? found.at(-1) ?? title)?.focus();
	};
}
