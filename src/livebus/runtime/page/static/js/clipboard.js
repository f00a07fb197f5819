// Copies, in forms that quote: an event's text never becomes a command.
import { announce } from './dom.js';

export async function copy(text, what) {
  try { await navigator.clipboard.writeText(text); announce(`Copied ${what}`); } catch { announce('The browser does not let the page copy'); }
}

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// A Python literal: JSON's escapes are Python's, but for the three words, which stay inside text here.
const python = (text) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);

export function entryOf(envelope, bus) {
  return { Source: envelope.source, DetailType: envelope['detail-type'], Detail: JSON.stringify(envelope.detail), EventBusName: bus };
}

const fields = (entry, pad) => Object.entries(entry).map(([name, value]) => `${pad}${python(name)}: ${python(String(value))},`).join('\n');

export const FORMS = {
  'AWS CLI': (envelope, bus) => `aws events put-events --entries ${shell(JSON.stringify([entryOf(envelope, bus)]))}`,
  boto3: (envelope, bus) => `import boto3\n\nboto3.client("events").put_events(\n    Entries=[\n        {\n${fields(entryOf(envelope, bus), '            ')}\n        }\n    ]\n)`,
  pytest: (envelope, bus) => `def test_event_arrives(livebus_line):\n    line = livebus_line("template.yaml")\n\n    outcome = line.publish(\n        {\n${fields(entryOf(envelope, bus), '            ')}\n        }\n    )\n\n    assert outcome.failure == ""\n    assert outcome.errors == []`,
  'PutEvents entry': (envelope, bus) => JSON.stringify(entryOf(envelope, bus), null, 2),
  Envelope: (envelope) => JSON.stringify(envelope, null, 2),
};
