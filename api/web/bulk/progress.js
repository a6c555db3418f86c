// Where a dataset stands, as plain numbers and names.

const NAME = /[^/]+$/;

/** The options of a form, which holds texts, as a dataset's spec wants them: its one boolean as such. */
export const typed = ({ invert, ...options }) => ({ ...options, invert: invert === "true" });

/** How much has ended: {share}, null while the total is not known. */
export const progressOf = ({ done, total, planned }) => ({ share: planned && total ? Math.min(1, done / total) : null });

/** The last part of an item's address, decoded: how people call it. */
export function nameOf({ uri, custom_id: id }) {
  const last = NAME.exec(uri.replace(/[?#].*$/, ""))?.[0] ?? uri;
  try {
    return id ?? decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Failed items by code, most first: [{code, count, names}]. */
export function failures(byCode, items) {
  return Object.entries(byCode)
    .filter(([, count]) => count)
    .sort((a, b) => b[1] - a[1])
    .map(([code, count]) => ({ code, count, names: items.filter((item) => item.error?.code === code).map(nameOf) }));
}

/** The files of succeeded items for a ZIP: [{name, url}], "a.jpg" becomes "a.depth.png". */
export function filesOf(items) {
  return items.flatMap((item) => Object.entries(item.outputs ?? {}).map(([output, file]) => {
    const ending = /\.(\w+)$/.exec(file.key)?.[1] ?? "bin";
    return { name: `${nameOf(item).replace(/\.[^.]+$/, "")}.${output}.${ending}`, url: file.url };
  }));
}
