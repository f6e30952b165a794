export { createDemoModel } from './model/demo-model.ts';
export { createBedrockStandIn } from './model/wire/bedrock-wire.ts';
export { askPassword, OWN_CALL_HEADER } from './page/ask-password.ts';
export { createPageApp } from './page/page-app.ts';
export type { PageInfo } from './page/page-info.ts';
export { openTelegramStandIn, type TelegramStandIn } from './telegram/stand-in.ts';
