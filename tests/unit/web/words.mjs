// Prints the keys and the names in braces of both languages, as JSON.
import en from "../../../api/web/words/en.js";
import zh from "../../../api/web/words/zh.js";

const blanks = (words) => Object.fromEntries(Object.entries(words).map(([key, sentence]) => (
  [key, typeof sentence === "function" ? ["n"] : [...sentence.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort()]
)));
console.log(JSON.stringify({ en: blanks(en), zh: blanks(zh) }));
