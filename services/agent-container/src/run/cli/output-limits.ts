/**
 * What one turn of the CLI may write to its stdout. The shell that the agent runs may be the CLI's user, so whatever comes out of the CLI
 * counts as written by an attacker. Each figure lies well above what the CLI 2.1.330 writes on its own.
 */
export interface OutputLimits {
  /**
   * One line as it arrives, in bytes. The largest honest one is the result of a tool: the model proxy takes requests of 30 MB, so no model sees
   * more than that of one result, and the CLI writes a result twice into its line.
   */
  readonly lineBytes: number;
  /**
   * One line as it is kept, in bytes: of a line longer than `wholeLineBytes`, each text is cut at `textBytes`. An answer of 128,000 tokens is
   * about 500 KB.
   */
  readonly keptLineBytes: number;
  readonly wholeLineBytes: number;
  readonly textBytes: number;
  /** Objects, lists and members of a line that is longer than `wholeLineBytes`: each costs many times its length once it is parsed. */
  readonly lineMembers: number;
  /** All lines of a turn: a model that writes 100 tokens a second, each in a line of its own, writes so many in three hours. */
  readonly turnLines: number;
  /** All lines of a turn, in bytes: those, and some hundred images. */
  readonly turnBytes: number;
  /** The pace beyond which the CLI has to wait; several subagents that stream at once stay below 1,000 lines a second. */
  readonly linesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Questions of the CLI to us (hooks, MCP calls): in a turn, and before an answer is awaited. A model calls about ten tools at once. */
  readonly turnRequests: number;
  readonly openRequests: number;
  /** What may wait for the CLI to read its stdin, in bytes. The longest message is 1 MB. */
  readonly waitingInputBytes: number;
  /** How long its stdin may be full: as long as it is, its questions stay open, and nothing that it writes is read. */
  readonly unreadInputMs: number;
  /**
   * How long it may still be there after its last word: its result, the end of its output, or its own end while something else keeps its output open.
   * The real one is gone within half a second: its transcript is written by then, and work in the background is switched off.
   */
  readonly afterLastWordMs: number;
}

const MIB = 1024 * 1024;

export const OUTPUT_LIMITS: OutputLimits = {
  lineBytes: 64 * MIB,
  keptLineBytes: 16 * MIB,
  wholeLineBytes: MIB,
  textBytes: 4 * MIB,
  lineMembers: 500_000,
  turnLines: 1_000_000,
  turnBytes: 2_048 * MIB,
  linesPerSecond: 5_000,
  bytesPerSecond: 64 * MIB,
  turnRequests: 20_000,
  openRequests: 64,
  waitingInputBytes: 16 * MIB,
  unreadInputMs: 60_000,
  afterLastWordMs: 10_000,
};
