import type { Language } from '../intents/demo-intents.ts';
import type { DemoTexts } from './demo-texts.ts';
import { englishTexts } from './demo-texts-en.ts';
import { chineseTexts } from './demo-texts-zh.ts';

export function textsIn(language: Language): DemoTexts {
  return language === 'zh' ? chineseTexts : englishTexts;
}
