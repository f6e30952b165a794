import fc from 'fast-check';

const ID = '0190c8a4-0000-4000-8000-000000000001';

type Piece =
  | 'plain'
  | 'tool'
  | 'parallel'
  | 'empty'
  | 'thinking'
  | 'paused'
  | 'unanswered'
  | 'fork'
  | 'sidechain'
  | 'compacted'
  | 'unknown';
type Damage = 'none' | 'cut' | 'garbage' | 'zeros' | 'missing' | 'phantom' | 'twice' | 'grown';

/** A word that is in one message alone, so that a request shows which messages it has. */
const WORD = /word-\d+-\d+/g;

/** @returns the messages that a text has, each once. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.match(WORD))];
}

/** Writes entries as Claude Code 2.1.330 does, with what it puts between them. */
class Writer {
  readonly lines: string[] = [];
  #parent: string | null = null;
  #count = 0;
  #turn = 0;

  turn(kind: Piece): void {
    this.#turn += 1;
    if (kind === 'compacted') {
      this.#compact();
      return;
    }
    const before = this.#parent;
    this.#bookkeeping('queue-operation', { operation: 'enqueue', content: 'x' });
    this.#bookkeeping('queue-operation', { operation: 'dequeue' });
    this.#user(this.#word());
    this.#add('attachment', { attachment: { type: 'date', newDate: '2026-11-29' } });
    if (kind === 'fork') {
      this.#answer([text(this.#word())]);
      this.#parent = before;
      this.#user(this.#word());
    }
    if (kind === 'unknown') this.#add('applause', { volume: 11 });
    if (kind === 'sidechain') this.#sidechain();
    if (kind === 'tool') this.#tools(1);
    if (kind === 'parallel') this.#tools(2);
    if (kind === 'unanswered') return;
    if (kind === 'empty') this.#answer([]);
    else if (kind === 'thinking') this.#answer([{ type: 'thinking', thinking: 'Hm', signature: 'x' }]);
    else this.#answer([text(this.#word())], kind === 'paused' ? 'pause_turn' : 'end_turn');
    this.#bookkeeping('cost-state', { totalCostUSD: 0.1 });
  }

  #word(): string {
    this.#count += 1;
    return `word-${this.#turn}-${this.#count}`;
  }

  #compact(): void {
    this.#parent = null;
    this.#add('system', {
      subtype: 'compact_boundary',
      content: 'Conversation compacted',
      compactMetadata: { trigger: 'auto' },
    });
    this.#add('user', { message: { role: 'user', content: this.#word() }, isCompactSummary: true });
  }

  #user(content: unknown): void {
    this.#add('user', { promptId: uuid(900_000 + this.#turn), message: { role: 'user', content } });
  }

  #answer(content: object[], stopReason = 'end_turn', messageId = `msg_${this.#count}`): void {
    const message = {
      id: messageId,
      type: 'message',
      role: 'assistant',
      model: 'anthropic.flow-sonnet-v1:0',
      content,
      stop_reason: stopReason,
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    this.#add('assistant', { message });
  }

  /** All calls come first, each hanging on the one before; each result hangs on its own call. */
  #tools(count: number): void {
    const message = `msg_tools_${this.#turn}`;
    const calls = Array.from({ length: count }, (_, index) => {
      const id = `toolu_${this.#turn}_${index}`;
      this.#answer(
        [{ type: 'tool_use', id, name: 'Bash', input: { command: this.#word() } }],
        'tool_use',
        message,
      );
      return { id, parent: this.#parent };
    });
    for (const { id, parent } of calls) {
      this.#parent = parent;
      this.#user([{ type: 'tool_result', tool_use_id: id, content: this.#word() }]);
    }
  }

  #sidechain(): void {
    const parent = this.#parent;
    this.#parent = null;
    this.#add('user', { isSidechain: true, message: { role: 'user', content: 'aside' } });
    this.#parent = parent;
  }

  #bookkeeping(type: string, more: object): void {
    this.lines.push(JSON.stringify({ type, ...more, sessionId: ID }));
  }

  #add(type: string, more: object): void {
    this.#count += 1;
    const id = uuid(this.#count);
    const timestamp = new Date(Date.UTC(2026, 10, 1) + this.#count * 1_000).toISOString();
    const about = {
      uuid: id,
      timestamp,
      userType: 'external',
      cwd: '/tmp',
      sessionId: ID,
      version: '2.1.330',
    };
    this.lines.push(
      JSON.stringify({ parentUuid: this.#parent, isSidechain: false, type, ...more, ...about }),
    );
    this.#parent = id;
  }
}

const anyTurn = fc.constantFrom<Piece>(
  'plain',
  'plain',
  'plain',
  'tool',
  'parallel',
  'empty',
  'thinking',
  'paused',
  'unanswered',
  'fork',
  'sidechain',
  'compacted',
  'unknown',
);
const anyDamage = fc.record({
  kind: fc.constantFrom<Damage>('none', 'cut', 'garbage', 'zeros', 'missing', 'phantom', 'twice', 'grown'),
  at: fc.nat(),
});

/** Transcripts of up to six turns with up to three damages. */
export const anyDamagedTranscript: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(anyTurn, { minLength: 1, maxLength: 5 }),
    fc.array(anyDamage, { minLength: 1, maxLength: 3 }),
  )
  .map(([turns, damages]) => {
    const writer = new Writer();
    writer.turn('plain');
    for (const turn of turns) writer.turn(turn);
    return damages.reduce<string>(
      (whole, { kind, at }) => damagedAt(whole, kind, at),
      `${writer.lines.join('\n')}\n`,
    );
  });

function damagedAt(whole: string, kind: Damage, at: number): string {
  const lines = whole.split('\n');
  const place = at % Math.max(1, lines.length - 1);
  const line = lines[place] ?? '';
  switch (kind) {
    case 'none':
      return whole;
    case 'cut':
      return whole.slice(0, at % whole.length);
    case 'garbage':
      return lines.with(place, line.slice(0, line.length / 2)).join('\n');
    case 'zeros':
      return lines.with(place, '\0'.repeat(line.length)).join('\n');
    case 'missing':
      return lines.toSpliced(place, 1).join('\n');
    case 'phantom':
      return lines
        .with(place, line.replace(/"parentUuid":"[^"]+"/, `"parentUuid":"${uuid(777_777)}"`))
        .join('\n');
    case 'twice':
      return [...lines.slice(0, -1), line, ''].join('\n');
    case 'grown':
      return lines.toSpliced(place, 2, line + (lines[place + 1] ?? '')).join('\n');
  }
}

function text(words: string): object {
  return { type: 'text', text: words };
}

function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
