/** Everything else becomes no turn, so Telegram need not send it. */
export const ALLOWED_UPDATES = ['message' as const];
