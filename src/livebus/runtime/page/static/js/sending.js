/** @file Publishes an event, and goes to what became of it. */
import { get, post } from './api.js';
import { entryOf } from './clipboard.js';
import { announce, go, wordsOf } from './dom.js';

/** An entry that is refused is an event of the list, too. @type {(text: string) => Promise<void>} */
export async function sendText(text) {
	const [first] = (await post('send', { text })).Entries;
	announce(first.ErrorCode ? `Refused: ${first.ErrorCode}` : 'Sent');
	go(first.ErrorCode ? '#/events' : `#/events/${first.EventId}`);
}

/** @type {(text: string) => Promise<void>} */
export const trySending = (text) => sendText(text).catch((error) => announce(wordsOf(error)));

/** The same event once more, under a new id. @type {(id: string) => Promise<void>} */
export async function sendAgain(id) {
	try {
		const { refused, envelope, bus } = await get(`events/${encodeURIComponent(id)}`);
		await sendText(JSON.stringify(refused ? envelope : { ...entryOf(envelope, bus), Resources: envelope.resources }));
	} catch (error) {
		announce(wordsOf(error));
	}
}
