import { expect, it } from 'vitest';
import { SessionNames } from './session-names.ts';

const ID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';

it('A call to a store is of the conversation that its key names', () => {
  const names = new SessionNames();
  names.noteUpdate(77, '2000001:0');
  names.noteSessionIn(`{"type":"accepted","session_id":"${ID}"}`, '-1002000000000:5');
  expect(names.find('turn#77')).toBe('2000001:0');
  expect(names.find(JSON.stringify({ update_id: 77, chat_id: '9999999' }))).toBe('2000001:0');
  expect(names.find(JSON.stringify({ MessageBody: JSON.stringify({ update_id: 77 }) }))).toBe('2000001:0');
  expect(names.find(`sessions/${ID}/conversation.jsonl`)).toBe('-1002000000000:5');
  expect(names.find(`lease#${ID}`)).toBe('-1002000000000:5');
  expect(names.find('stop#-1002000000000:5')).toBe('-1002000000000:5');
  expect(names.find('inbox/2000001_0/77-0')).toBe('2000001:0');
});

it('The latest session of a conversation is the one that was named last', () => {
  const names = new SessionNames();
  const other = ID.replace('3f', '4f');
  names.noteSessionIn(ID, '7:0');
  names.noteSessionIn(other, '7:0');
  expect(names.idOf('7:0')).toBe(other);
  names.noteSessionIn(ID, '7:0');
  expect(names.idOf('7:0')).toBe(ID);
  expect(names.idOf('8:0')).toBeUndefined();
});

it('What names none, or one that was never seen, is of no conversation', () => {
  const names = new SessionNames();
  expect(names.find('keys/session-ids')).toBeUndefined();
  expect(names.find('turn#78')).toBeUndefined();
  expect(names.find(`sessions/${ID}/conversation.jsonl`)).toBeUndefined();
});
