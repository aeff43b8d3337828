import type { AdminSnapshot } from '../../shared/protocol/admin.ts';
import {
  describeEvent,
  EVENT_GROUP_NAMES,
  EVENT_GROUPS,
  typesOf,
  type EventGroup,
} from '../../shared/protocol/events.ts';
import { byId, element, selectById, setNotice } from '../page/dom.ts';
import { fetchEvents } from './api.ts';
import { EventList, type ListedEvent } from './eventList.ts';

/** Time between two questions for new events, in ms. */
const ASK_EVERY_MS = 2000;

const ACTORS: Readonly<Record<string, string>> = { admin: 'Admin', server: 'Server' };

let list = new EventList();
let asking = false;
let askedAt = -Infinity;
/** Counts the filters that were chosen: an answer for an earlier one is thrown away. */
let choice = 0;

const chosenGroup = (): EventGroup | undefined =>
  EVENT_GROUP_NAMES.find((name) => name === selectById('event-group').value);

/** Fills the filter, and lists anew when another group is chosen. */
export function wireEvents(): void {
  const group = selectById('event-group');
  for (const name of EVENT_GROUP_NAMES) {
    const option = element('option', '', EVENT_GROUPS[name]);
    option.value = name;
    group.append(option);
  }
  group.addEventListener('change', () => {
    choice++;
    list = new EventList();
    asking = false;
    askedAt = -Infinity;
    draw();
  });
}

/** Asks for new events now and then, as snapshots come. */
export function renderEvents({ run }: AdminSnapshot): void {
  if (asking || performance.now() - askedAt < ASK_EVERY_MS) return;
  asking = true;
  void ask(run, choice);
}

async function ask(run: string, mine: number): Promise<void> {
  const group = chosenGroup();
  const answer = await fetchEvents(run, { after: list.next, types: group && typesOf(group) });
  if (mine !== choice) return;
  asking = false;
  askedAt = performance.now();
  setNotice(byId('events-error'), 'reason' in answer ? answer.reason : null);
  if ('reason' in answer) return;
  const first = list.next === null;
  list.add(answer.page);
  if (first || answer.page.events.length > 0) draw();
}

function draw(): void {
  byId('no-events').hidden = list.events.length > 0;
  byId('event-rows').replaceChildren(...list.events.map(rowOf));
}

function rowOf({ event }: ListedEvent): HTMLElement {
  const row = element('li');
  row.dataset.testid = 'event';
  row.dataset.type = event.type;
  const time = element('time', 'label', new Date(event.time).toLocaleString());
  time.dateTime = event.time;
  const actor = element('span', 'actor', ACTORS[event.actor] ?? `Device ${event.actor}`);
  row.append(time, actor, element('span', '', describeEvent(event)));
  return row;
}
