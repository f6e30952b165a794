/** Where people talk to the bot: a private chat, a group, or a topic of a forum. */
export interface Place {
  /** Who talks there: one person, and in a group two. */
  readonly speakers: readonly number[];
  readonly chatId: number;
  readonly threadId: number | undefined;
}

/** @returns the name of the conversation there. */
export function sessionOf({ chatId, threadId }: Pick<Place, 'chatId' | 'threadId'>): string {
  return `${chatId}:${threadId ?? 0}`;
}

/** Where places are opened. */
interface Telegram {
  openTopic(personId: number): Promise<Omit<Place, 'speakers'>>;
  openGroup(firstPersonId: number): Promise<number>;
}

const FIRST_PERSON = 2_000_001;
/** Of so many sessions one is a topic of the forum and one a group; the others are private chats. */
const KINDS = ['private', 'topic', 'group'] as const;
/** Between the ids of the first and the second speaker of a group. */
const SECOND_SPEAKER = 1_000_000;

/** @returns the ids of all who may talk to the bot. @param idsFrom as `startSystem` has it. */
export function peopleOf(sessions: number, idsFrom: number): number[] {
  return Array.from({ length: sessions }, (_, index) => speakersOf(index, idsFrom)).flat();
}

/** @returns one place for each session. */
export async function placesOf(sessions: number, idsFrom: number, telegram: Telegram): Promise<Place[]> {
  const places: Place[] = [];
  for (let index = 0; index < sessions; index += 1) {
    const speakers = speakersOf(index, idsFrom);
    const [first = 0] = speakers;
    const kind = kindOf(index);
    if (kind === 'topic') places.push({ speakers, ...(await telegram.openTopic(first)) });
    else {
      const chatId = kind === 'group' ? await telegram.openGroup(first) : first;
      places.push({ speakers, chatId, threadId: undefined });
    }
  }
  return places;
}

function kindOf(index: number): (typeof KINDS)[number] {
  return KINDS[index % KINDS.length] ?? 'private';
}

function speakersOf(index: number, idsFrom: number): number[] {
  const first = FIRST_PERSON + idsFrom + index;
  return kindOf(index) === 'group' ? [first, first + SECOND_SPEAKER] : [first];
}
