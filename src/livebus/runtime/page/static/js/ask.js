// Asks once, before something that cannot be taken back; the harmless choice has the focus.
import { h } from './dom.js';
import { button } from './icons.js';

export function ask(title, words, yes) {
  return new Promise((resolve) => {
    const answer = (value) => { resolve(value); dialog.close(); };
    const no = button('Leave it', { onclick: () => answer(false) });
    const dialog = h('dialog', { class: 'sheet-dialog', 'aria-label': title }, h('header', {}, h('h2', {}, title)), h('p', {}, words), h('p', { class: 'row' }, no, button(yes, { kind: 'danger', onclick: () => answer(true) })));
    dialog.addEventListener('close', () => { resolve(false); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
