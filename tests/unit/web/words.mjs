// Prints the keys and the names in braces of both languages, as JSON.
import en from "../../../api/web/words/en.js";
import zh from "../../../api/web/words/zh.js";

// A sentence that counts shows its own blanks when every blank is filled with itself.
const SHOWN = new Proxy({}, { get: (_, name) => `{${name}}` });
const blanks = (words) => Object.fromEntries(Object.entries(words).map(([key, sentence]) => (
  [key, [...(typeof sentence === "function" ? sentence(SHOWN) : sentence).matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort()]
)));
console.log(JSON.stringify({ en: blanks(en), zh: blanks(zh) }));
