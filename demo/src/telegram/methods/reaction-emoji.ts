import type { ReactionTypeEmoji } from 'grammy/types';

/** What the Bot API lists as the emoji of a reaction (https://core.telegram.org/bots/api#reactiontypeemoji), to the code point. */
// prettier-ignore
const REACTION_EMOJI: ReadonlySet<string> = new Set<ReactionTypeEmoji['emoji']>([
  '👍', '👎', '❤', '🔥', '🥰', '👏', '😁', '🤔', '🤯', '😱', '🤬', '😢', '🎉', '🤩',
  '🤮', '💩', '🙏', '👌', '🕊', '🤡', '🥱', '🥴', '😍', '🐳', '❤‍🔥', '🌚', '🌭', '💯',
  '🤣', '⚡', '🍌', '🏆', '💔', '🤨', '😐', '🍓', '🍾', '💋', '🖕', '😈', '😴', '😭',
  '🤓', '👻', '👨‍💻', '👀', '🎃', '🙈', '😇', '😨', '🤝', '✍', '🤗', '🫡', '🎅', '🎄',
  '☃', '💅', '🤪', '🗿', '🆒', '💘', '🙉', '🦄', '😘', '💊', '🙊', '😎', '👾', '🤷‍♂',
  '🤷', '🤷‍♀', '😡',
]);

export function isReactionEmoji(emoji: string): boolean {
  return REACTION_EMOJI.has(emoji);
}
