import { describe, expect, it } from 'vitest';
import { linkUrlProblem } from './link-url.ts';

describe('linkUrlProblem', () => {
  it.each([
    'https://example.com',
    'HTTP://Example.com:8443/a?b#c',
    'example.com/path',
    'http://127.0.0.1:8787/',
    'http://[::1]/',
    'https://müller.example/ä',
    'https://user:word@example.com/',
    'https://example.com?next=http://localhost',
    'tg://resolve?domain=example',
    'mailto:someone@example.com',
  ])('accepts %s', (url) => {
    expect(linkUrlProblem(url)).toBeUndefined();
  });

  it.each([
    '',
    '#section',
    '/docs',
    'docs/readme',
    '../readme',
    '//example.com',
    'ftp://example.com',
    'file:///etc/hosts',
    'data:text/html,x',
    'javascript:alert(1)',
    'tel:+123456',
    'tel:123456',
    'http://localhost:8080',
    'https://exam',
    'https://exam ple.com',
    'tg://re solve',
  ])('refuses %j', (url) => {
    expect(linkUrlProblem(url)).toEqual(expect.any(String));
  });
});
