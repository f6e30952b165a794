import { MAX_ATTACHMENT_BYTES, type Turn } from '@omnicloud/protocol';
import { describe, expect, it } from 'vitest';
import { parseUpdate } from './parse-update.ts';
import { groupMessage, OUR_BOT, privateMessage, RECEPTION } from './updates.fixture.ts';

const PDF = {
  file_id: 'BQAC',
  file_unique_id: 'u',
  file_name: 'Bericht 1.pdf',
  mime_type: 'application/pdf',
  file_size: 120,
};

function askOf(content: object, update = privateMessage): Turn['ask'] {
  const parsed = parseUpdate(update(content), RECEPTION);
  if (parsed.kind === 'ignored') throw new Error(`Ignored: ${parsed.reason}`);
  return parsed.turn.ask;
}

describe('a file that somebody sends', () => {
  it('is asked about with its caption', () => {
    expect(askOf({ document: PDF, caption: ' Sum it up ' })).toEqual({
      kind: 'message',
      text: 'Sum it up',
      files: [{ file_id: 'BQAC', name: 'Bericht 1.pdf', media_type: 'application/pdf', size: 120 }],
    });
  });

  it('needs no caption', () => {
    expect(askOf({ document: { file_id: 'BQAC' } })).toEqual({
      kind: 'message',
      text: '',
      files: [{ file_id: 'BQAC', name: 'file-42' }],
    });
  });

  it('is the largest size of a photo', () => {
    const photo = [90, 1280, 320].map((width) => ({
      file_id: `w${width}`,
      width,
      height: width,
      file_size: width,
    }));
    expect(askOf({ photo })).toMatchObject({
      files: [{ file_id: 'w1280', name: 'photo-42.jpg', media_type: 'image/jpeg', size: 1280 }],
    });
  });

  it.each([
    ['voice', { mime_type: 'audio/ogg' }, 'voice-42.ogg'],
    ['audio', { mime_type: 'audio/mpeg' }, 'audio-42.mp3'],
    ['video', { mime_type: 'video/mp4', file_name: 'clip.mp4' }, 'clip.mp4'],
    ['video_note', {}, 'video-note-42'],
    ['sticker', { emoji: '👍' }, 'sticker-42.webp'],
  ])('may be of the kind %s', (kind, fields, name) => {
    expect(askOf({ [kind]: { file_id: 'x', ...fields } })).toMatchObject({ files: [{ file_id: 'x', name }] });
  });

  it('is one file, though Telegram names an animation twice', () => {
    const animation = { file_id: 'x', mime_type: 'video/mp4', file_name: 'a.mp4' };
    expect(askOf({ animation, document: animation })).toMatchObject({ files: [{ name: 'a.mp4' }] });
  });

  it('belongs to those it was sent with', () => {
    expect(askOf({ document: PDF, media_group_id: '1357' })).toMatchObject({ album: '1357' });
  });

  it('is refused when a bot cannot have it and nothing else is said', () => {
    const sized = (file_size: number, fields: object = {}): Turn['ask'] =>
      askOf({ document: { ...PDF, file_size }, ...fields });
    expect(sized(MAX_ATTACHMENT_BYTES)).toMatchObject({ kind: 'message' });
    expect(sized(MAX_ATTACHMENT_BYTES + 1)).toEqual({ kind: 'refusal', reason: 'file_too_large' });
    expect(sized(MAX_ATTACHMENT_BYTES + 1, { caption: 'Sum it up' })).toMatchObject({
      text: 'Sum it up',
      files: [{ size: MAX_ATTACHMENT_BYTES + 1 }],
    });
    expect(sized(MAX_ATTACHMENT_BYTES + 1, { media_group_id: '1' })).toMatchObject({ album: '1' });
  });

  it('comes with no command: a caption is about the file', () => {
    expect(askOf({ document: PDF, caption: '/new' })).toMatchObject({ kind: 'message', text: '/new' });
    expect(askOf({ document: PDF, caption: `@${OUR_BOT} look` }, groupMessage)).toMatchObject({
      text: 'look',
    });
  });

  it('keeps the end of a long name, which says what it is', () => {
    const ask = askOf({ document: { ...PDF, file_name: `${'a'.repeat(300)}.pdf` } });
    const [file] = ask.kind === 'message' ? (ask.files ?? []) : [];
    expect(file?.name).toHaveLength(255);
    expect(file?.name).toMatch(/\.pdf$/);
  });
});
