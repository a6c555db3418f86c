// What a file is, as far as a browser can tell before it is sent: by its type, else by its name.
// Browsers give no type to what their system does not know: HEIC and AVIF on many, Matroska on most.

const named = (endings) => new RegExp(`\\.(${endings})$`, "i");
const PICTURES = named("jpe?g|jpe|jfif|png|webp|heic|heif|hif|avif|tiff?|bmp|gif");
const VIDEOS = named("mp4|m4v|mov|mkv|webm|avi");
const HIDDEN = /^(\.|__MACOSX$|@eaDir$|Thumbs\.db$|desktop\.ini$)/i;

export const isVideo = ({ type, name }) => type.startsWith("video/") || (!type && VIDEOS.test(name));
export const isZip = ({ type, name }) => type === "application/zip" || /\.zip$/i.test(name);
export const isPicture = ({ type, name }) => type.startsWith("image/") || (!type && PICTURES.test(name));

/** Whether a system hides what has this name from people, or made it for itself. */
export const isHidden = (name) => HIDDEN.test(name);
