// Asks once, before something that cannot be taken back; the harmless choice has the focus.
import { h } from './dom.js';
import { button } from './icons.js';

/** @type {(title: string, words: Child, yes: string) => Promise<boolean>} */
export function ask(title, words, yes) {
	return new Promise((resolve) => {
		const answer = (/** @type {boolean} */ value) => {
			resolve(value);
			dialog.close();
		};
		const no = button('Leave it', { onclick: () => answer(false) });
		const dialog = h(
			'dialog.sheet-dialog',
			{ 'aria-label': title },
			h('header', h('h2', title)),
			h('p', words),
			h('p.row', no, button(yes, { kind: 'danger', onclick: () => answer(true) })),
		);
		opened(dialog);
		dialog.addEventListener('close', () => resolve(false));
		no.focus();
	});
}

/** Shows a dialog, which is gone once it is closed. @type {(dialog: HTMLDialogElement) => void} */
export function opened(dialog) {
	document.body.append(dialog);
	dialog.addEventListener('close', () => dialog.remove());
	dialog.showModal();
}
