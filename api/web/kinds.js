// What a file is, as far as a browser can tell before it is sent: by its type, else by its name.
// Browsers give no type to what their system does not know: HEIC and AVIF on many, Matroska on most.

const named = (endings) => new RegExp(`\\.(${endings})$`, "i");
const PICTURES = named("jpe?g|jpe|jfif|png|webp|heic|heif|hif|avif|tiff?|bmp|gif");
const VIDEOS = named("mp4|m4v|mov|mkv|webm|avi|3gp|mpe?g|mts|m2ts|wmv|flv|ogv");
// What is no picture, and what people may do about it: the page has a sentence for each (`error.no_picture.…`).
const OTHERS = {
  document: named("pdf|docx?|odt|rtf|pages|pptx?|odp|key|xlsx?|ods|epub|txt|md|html?"),
  drawing: named("svgz?|eps|ai"),
  raw: named("dng|cr[23]|nef|arw|raf|orf|rw2|pef|srw"),
  layers: named("psd|psb|xcf|kra|jxl|jp2|exr|hdr"),
  archive: named("tar|t?gz|bz2|xz|7z|rar"),
  sound: named("mp3|m4a|wav|flac|ogg|opus|aac"),
};
const HIDDEN = /^(\.|__MACOSX$|@eaDir$|Thumbs\.db$|desktop\.ini$)/i;

export const isVideo = ({ type, name }) => type.startsWith("video/") || (!type && VIDEOS.test(name));
export const isZip = ({ type, name }) => type === "application/zip" || /\.zip$/i.test(name);
export const isPicture = ({ type, name }) => type.startsWith("image/") || (!type && PICTURES.test(name));

/** Whether a system hides what has this name from people, or made it for itself. */
export const isHidden = (name) => HIDDEN.test(name);

/** What a file of this name is, if it is no picture and known all the same; else undefined. */
export const otherKind = (name) => Object.keys(OTHERS).find((kind) => OTHERS[kind].test(name));
