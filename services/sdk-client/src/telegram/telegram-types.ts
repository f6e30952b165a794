/** What grammY knows of the Bot API, for those who are given it or make it. */
export type { MessageEntity } from 'grammy/types';
export type { Api as TelegramApi } from 'grammy/web';
