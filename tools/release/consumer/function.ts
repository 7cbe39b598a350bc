// What an author of functions writes, where nothing but the language itself is known: no Node, no browser.
import type { Handler } from '@relais/sdk/function';

export const handler: Handler<{ readonly count: number }, string> = function* (event, context) {
  for (let index = 0; index < event.count; index++) yield `${context.functionName} ${index}\n`;
};
