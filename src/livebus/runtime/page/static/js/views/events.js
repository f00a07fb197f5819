/** @file Events: the list, and beside it the way of one event, or the editor with its dry run. */
import { find, go, h, isIn, replace } from '../dom.js';
import { focusIn } from '../focus.js';
import { isTaken } from '../keys.js';
import { sendAgain } from '../sending.js';
import { listen, newest, store } from '../store.js';
import { composePane } from './compose.js';
import { emptyState } from './empty.js';
import { follows, listPane } from './list.js';
import { wayPane } from './way.js';

/** It stays while one goes from event to event. @type {ReturnType<typeof listPane> | null} */
let list = null;
const FOLLOW_MS = 400;

/** @type {(told: (pressed: KeyboardEvent) => void) => Stop} */
function listenForKeys(told) {
	document.addEventListener('keydown', told);
	return () => document.removeEventListener('keydown', told);
}

/** @type {View} */
export function eventsView(main, rest) {
	const isComposing = rest[0] === 'compose';
	main.classList.toggle('composing', isComposing);
	return isComposing ? composing(main, rest[1]) : looking(main, rest);
}

/** @type {(main: HTMLElement, from: string) => Stop} */
function composing(main, from) {
	const stopKeys = listenForKeys((pressed) => {
		if (pressed.key === 'Escape' && !isIn(pressed, 'dialog, select, form')) go('#/events');
	});
	const { pane, result, stop } = composePane(from);
	list = listPane();
	replace(main, list.node, pane, result);
	const unlisten = listen(['events'], list.draw);
	return () => {
		stopKeys();
		unlisten();
		stop();
	};
}

/** @type {View} */
function looking(main, rest) {
	/** @type {Stop[]} */
	let stops = [];
	const end = () => {
		for (const stop of stops) stop();
		stops = [];
	};
	const drawEmpty = () => {
		list = null;
		replace(main, emptyState());
		stops.push(listen(['events', 'state', 'link'], () => (store.events.size ? draw() : replace(main, emptyState()))));
	};
	let isOver = false;
	let timer = 0;
	let drawnAt = 0;
	const draw = (isFollowing = false) => {
		end();
		drawnAt = Date.now();
		const id = rest[0] || newest()[0]?.id;
		if (!id) {
			drawEmpty();
			return;
		}
		if (list?.node.parentNode !== main || main.childElementCount !== 2) {
			list = listPane();
			replace(main, list.node, h('section'));
		}
		const shown = list;
		shown.select(id, isFollowing);
		const way = wayPane(id, rest, focusIn(main.lastElementChild));
		main.lastElementChild?.replaceWith(way.node);
		const news = listen(['events'], () => {
			shown.draw();
			follow(id);
		});
		stops.push(news, way.stop);
	};
	/** The way of the newest event, of a flood's now and then: nobody reads faster. @type {(id: string) => void} */
	const follow = (id) => {
		clearTimeout(timer);
		if (isOver || rest[0] || !follows() || newest()[0]?.id === id) return;
		const wait = drawnAt + FOLLOW_MS - Date.now();
		if (wait <= 0) draw(true);
		else timer = setTimeout(follow, wait, id);
	};
	draw();
	const stopKeys = listenForKeys((pressed) => {
		if (isTaken(pressed) || !list) return;
		const isInList = isIn(pressed, '.rows');
		const next = stepped(list, pressed.key, isInList);
		if (next) {
			pressed.preventDefault();
			go(`#/events/${next.id}`);
		}
		const shown = list.selected();
		if (pressed.key === 'r' && shown) sendAgain(shown.id);
		if (pressed.key === 'e' && shown) go(`#/compose/${shown.id}`);
		if (pressed.key === ' ' && !isIn(pressed, 'button, a, summary')) {
			pressed.preventDefault();
			find(main, '.follow')?.click();
		}
	});
	return () => {
		isOver = true;
		clearTimeout(timer);
		stopKeys();
		end();
	};
}

/** The event that a key leads to; arrows are the list's where the focus is in it. @type {(list: ReturnType<typeof listPane>, key: string, isInList: boolean) => Summary | undefined} */
function stepped(list, key, isInList) {
	if (key === 'j' || (isInList && key === 'ArrowDown')) return list.beside(1);
	if (key === 'k' || (isInList && key === 'ArrowUp')) return list.beside(-1);
	return isInList ? { Home: list.end(0), End: list.end(-1) }[key] : undefined;
}
